"""The shapes of definitions in REST, for the OpenAPI document; answers are written by PostgreSQL from `selectors`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from workflow_design.api.content import (
    AnyJSONField,
    JSONObjectField,
    NamedContent,
    TaskContent,
    TicketContent,
    WorkflowContent,
    key_field,
)
from workflow_design.kernel import limits
from workflow_design.models import Event, Status

_KEY = "Made from the title when absent."
_NULL = (*NamedContent.null_in_bodies, "key")


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


class WorkflowSerializer(WorkflowContent, DefinitionSerializer):
    """A workflow's working copy."""

    null_in_bodies = _NULL
    key = key_field(required=False, help_text=_KEY)
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    published_version = serializers.IntegerField(read_only=True, allow_null=True)
    has_changes = serializers.BooleanField(read_only=True, help_text="Whether it differs from the published version.")


@extend_schema_serializer(component_name="TaskDefinition")
class TaskSerializer(TaskContent, DefinitionSerializer):
    """A task's working copy."""

    null_in_bodies = _NULL
    key = key_field(required=False, help_text=_KEY)
    workflow = serializers.IntegerField(help_text="Id of the workflow.")
    order = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)


class TransitionSerializer(DefinitionSerializer):
    """A way from one task to another."""

    workflow = serializers.IntegerField(help_text="Id of the workflow.")
    from_task = serializers.IntegerField(allow_null=True, help_text="Id of the task; null: the start.")
    to_task = serializers.IntegerField(allow_null=True, help_text="Id of the task; null: an end.")
    condition = AnyJSONField(default=None)
    priority = serializers.IntegerField(
        min_value=0, max_value=limits.MAX_PRIORITY, default=0, help_text="0 comes before 1."
    )
    is_default = serializers.BooleanField(default=False)
    on_event = serializers.ChoiceField(choices=Event.choices, default="completed")


class TicketDefinitionSerializer(TicketContent, DefinitionSerializer):
    """A ticket type."""

    null_in_bodies = _NULL
    key = key_field(required=False, help_text=_KEY)
    workflow = serializers.IntegerField(help_text="Id of the workflow.")


class _Placed(serializers.Serializer[Any]):
    """Its workflow is known from the address."""

    workflow = serializers.IntegerField(required=False, help_text="Id of the workflow, which can't be another.")


@extend_schema_serializer(component_name="PlacedTaskDefinition")
class PlacedTaskSerializer(_Placed, TaskSerializer):
    """A task of the workflow that the address tells."""


class PlacedTransitionSerializer(_Placed, TransitionSerializer):
    """A transition of the workflow that the address tells."""


class PlacedTicketDefinitionSerializer(_Placed, TicketDefinitionSerializer):
    """A ticket type of the workflow that the address tells."""


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

    null_in_bodies = ("key", "title")
    key = key_field(required=False, help_text=_KEY)
    title = serializers.CharField(max_length=limits.MAX_TITLE, required=False)


class ProblemSerializer(serializers.Serializer[Any]):
    """A finding of the checks."""

    optional_in_answers = ("task", "transition", "counterexample", "trace")

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

    optional_in_answers = ("before", "after")

    path = serializers.CharField(help_text="JSON pointer.")
    change = serializers.ChoiceField(choices=["added", "removed", "changed"])
    before = AnyJSONField(required=False)
    after = AnyJSONField(required=False)


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
