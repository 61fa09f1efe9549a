"""What the four viewsets of definitions share."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request

from core.errors import invalid, not_found
from core.viewsets import BaseViewSet
from users.permissions import IsWorkflowCreator
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
        """The workflow that something new belongs to: of the address, else of the body (400 if unknown)."""
        if nested is not None:
            return int(nested)
        given = values.get("workflow")
        if given is None:
            raise invalid("is required", attr="workflow", code="required")
        if type(given) is not int or not 0 < given < 2**63:
            raise invalid("must be the id of a workflow", attr="workflow", code="wrong_type")
        if not WorkflowDefinition.objects.filter(pk=given).exists():
            raise invalid("There is no such workflow.", attr="workflow", code="unknown_workflow")
        return given
