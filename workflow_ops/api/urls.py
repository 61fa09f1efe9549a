"""Below /api/: tickets, tasks, executions, incidents, and what of workflows needs runs."""

from django.urls import path, re_path

from workflow_ops.api.executions import ExecutionViewSet
from workflow_ops.api.incidents import IncidentViewSet
from workflow_ops.api.tasks import TaskViewSet
from workflow_ops.api.tickets import TicketTypeViewSet, TicketViewSet

_ONE = r"(?P<id>[0-9]{1,18})/"


def _detail(prefix: str, view: type, **actions: str) -> list:
    """`{prefix}{id}/` and one POST or GET below it for each action."""
    return [
        re_path(rf"^{prefix}/{_ONE}{name}/$", view.as_view({method: name}, detail=True), name=f"{prefix}-{name}")
        for name, method in actions.items()
    ]


urlpatterns = [
    path("ticket-types/", TicketTypeViewSet.as_view({"get": "list"}), name="ticket-types"),
    path("tickets/", TicketViewSet.as_view({"get": "list", "post": "create"}), name="tickets"),
    re_path(rf"^tickets/{_ONE}$", TicketViewSet.as_view({"get": "retrieve"}, detail=True), name="ticket"),
    *_detail("tickets", TicketViewSet, cancel="post", hold="post", resume="post", history="get"),
    path("tasks/", TaskViewSet.as_view({"get": "list"}), name="tasks"),
    path("tasks/bulk/", TaskViewSet.as_view({"post": "bulk"}), name="tasks-bulk"),
    re_path(rf"^tasks/{_ONE}$", TaskViewSet.as_view({"get": "retrieve"}, detail=True), name="task"),
    *_detail("tasks", TaskViewSet, claim="post", release="post", assign="post", save="post", complete="post"),
    path("executions/", ExecutionViewSet.as_view({"get": "list"}), name="executions"),
    re_path(rf"^executions/{_ONE}$", ExecutionViewSet.as_view({"get": "retrieve"}, detail=True), name="execution"),
    *_detail("executions", ExecutionViewSet, logs="get"),
    re_path(
        r"^workflow/workflows/(?P<workflow_id>[0-9]{1,18})/execute/$",
        ExecutionViewSet.as_view({"post": "execute"}),
        name="execute-workflow",
    ),
    path("incidents/", IncidentViewSet.as_view({"get": "list"}), name="incidents"),
    re_path(
        rf"^incidents/{_ONE}$",
        IncidentViewSet.as_view({"get": "retrieve", "patch": "partial_update"}, detail=True),
        name="incident",
    ),
    *_detail("incidents", IncidentViewSet, retry="post", skip="post"),
]
