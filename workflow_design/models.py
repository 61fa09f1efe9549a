"""The working copy of definitions: what creators edit. Publishing freezes it as a version; runs read versions alone.

Columns have the names of the document's keys. JSON whose key order people see is kept as `json`. Every row counts its
writes in `revision`; the workflow's counts every write to its bundle and is the ETag.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models

from core.fields import OrderedJSONField
from core.models import BaseModel


class Status(models.TextChoices):
    """Of a definition."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    DEPRECATED = "DEPRECATED"
    ARCHIVED = "ARCHIVED"


class TaskType(models.TextChoices):
    """What a task is done by: a person, or an HTTP action with or without a callback."""

    FORM = "FORM"
    SYNC_ACTION = "SYNC_ACTION"
    ASYNC_ACTION = "ASYNC_ACTION"


class Gate(models.TextChoices):
    """How tokens meet before a task (join) or part after it (split)."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"
    PARALLEL = "parallel"


class AssignmentPolicy(models.TextChoices):
    """Who of the candidates gets a task."""

    CLAIM = "claim"
    SHORTEST_QUEUE = "shortest_queue"
    ROUND_ROBIN = "round_robin"
    REQUESTER = "requester"
    PREVIOUS = "previous"


class EndActionType(models.TextChoices):
    """What a completed run sets off. `tool_call` is known and refused until there are tools."""

    NONE = "none"
    API_CALL = "api_call"
    WORKFLOW = "workflow"


class Event(models.TextChoices):
    """What of a task a transition follows."""

    COMPLETED = "completed"
    TIMEOUT = "timeout"
    ERROR = "error"


def _search() -> models.GeneratedField:
    return models.GeneratedField(
        expression=SearchVector("key", "title", "description", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )


class Definition(BaseModel):
    """What workflows, tasks and ticket types share."""

    key = models.CharField(max_length=64)
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    ext_ref = OrderedJSONField(default=list)
    revision = models.PositiveBigIntegerField(default=1, editable=False)
    content_hash = models.BinaryField(max_length=32, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class WorkflowDefinition(Definition):
    """A workflow being designed, with what is known of its published versions."""

    fields = OrderedJSONField(default=list)
    state_schema = OrderedJSONField(default=dict, help_text="what a run's data must satisfy at its end")
    guidelines = models.TextField(blank=True, default="", help_text="instructions for an assistant")
    display_layout = models.TextField(blank=True, default="")
    end_action_type = models.CharField(max_length=20, choices=EndActionType.choices, default=EndActionType.NONE)
    end_action = OrderedJSONField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    bundle_hash = models.BinaryField(max_length=32, editable=False, help_text="of the whole working copy")
    published_version = models.PositiveIntegerField(null=True, editable=False)
    published_hash = models.BinaryField(max_length=32, null=True, editable=False)
    search = _search()

    class Meta:
        db_table = "workflow_definitions"
        verbose_name = "workflow"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], name="workflow_key_unique", violation_error_message="A workflow with this key exists."
            ),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="workflow_status_known"),
            models.CheckConstraint(
                condition=models.Q(published_version__isnull=False) | ~models.Q(status="ACTIVE"),
                name="workflow_active_has_version",
                violation_error_message="A workflow without a published version can't be active.",
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="workflow_search"),
            models.Index(fields=["status", "id"], name="workflow_status"),
            models.Index(fields=["title", "id"], name="workflow_title"),
            models.Index(fields=["updated_at", "id"], name="workflow_updated"),
        ]


class TaskDefinition(Definition):
    """One step of a workflow."""

    workflow = models.ForeignKey(WorkflowDefinition, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    order = models.PositiveIntegerField(default=0, help_text="place in lists and documents")
    task_type = models.CharField(max_length=12, choices=TaskType.choices)
    input_schema = OrderedJSONField(default=dict)
    output_schema = OrderedJSONField(default=dict)
    edit_layout = models.TextField(blank=True, default="")
    display_layout = models.TextField(blank=True, default="")
    action = models.CharField(max_length=127, null=True)
    integration = models.CharField(max_length=100, null=True)
    action_url = models.CharField(max_length=2000, blank=True, default="")
    input_transform = OrderedJSONField(null=True)
    output_transform = OrderedJSONField(null=True)
    timeout_seconds = models.PositiveIntegerField(null=True)
    retry_policy = OrderedJSONField(null=True)
    split = models.CharField(max_length=9, choices=Gate.choices, default=Gate.EXCLUSIVE)
    join = models.CharField(max_length=9, choices=Gate.choices, default=Gate.EXCLUSIVE)
    assignee_roles = ArrayField(models.CharField(max_length=100), default=list)
    assignment_policy = models.CharField(
        max_length=14, choices=AssignmentPolicy.choices, default=AssignmentPolicy.CLAIM
    )
    due_in_seconds = models.PositiveIntegerField(null=True)

    class Meta:
        db_table = "task_definitions"
        verbose_name = "task"
        ordering = ["workflow", "order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "key"],
                name="task_key_unique",
                violation_error_message="This workflow has a task with this key.",
            ),
            # What the transitions' foreign keys refer to.
            models.UniqueConstraint(fields=["id", "workflow"], name="task_of_workflow"),
        ]
        indexes = [
            GinIndex(SearchVector("key", "title", "description", config="simple"), name="task_search"),
        ]


class WorkflowTransition(BaseModel):
    """A way from one task to another; `from_task` null is the start, `to_task` null an end."""

    # Foreign keys (task, workflow) → task_definitions stand in migrations: both tasks are the workflow's own, which is
    # there then. So does one → workflow_definitions for a transition from the start to an end, which has no task.
    workflow = models.ForeignKey(
        WorkflowDefinition, on_delete=models.CASCADE, related_name="transitions", db_constraint=False, db_index=False
    )
    from_task = models.ForeignKey(
        TaskDefinition,
        null=True,
        on_delete=models.CASCADE,
        related_name="outgoing",
        db_constraint=False,
        db_index=False,
    )
    to_task = models.ForeignKey(
        TaskDefinition,
        null=True,
        on_delete=models.CASCADE,
        related_name="incoming",
        db_constraint=False,
        db_index=False,
    )
    condition = OrderedJSONField(null=True)
    priority = models.IntegerField(default=0)
    is_default = models.BooleanField(default=False)
    on_event = models.CharField(max_length=9, choices=Event.choices, default=Event.COMPLETED)
    position = models.PositiveIntegerField(default=0, help_text="place in the list: breaks ties of priority")
    revision = models.PositiveBigIntegerField(default=1, editable=False)
    content_hash = models.BinaryField(max_length=32, editable=False)

    class Meta:
        db_table = "workflow_transitions"
        verbose_name = "transition"
        ordering = ["workflow", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "from_task", "to_task", "on_event"],
                nulls_distinct=False,
                name="transition_unique",
                violation_error_message="These two tasks are linked already for this event: join the conditions.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(condition__isnull=True),
                name="transition_default_unconditional",
                violation_error_message="A default transition has no condition.",
            ),
            models.UniqueConstraint(
                fields=["workflow", "from_task", "on_event"],
                condition=models.Q(is_default=True),
                nulls_distinct=False,
                name="transition_one_default",
                violation_error_message="This task has a default transition for this event.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_task_id or 'start'} → {self.to_task_id or 'end'}"


class TicketDefinition(Definition):
    """A ticket type: what a requester fills in to start a workflow, and who may."""

    workflow = models.ForeignKey(WorkflowDefinition, on_delete=models.CASCADE, related_name="tickets")
    fields = OrderedJSONField(default=dict)
    company_role_access = ArrayField(models.CharField(max_length=100), default=list)
    edit_layout = models.TextField(blank=True, default="")
    display_layout = models.TextField(blank=True, default="")
    search = _search()

    class Meta:
        db_table = "ticket_definitions"
        verbose_name = "ticket type"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], name="ticket_key_unique", violation_error_message="A ticket type with this key exists."
            )
        ]
        indexes = [
            GinIndex(fields=["search"], name="ticket_search"),
            GinIndex(fields=["company_role_access"], name="ticket_roles"),
        ]


class WorkflowVersion(BaseModel):
    """A published bundle with the report of its checks. Triggers see to it that it never changes."""

    # The foreign key stands in the migration, for the database deletes a workflow's versions with it (and only so).
    workflow = models.ForeignKey(
        WorkflowDefinition, on_delete=models.DO_NOTHING, related_name="versions", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    document = OrderedJSONField(help_text="the bundle in normal form, implied starts and ends last of its transitions")
    implied = models.PositiveIntegerField(help_text="how many of the transitions nobody wrote")
    content_hash = models.BinaryField(max_length=32, editable=False, help_text="of the working copy it was made from")
    note = models.TextField(blank=True, default="")
    problems = OrderedJSONField(default=list, help_text="what the checks found: nothing that is an error")
    proved = models.BooleanField()
    assumptions = OrderedJSONField(default=list, help_text="what the proof takes for granted")
    accept_unproved = models.BooleanField(help_text="whether what is unproved was accepted")

    class Meta:
        db_table = "workflow_versions"
        verbose_name = "version"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["workflow", "number"], name="version_number_unique"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="version_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.number}"


class TicketAccess(models.Model):
    """One grant: people with `role` may open `ticket_definition`. A view of `company_role_access`."""

    id = models.BigIntegerField(primary_key=True)
    ticket_definition = models.ForeignKey(TicketDefinition, on_delete=models.DO_NOTHING, related_name="grants")
    workflow = models.ForeignKey(WorkflowDefinition, on_delete=models.DO_NOTHING, related_name="+")
    role = models.CharField(max_length=100)

    class Meta:
        managed = False
        db_table = "ticket_access"

    def __str__(self) -> str:
        return self.role
