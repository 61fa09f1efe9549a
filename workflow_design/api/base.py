"""What the four viewsets of definitions share."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers
from rest_framework.request import Request

from core.errors import invalid, not_found
from core.openapi import AutoSchema
from core.viewsets import BaseViewSet
from users.permissions import IsWorkflowCreator
from workflow_design.kernel.document import same
from workflow_design.models import WorkflowDefinition


class DefinitionViewSet(BaseViewSet):
    """Definitions: creators write, ticket admins and company admins read.

    Below `/workflows/{workflow_id}/` a list is of that workflow, and so is what is created there.
    """

    permission_classes = [IsWorkflowCreator]
    revision: ClassVar[str | None] = "revision"

    def body(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """The body as it came: the services read it with the kernel's readers."""
        if type(request.data) is not dict:
            raise invalid("The body must be a JSON object.")
        return request.data

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Of one workflow, in nested routes."""
        workflow_id = self.kwargs.get("workflow_id")
        return queryset if workflow_id is None else queryset.filter(workflow_id=int(workflow_id))

    def check_parent(self) -> None:
        workflow_id = self.kwargs.get("workflow_id")
        if workflow_id is not None and not WorkflowDefinition.objects.filter(pk=int(workflow_id)).exists():
            raise not_found()

    def parent(self, values: dict[str, Any], nested: str | None) -> int:
        """The workflow that something new belongs to: of the address, else of the body (400 if unknown).

        A body that names another one than the address: 404 if there is none at the address, else 400.
        """
        if nested is not None:
            if not same(values.get("workflow", int(nested)), int(nested)):
                self.check_parent()
                raise invalid("must be the workflow of the address, or absent", attr="workflow", code="other_workflow")
            return int(nested)
        given = values.get("workflow")
        if given is None:
            raise invalid("is required", attr="workflow", code="required")
        if type(given) is not int or not 0 < given < 2**63:
            raise invalid("must be the id of a workflow", attr="workflow", code="wrong_type")
        if not WorkflowDefinition.objects.filter(pk=given).exists():
            raise invalid("There is no such workflow.", attr="workflow", code="unknown_workflow")
        return given


class PartSchema(AutoSchema):
    """Of a part of a workflow: where the address says which workflow it is, the body need not."""

    @property
    def _placed(self) -> bool:
        return self.method == "PUT" or (self.method == "POST" and "{workflow_id}" in self.path)

    def get_request_serializer(self) -> Any:
        return (
            cast(PartViewSet, self.view).placed_serializer_class if self._placed else super().get_request_serializer()
        )

    def get_examples(self) -> list[OpenApiExample]:
        found = super().get_examples()
        for example in found if self._placed else ():
            example.value = {name: value for name, value in example.value.items() if name != "workflow"}
        return found


class PartViewSet(DefinitionViewSet):
    """Definitions that belong to a workflow."""

    schema = PartSchema()
    placed_serializer_class: ClassVar[type[serializers.Serializer[Any]]]
