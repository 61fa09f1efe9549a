"""The shapes of tickets, tasks, executions and incidents in REST, for the OpenAPI document.

Answers are written by PostgreSQL from `selectors`; bodies are read by the services.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.openapi import FaultSerializer
from workflow_design.api.content import JSONObjectField
from workflow_design.api.serializers import AuditSerializer
from workflow_ops.models import EndStatus, IncidentKind, IncidentStatus, InstanceStatus, TaskStatus
from workflow_ops.services.incidents import MAX_NOTE


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
class KeyOrIdField(serializers.JSONField):
    """How a ticket type is named."""


@extend_schema_field({"oneOf": [{"type": "string", "enum": EndStatus.values}]})
class EndStatusField(serializers.CharField):
    """How far an end action is, null where there is none."""


class OpenTaskSerializer(serializers.Serializer[Any]):
    """A task of a ticket that is still to be done."""

    id = serializers.IntegerField()
    task_key = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=TaskStatus.choices)
    assignee = serializers.IntegerField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)


class TicketSerializer(AuditSerializer):
    """A ticket, with the data that the caller may see."""

    number = serializers.IntegerField()
    ticket_definition = serializers.IntegerField()
    workflow = serializers.IntegerField()
    workflow_version = serializers.IntegerField()
    status = serializers.ChoiceField(choices=InstanceStatus.choices)
    subject = serializers.CharField()
    conversation = serializers.CharField()
    data = JSONObjectField()  # type: ignore[assignment]
    open_tasks = OpenTaskSerializer(many=True)


class OpenTicketSerializer(serializers.Serializer[Any]):
    """A request through a ticket type."""

    ticket_definition = KeyOrIdField(help_text="Key or id of the ticket type.")
    data = JSONObjectField(help_text="Field name → value.")  # type: ignore[assignment]
    subject = serializers.CharField(max_length=255, required=False, allow_blank=True)
    conversation = serializers.CharField(max_length=200, required=False, allow_blank=True)


class TicketTypeSerializer(AuditSerializer):
    """A ticket type that the caller may open."""

    key = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    workflow = serializers.IntegerField()
    workflow_version = serializers.IntegerField()
    form = JSONObjectField(help_text="JSON Schema of a submission's data.")
    constants = JSONObjectField(help_text="Fixed fields: shown, and refused in a submission.")
    edit_layout = serializers.CharField()
    display_layout = serializers.CharField()


class TaskInstanceSerializer(AuditSerializer):
    """A piece of work."""

    task_key = serializers.CharField()
    title = serializers.CharField()
    ticket = serializers.IntegerField(allow_null=True)
    execution = serializers.IntegerField()
    workflow = serializers.IntegerField()
    status = serializers.ChoiceField(choices=TaskStatus.choices)
    assignee = serializers.IntegerField(allow_null=True)
    assignee_roles = serializers.ListField(child=serializers.CharField())
    due_at = serializers.DateTimeField(allow_null=True)
    input = JSONObjectField()
    output = JSONObjectField(allow_null=True, help_text="A draft until the task is completed.")
    form = JSONObjectField(help_text="JSON Schema of the output.")
    edit_layout = serializers.CharField()
    display_layout = serializers.CharField()
    completed_by = serializers.IntegerField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)


class OutputSerializer(serializers.Serializer[Any]):
    """What a task gives."""

    output = JSONObjectField()


class SkipSerializer(serializers.Serializer[Any]):
    """What stands for the output of a task that is skipped."""

    output = JSONObjectField(
        required=False, allow_null=True, help_text="Empty when absent; nothing else where a run is stuck, not a task."
    )


class AssignSerializer(serializers.Serializer[Any]):
    """Who shall do a task; null gives it back."""

    user = serializers.IntegerField(allow_null=True)


class CompletedSerializer(serializers.Serializer[Any]):
    """What completing a task led to."""

    task = TaskInstanceSerializer()
    ticket = TicketSerializer(allow_null=True)
    opened_tasks = TaskInstanceSerializer(many=True)


class BulkSerializer(serializers.Serializer[Any]):
    """One action for several tasks."""

    action = serializers.ChoiceField(choices=["claim", "release", "assign", "save", "complete"])
    tasks = serializers.ListField(child=serializers.IntegerField())
    user = serializers.IntegerField(required=False, allow_null=True)
    output = JSONObjectField(required=False)


class BulkResultSerializer(serializers.Serializer[Any]):
    """What became of one task."""

    task = serializers.IntegerField()
    status = serializers.IntegerField(help_text="The HTTP status that the single call would have had.")
    errors = FaultSerializer(many=True)  # type: ignore[assignment]


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """What became of each task, in the order asked."""

    results = BulkResultSerializer(many=True)


class ExecuteSerializer(serializers.Serializer[Any]):
    """What a workflow is run with."""

    input = JSONObjectField(required=False)
    conversation = serializers.CharField(max_length=200, required=False, allow_blank=True)


class ExecutionSerializer(AuditSerializer):
    """A run of a workflow, with a ticket or without."""

    workflow = serializers.IntegerField()
    workflow_version = serializers.IntegerField()
    ticket = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=InstanceStatus.choices)
    conversation = serializers.CharField()
    parent = serializers.IntegerField(  # type: ignore[assignment]
        allow_null=True, help_text="The execution that started it."
    )
    parent_task = serializers.IntegerField(
        allow_null=True, help_text="The task of `parent` that waits for it; null: the parent's end action started it."
    )
    end_action = EndStatusField(
        allow_null=True, help_text="How far its end action is; null: it has none, or is not completed."
    )
    started_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    input = JSONObjectField()
    output = JSONObjectField(allow_null=True)
    tasks_executed = serializers.IntegerField()
    tokens_used = serializers.IntegerField()
    cost = serializers.FloatField()


class LogEntrySerializer(serializers.Serializer[Any]):
    """One line of an execution's log."""

    id = serializers.IntegerField()
    task = serializers.CharField(allow_null=True, help_text="Its key; null for what happened to the run.")
    status = serializers.CharField(allow_null=True, help_text="Of the task, else of the run, after that.")
    timestamp = serializers.DateTimeField()
    message = serializers.CharField()
    data = JSONObjectField(allow_null=True)  # type: ignore[assignment]
    error = serializers.CharField(allow_null=True)


class HistoryEntrySerializer(AuditSerializer):
    """One thing that happened."""

    at = serializers.DateTimeField()
    actor = serializers.IntegerField(allow_null=True)
    actor_name = serializers.CharField()
    event = serializers.CharField()
    detail = JSONObjectField()


class IncidentSerializer(AuditSerializer):
    """Something that stopped a task or a run."""

    kind = serializers.ChoiceField(choices=IncidentKind.choices, read_only=True)
    status = serializers.ChoiceField(choices=IncidentStatus.choices)
    code = serializers.CharField(read_only=True)
    message = serializers.CharField(read_only=True)
    trace = serializers.CharField(read_only=True)
    note = serializers.CharField(max_length=MAX_NOTE, allow_blank=True)
    ticket = serializers.IntegerField(allow_null=True, read_only=True)
    execution = serializers.IntegerField(read_only=True)
    workflow = serializers.IntegerField(read_only=True)
    task = serializers.IntegerField(allow_null=True, read_only=True)
    resolved_by = serializers.IntegerField(allow_null=True, read_only=True)
    resolved_at = serializers.DateTimeField(allow_null=True, read_only=True)
