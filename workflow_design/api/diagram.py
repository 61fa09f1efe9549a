"""/api/workflow/workflows/{id}/diagram/: the picture of a workflow."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from core.renderers import json_response
from users.permissions import IsWorkflowCreator
from workflow_design.api.parsers import choice_param
from workflow_design.api.serializers import ProblemSerializer
from workflow_design.api.versions import number_param
from workflow_design.diagram import flow_json, mermaid
from workflow_design.diagram.model import MARKS
from workflow_design.diagram_response import SVGResponse
from workflow_design.models import Event, Gate
from workflow_design.services.diagrams import workflow_diagram

_FORMS = ("svg", "mermaid", "json")


class PositionSerializer(serializers.Serializer[Any]):
    """The upper left corner, in pixels."""

    x = serializers.FloatField()
    y = serializers.FloatField()


class DiagramNodeDataSerializer(serializers.Serializer[Any]):
    """What a node shows."""

    optional_in_answers = ("task", "mark", "join", "split")

    label = serializers.CharField()  # type: ignore[assignment]
    task = serializers.CharField(required=False, help_text="The task's key.")
    mark = serializers.ChoiceField(choices=list(MARKS), required=False, help_text="What kind of task it is.")
    who = serializers.CharField(allow_blank=True, help_text="Who or what does it, in a few words.")
    join = serializers.ChoiceField(choices=Gate.choices, required=False, help_text="Where several ways lead here.")
    split = serializers.ChoiceField(choices=Gate.choices, required=False, help_text="Where several ways lead on.")
    exits = serializers.ListField(
        child=serializers.ChoiceField(choices=["error", "timeout"]), help_text="What else leads on from here."
    )
    problems = ProblemSerializer(many=True)


class DiagramNodeSerializer(serializers.Serializer[Any]):
    """A start, an end or a task."""

    id = serializers.CharField()
    type = serializers.ChoiceField(choices=["start", "end", "task"])
    position = PositionSerializer()
    width = serializers.FloatField()
    height = serializers.FloatField()
    data = DiagramNodeDataSerializer()  # type: ignore[assignment]


class DiagramEdgeDataSerializer(serializers.Serializer[Any]):
    """What an edge shows."""

    optional_in_answers = ("transition",)

    transition = serializers.IntegerField(
        required=False, help_text="Its place in the document, unless it goes without saying."
    )
    on_event = serializers.ChoiceField(choices=Event.choices)
    condition = serializers.CharField(allow_blank=True, help_text="In words.")
    is_default = serializers.BooleanField()
    priority = serializers.IntegerField()
    problems = ProblemSerializer(many=True)


class DiagramEdgeSerializer(serializers.Serializer[Any]):
    """A transition."""

    id = serializers.CharField()
    source = serializers.CharField(help_text="Id of a node.")  # type: ignore[assignment]
    target = serializers.CharField(help_text="Id of a node.")
    type = serializers.ChoiceField(choices=["default"])
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    data = DiagramEdgeDataSerializer()  # type: ignore[assignment]


class DiagramSerializer(serializers.Serializer[Any]):
    """A workflow as nodes and edges, as @xyflow/react takes them."""

    title = serializers.CharField()
    nodes = DiagramNodeSerializer(many=True)
    edges = DiagramEdgeSerializer(many=True)
    problems = ProblemSerializer(many=True)


class DiagramView(APIView):
    """The picture of a workflow."""

    permission_classes = [IsWorkflowCreator]

    @extend_schema(
        operation_id="get_diagram",
        parameters=[
            OpenApiParameter("as", str, enum=list(_FORMS), description="The form; svg when absent."),
            OpenApiParameter("version", int, description="A published version; the working copy when absent."),
        ],
        responses={
            (200, "image/svg+xml"): OpenApiResponse(str, description="The picture."),
            (200, "text/vnd.mermaid"): OpenApiResponse(str, description="The text of a Mermaid flowchart."),
            (200, "application/json"): DiagramSerializer,
        },
    )
    def get(self, request: Request, **kwargs: Any) -> HttpResponse:
        """A layered picture with problems marked on it: as SVG, as a Mermaid flowchart, or for @xyflow/react.

        The working copy with the problems that it has now, or a version with those it was published with.
        """
        form = choice_param(request, "as", _FORMS)
        found = workflow_diagram(workflow_id=int(kwargs["id"]), version=number_param(request, "version"))
        if form == "json":
            return json_response(flow_json(found))
        if form == "mermaid":
            return HttpResponse(mermaid(found), content_type="text/vnd.mermaid; charset=utf-8")
        return SVGResponse(found)
