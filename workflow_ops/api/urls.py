"""Below /api/: tickets, tasks, executions, incidents, and what of workflows needs runs."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from workflow_ops.api.attachments import AttachmentViewSet
from workflow_ops.api.attempts import AttemptViewSet
from workflow_ops.api.base import RunViewSet
from workflow_ops.api.callbacks import CallbackView
from workflow_ops.api.comments import CommentViewSet
from workflow_ops.api.executions import ExecutionViewSet
from workflow_ops.api.history import ExecutionLogViewSet, TicketHistoryViewSet
from workflow_ops.api.incidents import IncidentViewSet
from workflow_ops.api.signing_secrets import SigningSecretViewSet
from workflow_ops.api.stats import PublishImpactView, StatsView
from workflow_ops.api.tasks import TaskViewSet
from workflow_ops.api.tickets import TicketTypeViewSet, TicketViewSet
from workflow_ops.api.webhooks import WebhookDeliveryViewSet, WebhookViewSet

_ONE = r"(?P<id>[0-9]{1,18})/"


def _actions(name: str, view: type[RunViewSet], *actions: str) -> list[URLPattern]:
    """`{id}/{action}/` for each, a POST, with what its decorator says."""
    return [
        re_path(
            rf"^{_ONE}{action}/$",
            view.as_view({"post": action}, detail=True, **getattr(view, action).kwargs),
            name=f"{name}-{action}",
        )
        for action in actions
    ]


_tickets: list[URLPattern | URLResolver] = [
    path("", TicketViewSet.as_view({"get": "list", "post": "create"}), name="tickets"),
    re_path(rf"^{_ONE}$", TicketViewSet.as_view({"get": "retrieve"}, detail=True), name="ticket"),
    *_actions("tickets", TicketViewSet, "cancel", "hold", "resume"),
    re_path(
        r"^(?P<ticket_id>[0-9]{1,18})/",
        include(
            [
                path("history/", TicketHistoryViewSet.as_view({"get": "list"}), name="ticket-history"),
                path("comments/", CommentViewSet.as_view({"get": "list", "post": "create"}), name="ticket-comments"),
                path(
                    "attachments/",
                    AttachmentViewSet.as_view({"get": "list", "post": "create"}),
                    name="ticket-attachments",
                ),
                re_path(
                    rf"^attachments/{_ONE}$",
                    AttachmentViewSet.as_view({"get": "retrieve"}, detail=True),
                    name="ticket-attachment",
                ),
            ]
        ),
    ),
]
_tasks = [
    *_actions("tasks", TaskViewSet, "complete", "claim", "release", "assign", "save"),
    path("", TaskViewSet.as_view({"get": "list"}), name="tasks"),
    path("bulk/", TaskViewSet.as_view({"post": "bulk"}), name="tasks-bulk"),
    re_path(rf"^{_ONE}$", TaskViewSet.as_view({"get": "retrieve"}, detail=True), name="task"),
    re_path(r"^(?P<task_id>[0-9]{1,18})/attempts/$", AttemptViewSet.as_view({"get": "list"}), name="task-attempts"),
]
_executions = [
    path("", ExecutionViewSet.as_view({"get": "list"}), name="executions"),
    re_path(rf"^{_ONE}$", ExecutionViewSet.as_view({"get": "retrieve"}, detail=True), name="execution"),
    *_actions("executions", ExecutionViewSet, "cancel"),
    re_path(
        r"^(?P<execution_id>[0-9]{1,18})/logs/$", ExecutionLogViewSet.as_view({"get": "list"}), name="execution-logs"
    ),
]
_incidents = [
    path("", IncidentViewSet.as_view({"get": "list"}), name="incidents"),
    re_path(
        rf"^{_ONE}$",
        IncidentViewSet.as_view({"get": "retrieve", "patch": "partial_update"}, detail=True),
        name="incident",
    ),
    *_actions("incidents", IncidentViewSet, "retry", "skip"),
]
_webhooks: list[URLPattern | URLResolver] = [
    path("", WebhookViewSet.as_view({"get": "list", "post": "create"}), name="webhooks"),
    re_path(
        rf"^{_ONE}$",
        WebhookViewSet.as_view(
            {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}, detail=True
        ),
        name="webhook",
    ),
    re_path(
        rf"^{_ONE}rotate-secret/$",
        WebhookViewSet.as_view({"post": "rotate_secret"}, detail=True),
        name="webhooks-rotate-secret",
    ),
    *_actions("webhooks", WebhookViewSet, "test"),
    re_path(
        r"^(?P<webhook_id>[0-9]{1,18})/deliveries/",
        include(
            [
                path("", WebhookDeliveryViewSet.as_view({"get": "list"}), name="webhook-deliveries"),
                re_path(
                    rf"^{_ONE}$",
                    WebhookDeliveryViewSet.as_view({"get": "retrieve"}, detail=True),
                    name="webhook-delivery",
                ),
                re_path(
                    rf"^{_ONE}resend/$",
                    WebhookDeliveryViewSet.as_view({"post": "resend"}, detail=True),
                    name="webhook-delivery-resend",
                ),
            ]
        ),
    ),
]
# A prefix each, so that an address is compared with few patterns; what is called most comes first.
urlpatterns = [
    path("tasks/", include(_tasks)),
    path("tickets/", include(_tickets)),
    path("ticket-types/", TicketTypeViewSet.as_view({"get": "list"}), name="ticket-types"),
    re_path(r"^callbacks/(?P<task_id>[0-9]{1,18})/$", CallbackView.as_view(), name="callback"),
    path(
        "signing-secrets/",
        SigningSecretViewSet.as_view({"get": "list", "post": "create"}),
        name="signing-secrets",
    ),
    path("executions/", include(_executions)),
    re_path(
        r"^workflow/workflows/(?P<workflow_id>[0-9]{1,18})/execute/$",
        ExecutionViewSet.as_view({"post": "execute"}),
        name="execute-workflow",
    ),
    re_path(rf"^workflow/workflows/{_ONE}stats/$", StatsView.as_view(), name="workflow-stats"),
    re_path(rf"^workflow/workflows/{_ONE}publish-impact/$", PublishImpactView.as_view(), name="publish-impact"),
    path("incidents/", include(_incidents)),
    path("webhooks/", include(_webhooks)),
]
