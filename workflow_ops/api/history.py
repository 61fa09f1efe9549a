"""/api/tickets/{id}/history/ and /api/executions/{id}/logs/"""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view

from core.errors import not_found
from core.models import History
from core.rows import Rows
from users.models import SystemRole
from workflow_ops import selectors
from workflow_ops.api.base import RunsWorkflows, RunViewSet
from workflow_ops.api.comments import AdditionViewSet
from workflow_ops.api.serializers import HistoryEntrySerializer, LogEntrySerializer
from workflow_ops.logs import LOG_ROWS


@extend_schema_view(list=extend_schema(operation_id="list_ticket_history"))
class TicketHistoryViewSet(AdditionViewSet):
    """What happened to a ticket, oldest first; the conditions that were evaluated are shown to ticket admins."""

    serializer_class = HistoryEntrySerializer
    orderings = {"id": "pk", "created_at": "at", "updated_at": "at"}

    @property
    def rows(self) -> Rows:  # type: ignore[override]
        return selectors.HISTORY_ROWS.bound(everything=self.user.has_role(SystemRole.TICKET_ADMIN))

    def get_queryset(self) -> QuerySet[History]:
        return selectors.history_of("ticket", self.ticket_id())


@extend_schema_view(list=extend_schema(operation_id="list_execution_logs"))
class ExecutionLogViewSet(RunViewSet):
    """What happened in an execution, task by task, oldest first."""

    permission_classes = [RunsWorkflows]
    rows = LOG_ROWS
    serializer_class = LogEntrySerializer
    orderings = {"id": "pk", "created_at": "at", "updated_at": "at"}

    def get_queryset(self) -> QuerySet[History]:
        pk = int(self.kwargs["execution_id"])
        if not selectors.executions_of(self.user).filter(pk=pk).exists():
            raise not_found()
        return selectors.history_of_run(pk)
