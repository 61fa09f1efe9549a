"""/api/executions/, and running a workflow without a ticket."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from workflow_ops import selectors
from workflow_ops.api.base import RunsWorkflows, RunViewSet
from workflow_ops.api.filters import ExecutionFilter
from workflow_ops.api.serializers import ExecuteSerializer, ExecutionSerializer
from workflow_ops.models import WorkflowInstance
from workflow_ops.services import tickets
from workflow_ops.services.idempotency import once


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

    @extend_schema(operation_id="cancel_execution", request=None, responses=ExecutionSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> HttpResponse:
        """End an execution without a result, with its ticket where it has one."""
        pk = self.seen(**kwargs)
        tickets.run_cancel(user=self.user, instance_id=pk)
        return self.answer(pk)

    def _execute(self, request: Request, **kwargs: Any) -> HttpResponse:
        values = self.object_body(request)
        made = tickets.execution_start(
            user=self.user,
            workflow_id=int(kwargs["workflow_id"]),
            data=values.get("input", {}),
            conversation=values.get("conversation", ""),
        )
        return self.answer(made.pk, status=201)
