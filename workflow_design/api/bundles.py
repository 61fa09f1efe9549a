"""The documents that upload takes and export gives, for the OpenAPI document; `docs/definitions.md` tells of them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from workflow_design.api.content import (
    AnyJSONField,
    TaskContent,
    TicketContent,
    WorkflowContent,
    key_field,
    names_field,
)
from workflow_design.kernel import limits
from workflow_design.models import Event, TaskType


class _Document(serializers.Serializer[Any]):
    """In answers too, what is default is left out."""

    always: tuple[str, ...] = ("key", "title")

    @property
    def optional_in_answers(self) -> tuple[str, ...]:
        return tuple(name for name in self.get_fields() if name not in self.always)


class WorkflowDocumentSerializer(_Document, WorkflowContent):
    """A workflow in a document."""


class TaskDocumentSerializer(_Document, TaskContent):
    """A task in a document."""

    always = ("key", "title", "task_type")
    task_type = serializers.ChoiceField(choices=TaskType.choices, default="FORM")


class TicketDocumentSerializer(_Document, TicketContent):
    """A ticket type in a document."""


class TransitionDocumentSerializer(_Document):
    """A transition in a document."""

    always = ("from", "to")

    condition = AnyJSONField(required=False)
    priority = serializers.IntegerField(min_value=0, max_value=limits.MAX_PRIORITY, default=0)
    is_default = serializers.BooleanField(default=False)
    on_event = serializers.ChoiceField(choices=Event.choices, default="completed")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's."""
        return {
            "from": key_field(allow_null=True, help_text="A task's key; null: the start."),
            "to": key_field(allow_null=True, help_text="A task's key; null: an end."),
            **super().get_fields(),
        }


class BundleSerializer(serializers.Serializer[Any]):
    """A workflow with its tasks, transitions and ticket types; without `transitions` the tasks are a sequence."""

    null_in_bodies = ("tasks", "transitions", "tickets")

    format = serializers.ChoiceField(choices=["ticketflower/1"], required=False)
    workflow = WorkflowDocumentSerializer()
    tasks = TaskDocumentSerializer(many=True, required=False)
    transitions = TransitionDocumentSerializer(many=True, required=False)
    tickets = TicketDocumentSerializer(many=True, required=False)


class BundlePartsSerializer(BundleSerializer):
    """More of a workflow that exists already, named by its key."""

    workflow = key_field()  # type: ignore[assignment]


class _WithWorkflow(serializers.Serializer[Any]):
    workflow = key_field(help_text="The workflow's key.")


class OneTaskSerializer(TaskDocumentSerializer, _WithWorkflow):
    """A task, and the workflow it belongs to."""


class OneTicketSerializer(TicketDocumentSerializer, _WithWorkflow):
    """A ticket type, and the workflow it belongs to."""


class TaskUploadSerializer(serializers.Serializer[Any]):
    """One task."""

    task = OneTaskSerializer()


class TicketUploadSerializer(serializers.Serializer[Any]):
    """One ticket type."""

    ticket = OneTicketSerializer()


class _Flat(WorkflowContent):
    """The workflow's values at the top; its key and title are made from the name when absent."""

    name = serializers.CharField(max_length=limits.MAX_TITLE)
    key = key_field(required=False)
    title = serializers.CharField(max_length=limits.MAX_TITLE, required=False)
    tickets = TicketDocumentSerializer(many=True, required=False)


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {}}]})
class StepFieldField(serializers.JSONField):
    """A field's name, or a field."""


class StepSerializer(serializers.Serializer[Any]):
    """A form."""

    id = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    title = serializers.CharField(max_length=limits.MAX_TITLE, required=False)
    description = serializers.CharField(max_length=limits.MAX_PROSE, required=False, allow_blank=True)
    fields = serializers.ListField(child=StepFieldField(), required=False)  # type: ignore[assignment]
    assignee_roles = names_field(required=False)
    due_in_seconds = serializers.IntegerField(min_value=1, max_value=limits.MAX_DUE, required=False)
    edit_layout = serializers.CharField(max_length=limits.MAX_LAYOUT, required=False, allow_blank=True)


class StepsSerializer(_Flat):
    """Forms that are filled in one after the other."""

    steps = StepSerializer(many=True)


@extend_schema_field({"type": ["string", "integer"]})
class NodeIdField(serializers.Field):
    """Text or number."""


class NodeSerializer(serializers.Serializer[Any]):
    """A step of an integration graph."""

    id = NodeIdField()
    type = serializers.ChoiceField(choices=["trigger", "integration", "condition", "transform"])
    name = serializers.CharField(required=False)
    title = serializers.CharField(required=False)
    integration = serializers.CharField(required=False)
    integration_type = serializers.CharField(required=False)
    task = serializers.CharField(required=False)
    params = AnyJSONField(required=False)
    condition = AnyJSONField(required=False)


class ConnectionSerializer(serializers.Serializer[Any]):
    """A way between two nodes."""

    condition = AnyJSONField(required=False)
    priority = serializers.IntegerField(min_value=0, max_value=limits.MAX_PRIORITY, required=False)
    is_default = serializers.BooleanField(required=False)
    on_event = serializers.ChoiceField(choices=Event.choices, required=False)

    def get_fields(self) -> dict[str, Any]:
        return {"from": NodeIdField(), "to": NodeIdField(), **super().get_fields()}


class GraphSerializer(_Flat):
    """An integration graph."""

    nodes = NodeSerializer(many=True)
    connections = ConnectionSerializer(many=True, required=False)


def any_document() -> PolymorphicProxySerializer:
    """What upload takes."""
    return PolymorphicProxySerializer(
        component_name="Document",
        serializers=[
            BundleSerializer,
            BundlePartsSerializer,
            TaskUploadSerializer,
            TicketUploadSerializer,
            StepsSerializer,
            GraphSerializer,
        ],
        resource_type_field_name=None,
    )
