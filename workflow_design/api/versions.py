"""Versions of a workflow: publishing, looking at them, going back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request

from core.errors import invalid, not_found
from core.openapi import errors
from core.renderers import json_response
from core.viewsets import integer_param
from users.permissions import caller
from workflow_design.api.base import DefinitionViewSet
from workflow_design.api.serializers import WorkflowSerializer
from workflow_design.api.version_serializers import (
    REFUSED,
    DiffSerializer,
    PublishedSerializer,
    PublishSerializer,
    RestoreSerializer,
    VersionDetailSerializer,
    VersionSerializer,
)
from workflow_design.kernel import limits
from workflow_design.models import WorkflowVersion
from workflow_design.selectors import VERSION, VERSION_ROWS
from workflow_design.services import publish, versions

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The workflow's ETag you have read: 412 if it has changed."
)


def number_param(request: Request, name: str) -> int | None:
    """The number of a version from the query, None when it is absent; 400 for what can't be one."""
    return integer_param(request, name, 0, least=1, most=versions.MAX_NUMBER) or None


class VersionActions(DefinitionViewSet):
    """What `WorkflowViewSet` offers of versions."""

    @extend_schema(
        operation_id="publish_workflow",
        parameters=[IF_MATCH],
        request=PublishSerializer,
        responses={200: PublishedSerializer, 201: PublishedSerializer, **errors(412), **REFUSED},
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Check the working copy and freeze it as the next version: 201, and a draft becomes active.

        422 with `problems` when there is an error; so too when something is unproved, unless `accept_unproved` is
        true. While nothing differs from the published version the answer is 200 with that version.
        """
        pk, expected = self.checked(request)
        values = self.body(request)
        note, accept = values.get("note", ""), values.get("accept_unproved", False)
        if not isinstance(note, str) or len(note) > limits.MAX_PROSE:
            raise invalid(f"must be text of at most {limits.MAX_PROSE:,} characters", attr="note", code="wrong_type")
        if type(accept) is not bool:
            raise invalid("must be true or false", attr="accept_unproved", code="wrong_type")
        done = publish.workflow_publish(
            user=caller(request), workflow_id=pk, note=note, accept_unproved=accept, expected=expected
        )
        answer = {"version": done.version, "problems": done.problems, "proved": done.proved}
        return json_response(answer, status=201 if done.made else 200)

    @extend_schema(
        operation_id="diff_versions",
        parameters=[
            OpenApiParameter("from", int, description="A version; the published one when absent."),
            OpenApiParameter("to", str, description="A version, or `draft`, the working copy, as when absent."),
        ],
        responses=DiffSerializer,
    )
    @action(detail=True, methods=["get"])
    def diff(self, request: Request, **kwargs: Any) -> HttpResponse:
        """What differs between two versions, or a version and the working copy: in detail, and in sentences.

        Who may open ticket types is live, and not compared. Before the first version everything is added.
        """
        before = number_param(request, "from")
        after = None if request.query_params.get("to") == "draft" else number_param(request, "to")
        found = versions.version_diff(workflow_id=int(kwargs["id"]), before=before, after=after)
        return json_response({"from": found.before, "to": found.after, "diff": found.changes, "text": found.text})

    @extend_schema(
        operation_id="restore_version",
        parameters=[IF_MATCH],
        request=RestoreSerializer,
        responses={200: WorkflowSerializer, **errors(412)},
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Make the working copy what a version was made from. Publishing it then makes a new version.

        Ticket types that exist keep who may open them.
        """
        pk, expected = self.checked(request)
        number = self.body(request).get("version")
        versions.version_restore(user=caller(request), workflow_id=pk, number=number, expected=expected)
        return self.shown(pk)


@extend_schema_view(list=extend_schema(operation_id="list_versions"))
class VersionViewSet(DefinitionViewSet):
    """Published versions: numbered 1, 2, 3, …; they never change."""

    rows = VERSION_ROWS
    serializer_class = VersionSerializer
    revision = None
    orderings = {**DefinitionViewSet.orderings, "version": "number"}

    def get_queryset(self) -> QuerySet[WorkflowVersion]:
        return self.narrowed(WorkflowVersion.objects.all())

    @extend_schema(operation_id="get_version", responses=VersionDetailSerializer)
    def retrieve(self, request: Request, **kwargs: Any) -> HttpResponse:
        """One version with its document, starts and ends written out, and with what the checks found."""
        found = VERSION.one(self.get_queryset().filter(number=int(kwargs["number"])))
        if found is None:
            raise not_found()
        return HttpResponse(found[0].encode(), content_type="application/json")
