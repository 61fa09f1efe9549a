"""/api/workflow/workflows/{id}/validate/ and simulate/: they say what is so and write nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from core.errors import invalid
from core.renderers import json_response
from users.models import SystemRole
from users.permissions import HasRole
from workflow_design.api.content import AnyJSONField, JSONObjectField
from workflow_design.api.serializers import ProblemSerializer
from workflow_design.kernel.engine.marking import STATUSES
from workflow_design.services import checks, simulation


class ReadsDefinitions(HasRole):
    """Those who may read definitions, whatever the method: these calls write nothing."""

    roles = (SystemRole.WORKFLOW_CREATOR, SystemRole.TICKET_ADMIN, SystemRole.ADMIN)


class ValidationSerializer(serializers.Serializer[Any]):
    """What the checks say."""

    problems = ProblemSerializer(many=True)
    proved = serializers.BooleanField(help_text="True when there is no error and nothing is unproved.")
    assumptions = serializers.ListField(
        child=serializers.CharField(), help_text="What a proof takes for granted, in sentences."
    )


class SubmissionSerializer(serializers.Serializer[Any]):
    """What a simulation begins with, and how its tasks end."""

    data = JSONObjectField(  # type: ignore[assignment]
        required=False, help_text="Field name → value, as a requester submits them."
    )
    outputs = serializers.DictField(
        child=serializers.ListField(child=AnyJSONField()),
        required=False,
        help_text='Task key → its outputs, one for each time that it opens; {"_event": "error"} and '
        '{"_event": "timeout"} let it end that way.',
    )
    ticket = serializers.CharField(
        required=False, allow_null=True, help_text="Key of a ticket type: `data` is what its form asks for."
    )


class EvaluatedConditionSerializer(serializers.Serializer[Any]):
    """A condition that was looked at."""

    transition = serializers.IntegerField(help_text="Its place in the document.")
    value = serializers.BooleanField()
    inputs = JSONObjectField(help_text="The values that it read, by their paths.")


class SimulatedStepSerializer(serializers.Serializer[Any]):
    """One thing that happened: the start (`task` null), then the end of one task each."""

    task = serializers.CharField(allow_null=True)
    event = serializers.ChoiceField(choices=["started", "completed", "failed", "timed_out"])
    conditions = EvaluatedConditionSerializer(many=True)
    taken = serializers.ListField(
        child=serializers.IntegerField(), help_text="Transitions; implied starts and ends come after the document's."
    )


class SimulationSerializer(serializers.Serializer[Any]):
    """What would happen."""

    path = serializers.ListField(child=serializers.CharField(), help_text="Tasks in the order in which they open.")
    steps = SimulatedStepSerializer(many=True)
    status = serializers.ChoiceField(choices=STATUSES)
    open = serializers.ListField(child=serializers.CharField(), help_text="Tasks that wait for an output.")
    data = JSONObjectField(help_text="What the run holds in the end.")  # type: ignore[assignment]
    problems = ProblemSerializer(
        many=True, help_text="Paths below /data and /outputs point into the request, others into the document."
    )


class ValidateView(APIView):
    """The checks of a working copy."""

    permission_classes = [ReadsDefinitions]

    @extend_schema(operation_id="validate_workflow", request=None, responses=ValidationSerializer)
    def post(self, request: Request, id: str) -> HttpResponse:
        """Check the working copy: every problem, with its place in the exported document. Writes nothing."""
        report = checks.validate(workflow_id=int(id))
        return json_response(
            {
                "problems": [problem.as_dict() for problem in report.problems],
                "proved": report.proved,
                "assumptions": report.assumptions,
            }
        )


class SimulateView(APIView):
    """A run that isn't one."""

    permission_classes = [ReadsDefinitions]

    @extend_schema(
        operation_id="simulate_workflow",
        request=SubmissionSerializer,
        responses=SimulationSerializer,
        examples=[
            OpenApiExample(
                "An approved purchase",
                {"data": {"amount": 900}, "outputs": {"approve": [{"approved": True}]}},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Tell the path that a ticket takes, each condition's value, and where it stops. No side effect of any kind."""
        ticket = request.data.get("ticket") if type(request.data) is dict else None
        if ticket is not None and type(ticket) is not str:
            raise invalid("must be the key of a ticket type", attr="ticket", code="wrong_type")
        played = simulation.simulate(
            workflow_id=int(id),
            data=_object(request.data, "data"),
            outputs=_outputs(request.data),
            ticket=ticket,
        )
        return json_response(played.as_dict())


def _object(body: Any, name: str) -> dict[str, Any]:
    """A member of the body that is an object; an empty one when it is absent."""
    if type(body) is not dict:
        raise invalid("The body must be a JSON object.")
    value = body.get(name, {})
    if type(value) is not dict:
        raise invalid("must be an object", attr=name, code="wrong_type")
    return value


def _outputs(body: Any) -> dict[str, list[Any]]:
    """The outputs of each task; what they hold is looked at by the simulation."""
    outputs = _object(body, "outputs")
    for key, given in outputs.items():
        if type(given) is not list:
            message = "must be a list of outputs, one for each time that the task opens"
            raise invalid(message, attr=f"outputs.{key}", code="wrong_type")
    return outputs
