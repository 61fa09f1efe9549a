"""Below /api/workflow/."""

from typing import Any

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from workflow_design.api.access import AccessViewSet
from workflow_design.api.checks import SimulateView, ValidateView
from workflow_design.api.diagram import DiagramView
from workflow_design.api.documents import UploadView
from workflow_design.api.parts import TaskViewSet, TicketDefinitionViewSet, TransitionViewSet
from workflow_design.api.versions import VersionViewSet
from workflow_design.api.workflows import WorkflowViewSet

router = SimpleRouter()
router.register("workflows", WorkflowViewSet, "workflow")
router.register("tasks", TaskViewSet, "task")
router.register("transitions", TransitionViewSet, "transition")
router.register("tickets", TicketDefinitionViewSet, "ticket-definition")

_WORKFLOW = "workflows/(?P<workflow_id>[0-9]{1,18})"
_LIST: dict[str, Any] = {"get": "list", "post": "create"}
_NESTED = {"tasks": TaskViewSet, "transitions": TransitionViewSet, "tickets": TicketDefinitionViewSet}
_OF_ONE = {"validate": ValidateView, "simulate": SimulateView, "diagram": DiagramView}

urlpatterns = [
    *router.urls,
    path("upload/", UploadView.as_view(), name="upload"),
    path("access/", AccessViewSet.as_view({"get": "list", "post": "create", "delete": "revoke"}), name="ticket-access"),
    *(
        re_path(
            rf"^{_WORKFLOW}/{name}/$",
            view.as_view(_LIST),
            name=f"workflow-{name}",
        )
        for name, view in _NESTED.items()
    ),
    *(
        re_path(rf"^workflows/(?P<id>[0-9]{{1,18}})/{name}/$", view.as_view(), name=f"workflow-{name}")
        for name, view in _OF_ONE.items()
    ),
    re_path(
        rf"^{_WORKFLOW}/versions/$",
        VersionViewSet.as_view({"get": "list"}),
        name="workflow-versions",
    ),
    re_path(
        rf"^{_WORKFLOW}/versions/(?P<number>[0-9]{{1,9}})/$",
        VersionViewSet.as_view({"get": "retrieve"}),
        name="workflow-version",
    ),
]
