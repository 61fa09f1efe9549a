"""What definitions hold, for the OpenAPI document: the same in REST rows and in documents that are uploaded.

Bodies are read by the kernel's readers, so that there is one list of what can be stored; tests hold every answer
against what stands here. A document leaves out what is default anyway.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflow_design.kernel import limits
from workflow_design.models import AssignmentPolicy, EndActionType, Gate, TaskType


@extend_schema_field(OpenApiTypes.OBJECT)
class JSONObjectField(serializers.JSONField):
    """Free JSON, an object: JSON Schemas, ticket fields, actions at the end."""


@extend_schema_field({})
class AnyJSONField(serializers.JSONField):
    """Free JSON of any kind: conditions, templates, values of fields."""


class ReferenceSerializer(serializers.Serializer[Any]):
    """A link to something outside."""

    optional_in_answers = null_in_bodies = ("Label", "Desc", "URI")

    Label = serializers.CharField(max_length=limits.MAX_TITLE, default="", allow_blank=True)
    Desc = serializers.CharField(max_length=limits.MAX_PROSE, default="", allow_blank=True)
    URI = serializers.CharField(max_length=limits.MAX_URL, default="", allow_blank=True)


class FieldSerializer(serializers.Serializer[Any]):
    """A field of a workflow's data."""

    optional_in_answers = ("Required", "Default", "Options", "Description", "Public")
    null_in_bodies = ("Options", "Description")

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


def key_field(**kwargs: Any) -> serializers.RegexField:
    """A key: how documents refer to a workflow, task or ticket type."""
    return serializers.RegexField(r"^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$", **kwargs)


def prose_field() -> serializers.CharField:
    """A long text."""
    return serializers.CharField(max_length=limits.MAX_PROSE, default="", allow_blank=True)


def layout_field() -> serializers.CharField:
    """How a form is laid out, in the front end's own words."""
    return serializers.CharField(max_length=limits.MAX_LAYOUT, default="", allow_blank=True)


def names_field(**kwargs: Any) -> serializers.ListField:
    """Names of company roles."""
    return serializers.ListField(child=serializers.CharField(max_length=limits.MAX_NAME), **kwargs)


class NamedContent(serializers.Serializer[Any]):
    """What workflows, tasks and ticket types share."""

    null_in_bodies: tuple[str, ...] = (
        *("description", "ext_ref", "fields", "state_schema", "guidelines", "display_layout", "edit_layout"),
        *("input_schema", "output_schema", "action_url", "assignee_roles"),
    )

    key = key_field()
    title = serializers.CharField(max_length=limits.MAX_TITLE)
    description = prose_field()
    ext_ref = ReferenceSerializer(many=True, default=list)


class WorkflowContent(NamedContent):
    """A workflow."""

    fields = FieldSerializer(many=True, default=list)  # type: ignore[assignment]
    state_schema = JSONObjectField(default=dict, help_text="JSON Schema of what a run's data must be at its end.")
    guidelines = prose_field()
    display_layout = layout_field()
    end_action_type = serializers.ChoiceField(choices=EndActionType.choices, default="none")
    end_action = JSONObjectField(default=None, allow_null=True)


class TaskContent(NamedContent):
    """A task."""

    task_type = serializers.ChoiceField(choices=TaskType.choices)
    input_schema = JSONObjectField(default=dict)
    output_schema = JSONObjectField(default=dict)
    edit_layout = layout_field()
    display_layout = layout_field()
    action = serializers.CharField(
        max_length=127, default=None, allow_null=True, help_text="http, compute, workflow or <type>.<operation>."
    )
    integration = serializers.CharField(max_length=limits.MAX_NAME, default=None, allow_null=True)
    action_url = serializers.CharField(max_length=limits.MAX_URL, default="", allow_blank=True)
    input_transform = AnyJSONField(default=None)
    output_transform = AnyJSONField(default=None)
    timeout_seconds = serializers.IntegerField(min_value=1, max_value=limits.MAX_TIMEOUT, default=None, allow_null=True)
    retry_policy = RetryPolicySerializer(default=None, allow_null=True)
    split = serializers.ChoiceField(choices=Gate.choices, default="exclusive")
    join = serializers.ChoiceField(choices=Gate.choices, default="exclusive")
    assignee_roles = names_field(default=list)
    assignment_policy = serializers.ChoiceField(choices=AssignmentPolicy.choices, default="claim")
    due_in_seconds = serializers.IntegerField(min_value=1, max_value=limits.MAX_DUE, default=None, allow_null=True)


class TicketContent(NamedContent):
    """A ticket type."""

    fields = JSONObjectField(default=dict, help_text="Field name → null, a default, or {const: value}.")  # type: ignore[assignment]
    company_role_access = names_field(default=["everyone"])
    edit_layout = layout_field()
    display_layout = layout_field()
