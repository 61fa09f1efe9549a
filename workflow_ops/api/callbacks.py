"""/api/callbacks/{task_id}/"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from core.openapi import errors
from core.permissions import Anyone
from workflow_ops.services.callbacks import callback_receive

_JSON = {"application/json": {"description": "Any JSON: what the output_transform of the task sees as `body`."}}


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, required=False, description=description)


class CallbackView(APIView):
    """Complete an ASYNC_ACTION: for the system that its call went to."""

    authentication_classes = ()
    permission_classes = (Anyone,)
    # What was signed are the bytes: they are read before anything makes sense of them.
    parser_classes: Any = ()

    @extend_schema(
        operation_id="receive_callback",
        tags=["callbacks"],
        parameters=[
            _header("webhook-id", "Of this delivery: a second one with the same id changes nothing."),
            _header("webhook-timestamp", "Seconds since 1970, at most five minutes away."),
            _header("webhook-signature", "As Standard Webhooks has it, with the secret that came with the call."),
        ],
        request=_JSON,
        responses={204: OpenApiResponse(description="It was taken."), **errors(401, 409)},
    )
    def post(self, request: Request, task_id: str) -> HttpResponse:
        """Signed as Standard Webhooks has it. A good one that comes before the call's own answer is kept until then."""
        callback_receive(task_id=int(task_id), headers=request.headers, body=request._request.body)
        return HttpResponse(status=204)
