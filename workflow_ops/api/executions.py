"""/api/executions/, and running a workflow without a ticket."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from users.models import SystemRole
from users.permissions import HasRole
from workflow_ops import selectors
from workflow_ops.api.base import RunViewSet
from workflow_ops.api.filters import ExecutionFilter
from workflow_ops.api.serializers import ExecuteSerializer, ExecutionSerializer, LogSerializer
from workflow_ops.logs import LOG_ROWS
from workflow_ops.models import WorkflowInstance
from workflow_ops.services import tickets
from workflow_ops.services.idempotency import once


class RunsWorkflows(HasRole):
    """Ticket admins see every execution, creators those they started."""

    roles = (SystemRole.TICKET_ADMIN, SystemRole.WORKFLOW_CREATOR)


class ExecutionViewSet(RunViewSet):
    """Executions: every run of a workflow, with a ticket or without."""

    permission_classes = [RunsWorkflows]
    rows = selectors.EXECUTION_ROWS
    serializer_class = ExecutionSerializer
    filterset_class = ExecutionFilter
    orderings = {**RunViewSet.orderings, "status": "status", "started_at": "started_at"}

    def get_queryset(self) -> QuerySet[WorkflowInstance]:
        return selectors.executions_of(self.user)

    @extend_schema(operation_id="execute_workflow", request=ExecuteSerializer, responses={201: ExecutionSerializer})
    def execute(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Run a workflow without a ticket."""
        return once(request, self.user, lambda: self._execute(request, **kwargs))

    def _execute(self, request: Request, **kwargs: Any) -> HttpResponse:
        values = self.object_body(request)
        made = tickets.execution_start(
            user=self.user,
            workflow_id=int(kwargs["workflow_id"]),
            data=values.get("input", {}),
            conversation=values.get("conversation", ""),
        )
        return self.answer(made.pk, status=201)

    @extend_schema(operation_id="list_execution_logs", responses=LogSerializer(many=True))
    @action(detail=True, methods=["get"])
    def logs(self, request: Request, **kwargs: Any) -> HttpResponse:
        """What happened in an execution, task by task."""
        pk = self.seen(**kwargs)
        return self.page_response(request, selectors.history_of_run(pk).order_by("pk"), LOG_ROWS)
