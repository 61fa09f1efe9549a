"""The shapes of definitions in REST, for the OpenAPI document.

Bodies are read by the kernel's readers, the same ones that read uploads, so that there is one list of what can be
stored; answers are written by PostgreSQL from `selectors`. Tests hold both against what stands here.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflow_design.kernel import limits
from workflow_design.models import AssignmentPolicy, EndActionType, Event, Gate, Status, TaskType


@extend_schema_field(OpenApiTypes.OBJECT)
class JSONObjectField(serializers.JSONField):
    """Free JSON, an object: JSON Schemas, ticket fields, actions at the end."""


@extend_schema_field({"nullable": True})
class AnyJSONField(serializers.JSONField):
    """Free JSON of any kind: conditions and templates."""


class ReferenceSerializer(serializers.Serializer[Any]):
    """A link to something outside."""

    Label = serializers.CharField(max_length=limits.MAX_TITLE, default="", allow_blank=True)
    Desc = serializers.CharField(max_length=limits.MAX_PROSE, default="", allow_blank=True)
    URI = serializers.CharField(max_length=limits.MAX_URL, default="", allow_blank=True)


class FieldSerializer(serializers.Serializer[Any]):
    """A field of a workflow's data."""

    FieldName = serializers.RegexField(r"^[A-Za-z][A-Za-z0-9_]{0,62}$")
    FieldType = serializers.ChoiceField(choices=limits.FIELD_TYPES)
    Required = serializers.BooleanField(required=False)
    Default = AnyJSONField(required=False)
    Options = serializers.ListField(child=serializers.CharField(max_length=limits.MAX_TITLE), required=False)
    Description = serializers.CharField(max_length=limits.MAX_PROSE, required=False, allow_blank=True)
    Public = serializers.BooleanField(required=False)


class RetryPolicySerializer(serializers.Serializer[Any]):
    """How often and how soon a failed action is tried again."""

    max_attempts = serializers.IntegerField(min_value=1, max_value=limits.MAX_ATTEMPTS, default=5)
    initial_seconds = serializers.FloatField(min_value=0.1, max_value=3_600, default=1)
    max_seconds = serializers.FloatField(min_value=0.1, max_value=86_400, default=300)
    multiplier = serializers.FloatField(min_value=1, max_value=10, default=2)


class AuditSerializer(serializers.Serializer[Any]):
    """What every row carries."""

    id = serializers.IntegerField(read_only=True)
    company = serializers.CharField(read_only=True, help_text="The company's slug.")
    created_by = serializers.IntegerField(read_only=True, allow_null=True, help_text="Id of the person.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class DefinitionSerializer(AuditSerializer):
    """What every definition carries."""

    version = serializers.IntegerField(
        read_only=True, help_text="The number that the next publish makes, or the last one while nothing differs."
    )


class NamedSerializer(DefinitionSerializer):
    """What workflows, tasks and ticket types share."""

    key = serializers.RegexField(
        r"^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$", required=False, help_text="Made from the title when absent."
    )
    title = serializers.CharField(max_length=limits.MAX_TITLE)
    description = serializers.CharField(max_length=limits.MAX_PROSE, default="", allow_blank=True)
    ext_ref = ReferenceSerializer(many=True, default=list)


def _layout() -> serializers.CharField:
    return serializers.CharField(max_length=limits.MAX_LAYOUT, default="", allow_blank=True)


class WorkflowSerializer(NamedSerializer):
    """A workflow's working copy."""

    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    published_version = serializers.IntegerField(read_only=True, allow_null=True)
    has_changes = serializers.BooleanField(read_only=True, help_text="Whether it differs from the published version.")
    fields = FieldSerializer(many=True, default=list)  # type: ignore[assignment]
    state_schema = JSONObjectField(default=dict, help_text="JSON Schema of what a run's data must be at its end.")
    guidelines = serializers.CharField(max_length=limits.MAX_PROSE, default="", allow_blank=True)
    display_layout = _layout()
    end_action_type = serializers.ChoiceField(choices=EndActionType.choices, default="none")
    end_action = JSONObjectField(default=None, allow_null=True)


class TaskSerializer(NamedSerializer):
    """A task's working copy."""

    workflow = serializers.IntegerField(help_text="Id of the workflow.")
    order = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)
    task_type = serializers.ChoiceField(choices=TaskType.choices)
    input_schema = JSONObjectField(default=dict)
    output_schema = JSONObjectField(default=dict)
    edit_layout = _layout()
    display_layout = _layout()
    action = serializers.CharField(
        max_length=127, default=None, allow_null=True, help_text="http, compute, workflow or <type>.<operation>."
    )
    integration = serializers.CharField(max_length=limits.MAX_NAME, default=None, allow_null=True)
    action_url = serializers.CharField(max_length=limits.MAX_URL, default="", allow_blank=True)
    input_transform = AnyJSONField(default=None, allow_null=True)
    output_transform = AnyJSONField(default=None, allow_null=True)
    timeout_seconds = serializers.IntegerField(min_value=1, max_value=limits.MAX_TIMEOUT, default=None, allow_null=True)
    retry_policy = RetryPolicySerializer(default=None, allow_null=True)
    split = serializers.ChoiceField(choices=Gate.choices, default="exclusive")
    join = serializers.ChoiceField(choices=Gate.choices, default="exclusive")
    assignee_roles = serializers.ListField(child=serializers.CharField(max_length=limits.MAX_NAME), default=list)
    assignment_policy = serializers.ChoiceField(choices=AssignmentPolicy.choices, default="claim")
    due_in_seconds = serializers.IntegerField(min_value=1, max_value=limits.MAX_DUE, default=None, allow_null=True)


class TransitionSerializer(DefinitionSerializer):
    """A way from one task to another."""

    workflow = serializers.IntegerField(help_text="Id of the workflow.")
    from_task = serializers.IntegerField(allow_null=True, help_text="Id of the task; null: the start.")
    to_task = serializers.IntegerField(allow_null=True, help_text="Id of the task; null: an end.")
    condition = AnyJSONField(default=None, allow_null=True)
    priority = serializers.IntegerField(
        min_value=-limits.MAX_PRIORITY, max_value=limits.MAX_PRIORITY, default=0, help_text="0 comes before 1."
    )
    is_default = serializers.BooleanField(default=False)
    on_event = serializers.ChoiceField(choices=Event.choices, default="completed")


class TicketDefinitionSerializer(NamedSerializer):
    """A ticket type."""

    workflow = serializers.IntegerField(help_text="Id of the workflow.")
    fields = JSONObjectField(default=dict, help_text="Field name → null, a default, or {const: value}.")  # type: ignore[assignment]
    company_role_access = serializers.ListField(
        child=serializers.CharField(max_length=limits.MAX_NAME), default=["everyone"]
    )
    edit_layout = _layout()
    display_layout = _layout()


class GrantSerializer(AuditSerializer):
    """One company role that may open one ticket type."""

    ticket_definition = serializers.IntegerField()
    workflow = serializers.IntegerField(read_only=True)
    role = serializers.CharField(max_length=limits.MAX_NAME)


class TaskOrderSerializer(serializers.Serializer[Any]):
    """The ids of all tasks of a workflow, in the order they shall have."""

    tasks = serializers.ListField(child=serializers.IntegerField())


class DuplicateSerializer(serializers.Serializer[Any]):
    """What the copy is called."""

    key = serializers.CharField(max_length=64, required=False)
    title = serializers.CharField(max_length=limits.MAX_TITLE, required=False)


class ProblemSerializer(serializers.Serializer[Any]):
    """A finding of the checks."""

    severity = serializers.ChoiceField(choices=["error", "warning", "unproved"])
    code = serializers.CharField()
    message = serializers.CharField()
    path = serializers.CharField(help_text="JSON pointer into the document.")
    task = serializers.CharField(required=False)
    transition = serializers.IntegerField(required=False)
    counterexample = JSONObjectField(required=False)
    trace = serializers.ListField(child=serializers.CharField(), required=False)


class DifferenceSerializer(serializers.Serializer[Any]):
    """One difference between what was there and the document."""

    path = serializers.CharField(help_text="JSON pointer.")
    change = serializers.ChoiceField(choices=["added", "removed", "changed"])
    before = AnyJSONField(allow_null=True, required=False)
    after = AnyJSONField(allow_null=True, required=False)


class UploadSerializer(serializers.Serializer[Any]):
    """What an upload did, or would do."""

    workflow = WorkflowSerializer()
    tickets = TicketDefinitionSerializer(many=True)
    created = serializers.BooleanField()
    changed = serializers.BooleanField()
    version = serializers.IntegerField()
    published_version = serializers.IntegerField(allow_null=True)
    diff = DifferenceSerializer(many=True)
    problems = ProblemSerializer(many=True)
    proved = serializers.BooleanField()
