"""Runs of published versions: what people open, do, and what stops.

The engine's marking in `workflow_instances` is the truth about which tasks are open; task rows are what people see of
it. Both are written together, under the instance's row lock.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils import timezone

from core.fields import OrderedJSONField
from workflow_design.models import TicketDefinition, WorkflowDefinition, WorkflowVersion
from workflow_ops.models_actions import ActionAttempt as ActionAttempt
from workflow_ops.models_actions import AttemptStatus as AttemptStatus
from workflow_ops.models_actions import Callback as Callback
from workflow_ops.models_actions import CallbackStatus as CallbackStatus
from workflow_ops.models_actions import EndAction as EndAction
from workflow_ops.models_actions import EndStatus as EndStatus
from workflow_ops.models_actions import SigningSecret as SigningSecret
from workflow_ops.models_talk import Attachment as Attachment
from workflow_ops.models_talk import Comment as Comment
from workflow_ops.models_webhooks import TEST_EVENT as TEST_EVENT
from workflow_ops.models_webhooks import DeliveryStatus as DeliveryStatus
from workflow_ops.models_webhooks import Webhook as Webhook
from workflow_ops.models_webhooks import WebhookDelivery as WebhookDelivery
from workflow_ops.models_webhooks import WebhookEvent as WebhookEvent


class InstanceStatus(models.TextChoices):
    """Of a run."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    ON_HOLD = "ON_HOLD"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    ERROR = "ERROR"


CLOSED = (InstanceStatus.COMPLETED, InstanceStatus.CANCELLED)


class TaskStatus(models.TextChoices):
    """Of a task. OPEN: may be claimed; IN_PROGRESS: claimed, or being called; PENDING: waits."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    ERROR = "ERROR"


UNDONE = (TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.PENDING)


class IncidentStatus(models.TextChoices):
    """Of an incident."""

    NEW = "NEW"
    REVIEWED = "REVIEWED"
    RESOLVED = "RESOLVED"


class IncidentKind(models.TextChoices):
    """What was being done when it happened."""

    WORKFLOW_CREATION = "WORKFLOW_CREATION"
    TASK_CREATION = "TASK_CREATION"
    TASK_UPDATE = "TASK_UPDATE"
    WORKFLOW_TRANSITION = "WORKFLOW_TRANSITION"
    ACTION = "ACTION"


def _person(related_name: str, **options: Any) -> models.ForeignKey:
    """Nobody is ever deleted, so there is nothing for the database to check; and each check would lock the person's row
    together with everybody else who completes something of theirs just then.
    """
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name=related_name,
        db_constraint=False,
        **options,
    )


class VersionTask(models.Model):
    """A task of a version, as task rows show it. Made by a trigger with the version, and as little changed."""

    # ON DELETE CASCADE in the database, like the version's own.
    version = models.ForeignKey(
        WorkflowVersion, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    index = models.PositiveIntegerField(help_text="what the engine calls it")
    key = models.CharField(max_length=64)
    title = models.CharField(max_length=255)
    roles = ArrayField(models.CharField(max_length=100), default=list, help_text="candidates; empty: every worker")
    form = OrderedJSONField(help_text="its output_schema")
    edit_layout = models.TextField(blank=True, default="")
    display_layout = models.TextField(blank=True, default="")

    class Meta:
        db_table = "workflow_version_tasks"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "index"], name="version_task_index"),
            models.UniqueConstraint(fields=["version", "key"], name="version_task_key"),
        ]
        indexes = [GinIndex(fields=["roles"], name="version_task_roles")]

    def __str__(self) -> str:
        return self.title


class WorkflowInstance(models.Model):
    """One run of one version, with its data and its marking."""

    workflow = models.ForeignKey(WorkflowDefinition, on_delete=models.RESTRICT, related_name="instances")
    version = models.ForeignKey(WorkflowVersion, on_delete=models.RESTRICT, related_name="instances")
    status = models.CharField(max_length=11, choices=InstanceStatus.choices, default=InstanceStatus.NOT_STARTED)
    held_at = models.DateTimeField(null=True, help_text="since when it is ON_HOLD: its clocks stand still")
    input = OrderedJSONField(default=dict, help_text="what it was started with")
    data = OrderedJSONField(default=dict)
    marking = OrderedJSONField(default=dict)
    visible_fields = ArrayField(
        models.CharField(max_length=63), default=list, help_text="fields that the requester sees"
    )
    conversation = models.CharField(max_length=200, blank=True, default="")
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.RESTRICT, related_name="children", db_index=False, help_text="what ran it"
    )
    parent_task = models.ForeignKey(
        "TaskInstance",
        null=True,
        on_delete=models.RESTRICT,
        related_name="children",
        db_index=False,
        help_text="the parent's task that waits for it; none: the parent's end started it",
    )
    parent_generation = models.PositiveIntegerField(null=True, help_text="of the task, or of the end action")
    depth = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="how many parents are above it")
    tasks_executed = models.PositiveIntegerField(default=0)
    tokens_used = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    started_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True)
    created_by = _person("+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "workflow_instances"
        verbose_name = "execution"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "conversation"],
                condition=~models.Q(conversation="") & ~models.Q(status__in=CLOSED),
                name="instance_conversation_once",
                violation_error_message="This conversation has an open run of this workflow.",
            ),
            models.UniqueConstraint(
                fields=["parent_task", "parent_generation"],
                condition=models.Q(parent_task__isnull=False),
                name="instance_child_once",
            ),
            models.UniqueConstraint(
                fields=["parent", "parent_generation"],
                condition=models.Q(parent__isnull=False, parent_task__isnull=True),
                name="instance_next_once",
            ),
            models.CheckConstraint(
                condition=models.Q(completed_at__isnull=True) ^ models.Q(status__in=CLOSED),
                name="instance_closed_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(held_at__isnull=True) ^ models.Q(status="ON_HOLD"), name="instance_held_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "id"], name="instance_status"),
            models.Index(fields=["created_at"], name="instance_created"),
            models.Index(fields=["conversation"], name="instance_conversation", condition=~models.Q(conversation="")),
            models.Index(fields=["parent", "id"], name="instance_parent", condition=models.Q(parent__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"execution {self.pk}"


class Ticket(models.Model):
    """A request made through a ticket type. Its number is its id: counted in the company's own schema."""

    ticket_definition = models.ForeignKey(TicketDefinition, on_delete=models.RESTRICT, related_name="tickets")
    instance = models.OneToOneField(WorkflowInstance, on_delete=models.RESTRICT, related_name="ticket")
    subject = models.CharField(max_length=255, blank=True, default="")
    created_by = _person("tickets", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    search = models.GeneratedField(
        expression=SearchVector("subject", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        db_table = "tickets"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["created_by", "id"], name="ticket_creator"),
            models.Index(fields=["created_at", "id"], name="ticket_created"),
            GinIndex(fields=["search"], name="ticket_subject"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}".rstrip()


class TaskInstance(models.Model):
    """One piece of work. `number` is what the engine calls it within its run."""

    instance = models.ForeignKey(WorkflowInstance, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    # The run holds the version, and with it the version's tasks.
    task = models.ForeignKey(
        VersionTask, on_delete=models.RESTRICT, related_name="+", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=11, choices=TaskStatus.choices, default=TaskStatus.OPEN)
    assignee = _person("tasks", db_index=False)
    input = OrderedJSONField(default=dict)
    output = OrderedJSONField(null=True, help_text="saved as a draft, then final")
    due_at = models.DateTimeField(null=True)
    generation = models.PositiveIntegerField(
        default=1, db_default=1, help_text="of an action: how often it was begun; a person's retry begins it anew"
    )
    completed_by = _person("+", db_index=False)
    completed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "task_instances"
        verbose_name = "task"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "number"], name="task_instance_number"),
            models.CheckConstraint(
                condition=~models.Q(status="OPEN") | models.Q(assignee__isnull=True), name="task_instance_open_is_free"
            ),
        ]
        indexes = [
            models.Index(fields=["assignee", "id"], name="task_instance_mine", condition=models.Q(status__in=UNDONE)),
            models.Index(fields=["assignee", "instance"], name="task_instance_assignee"),
            models.Index(
                fields=["completed_by", "instance"],
                name="task_instance_completer",
                condition=models.Q(completed_by__isnull=False),
            ),
            # With all that says who sees an open task: an inbox is counted without reading the tasks.
            models.Index(
                fields=["status", "id"],
                include=["task", "assignee", "completed_by"],
                name="task_instance_inbox",
                condition=models.Q(status__in=UNDONE),
            ),
            models.Index(
                fields=["due_at"],
                name="task_instance_due",
                condition=models.Q(status__in=UNDONE, due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.pk}"


class TaskTurn(models.Model):
    """Whose turn it was last, of a task that goes round."""

    workflow = models.ForeignKey(WorkflowDefinition, on_delete=models.CASCADE, related_name="+", db_index=False)
    task_key = models.CharField(max_length=64)
    person_id = models.BigIntegerField()

    class Meta:
        db_table = "task_turns"
        constraints = [models.UniqueConstraint(fields=["workflow", "task_key"], name="task_turn_once")]

    def __str__(self) -> str:
        return self.task_key


class Incident(models.Model):
    """Something that stopped a task or a run and needs a person."""

    kind = models.CharField(max_length=19, choices=IncidentKind.choices)
    status = models.CharField(max_length=8, choices=IncidentStatus.choices, default=IncidentStatus.NEW)
    instance = models.ForeignKey(WorkflowInstance, on_delete=models.CASCADE, related_name="incidents")
    task_instance = models.ForeignKey(
        TaskInstance, null=True, on_delete=models.CASCADE, related_name="incidents", db_index=False
    )
    number = models.PositiveIntegerField(help_text="of the task in its run; 0: the run itself")
    code = models.CharField(max_length=60)
    message = models.TextField()
    trace = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    resolved_by = _person("+", db_index=False)
    resolved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "incidents"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "number"],
                condition=~models.Q(status="RESOLVED"),
                name="incident_one_open_per_task",
            )
        ]
        indexes = [models.Index(fields=["status", "id"], name="incident_status")]

    def __str__(self) -> str:
        return f"incident {self.pk}"


class IdempotentAnswer(models.Model):
    """The answer to a call with an Idempotency-Key, given again for the same call within a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=6)
    path = models.CharField(max_length=500)
    key = models.CharField(max_length=255)
    body_hash = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        db_table = "idempotent_answers"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "method", "path", "key"],
                name="idempotent_answer_once",
                violation_error_message="A call with this Idempotency-Key is being answered.",
            )
        ]

    def __str__(self) -> str:
        return self.key
