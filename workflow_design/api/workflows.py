"""/api/workflow/workflows/"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from core.errors import invalid
from core.renderers import json_response
from users.permissions import caller
from workflow_design.api.bundles import BundleSerializer
from workflow_design.api.documents import document_response
from workflow_design.api.filters import WorkflowFilter
from workflow_design.api.parsers import choice_param
from workflow_design.api.serializers import (
    DuplicateSerializer,
    TaskOrderSerializer,
    WorkflowSerializer,
)
from workflow_design.api.versions import VersionActions, number_param
from workflow_design.models import WorkflowDefinition
from workflow_design.selectors import WORKFLOW_ROWS, searched
from workflow_design.services import export, tasks, workflows


class WorkflowViewSet(VersionActions):
    """Workflows: the working copies that creators edit."""

    example = {
        "key": "purchase",
        "title": "Purchase approval",
        "fields": [{"FieldName": "amount", "FieldType": "number", "Required": True}],
    }
    rows = WORKFLOW_ROWS
    serializer_class = WorkflowSerializer
    filterset_class = WorkflowFilter
    orderings = {
        **VersionActions.orderings,
        **{name: name for name in ("key", "title", "status")},
    }

    def get_queryset(self) -> QuerySet[WorkflowDefinition]:
        return WorkflowDefinition.objects.all()

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return searched(queryset, text)

    def perform_create(self, values: dict[str, Any], **kwargs: Any) -> int:
        return workflows.workflow_create(user=caller(self.request), values=values).pk

    def perform_update(self, pk: int, values: dict[str, Any], expected: int | None) -> None:
        workflows.workflow_update(
            user=caller(self.request),
            workflow_id=pk,
            values=values,
            partial=self.request.method == "PATCH",
            expected=expected,
        )

    def perform_destroy(self, pk: int, expected: int | None) -> None:
        workflows.workflow_delete(user=caller(self.request), workflow_id=pk, expected=expected)

    @extend_schema(operation_id="set_task_order", request=TaskOrderSerializer, responses=TaskOrderSerializer)
    @action(detail=True, methods=["put"], url_path="task-order")
    def task_order(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Set the order of the workflow's tasks: all of them, each once."""
        pk, expected = self.checked(request)
        ids = self.body(request).get("tasks")
        if not isinstance(ids, list) or any(type(item) is not int for item in ids):
            raise invalid("must be a list of ids of tasks", attr="tasks", code="wrong_type")
        tasks.task_reorder(user=caller(request), workflow_id=pk, tasks=ids, expected=expected)
        return json_response({"tasks": ids})

    @extend_schema(operation_id="duplicate_workflow", request=DuplicateSerializer, responses={201: WorkflowSerializer})
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Copy a workflow with its tasks and transitions, without its ticket types, as a new draft."""
        pk, _ = self.checked(request)
        made = workflows.workflow_duplicate(user=caller(request), workflow_id=pk, values=self.body(request))
        return self.shown(made.pk, status=201)

    @extend_schema(operation_id="activate_workflow", request=None, responses=WorkflowSerializer)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Take new tickets. 409 without a published version."""
        return self._status(request, workflows.workflow_activate)

    @extend_schema(operation_id="deactivate_workflow", request=None, responses=WorkflowSerializer)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Take no new tickets; running ones go on. 409 without a published version."""
        return self._status(request, workflows.workflow_deactivate)

    @extend_schema(operation_id="archive_workflow", request=None, responses=WorkflowSerializer)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Put a workflow away: no new tickets, running ones go on."""
        return self._status(request, workflows.workflow_archive)

    def _status(self, request: Request, service: Callable[..., None]) -> HttpResponse:
        pk, _ = self.checked(request)
        service(user=caller(request), workflow_id=pk)
        return self.shown(pk)

    @extend_schema(
        operation_id="export_workflow",
        parameters=[
            OpenApiParameter("as", str, enum=["json", "yaml"], description="The form; json when absent."),
            OpenApiParameter("version", int, description="A published version; the working copy when absent."),
        ],
        responses={
            (200, "application/json"): BundleSerializer,
            (200, "application/yaml"): BundleSerializer,
        },
    )
    @action(detail=True, methods=["get"])
    def export(self, request: Request, **kwargs: Any) -> HttpResponse:
        """The working copy, or what a version was made from, as a document: uploading it brings that back."""
        form = choice_param(request, "as", ("json", "yaml"))
        found = export.export(workflow_id=int(kwargs["id"]), version=number_param(request, "version"))
        return document_response(found, form)
