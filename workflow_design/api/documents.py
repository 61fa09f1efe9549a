"""/api/workflow/upload/, and documents as answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from core.openapi import errors
from core.renderers import dump, json_response
from core.viewsets import flag_param
from users.permissions import IsWorkflowCreator, caller
from workflow_design.api.bundles import any_document
from workflow_design.api.parsers import DOCUMENT_PARSERS, YAML_TYPES
from workflow_design.api.serializers import UploadSerializer
from workflow_design.api.version_serializers import REFUSED
from workflow_design.kernel.document import to_yaml
from workflow_design.services.upload import Options, Uploaded, upload

EXAMPLE = {
    "format": "ticketflower/1",
    "workflow": {"key": "leave", "title": "Leave", "fields": [{"FieldName": "days", "FieldType": "integer"}]},
    "tasks": [
        {"key": "approve", "title": "Approve", "task_type": "FORM", "assignee_roles": ["manager"]},
        {"key": "plan", "title": "Plan the shifts", "task_type": "FORM"},
    ],
    "transitions": [
        {"from": None, "to": "approve"},
        {"from": "approve", "to": "plan", "condition": {">": [{"var": "days"}, 3]}},
        {"from": "approve", "to": None, "is_default": True},
        {"from": "plan", "to": None},
    ],
    "tickets": [{"key": "leave", "title": "Leave request", "fields": {"days": None}}],
}
FLAGS = {
    "dry_run": "Try it and tell what would change; write nothing.",
    "prune": "Remove tasks and ticket types that the document leaves out.",
    "publish": "Publish the result too; when that is refused, nothing is stored.",
    "accept_unproved": "Publish although something is unproved; the version records it.",
}


def document_response(document: dict[str, Any], form: str) -> HttpResponse:
    """A document as `json` or `yaml`."""
    if form == "yaml":
        return HttpResponse(to_yaml(document), content_type="application/yaml; charset=utf-8")
    return json_response(document)


class UploadView(APIView):
    """A whole bundle, or one of its parts."""

    permission_classes = [IsWorkflowCreator]
    parser_classes = DOCUMENT_PARSERS

    @extend_schema(
        operation_id="upload_definition",
        parameters=[OpenApiParameter(name, bool, description=text) for name, text in FLAGS.items()],
        request={
            "application/json": any_document(),
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            },
        },
        # Not in `content`: client generators stumble over types of body that they don't know.
        extensions={"x-also-takes": YAML_TYPES},
        responses={200: UploadSerializer, 201: UploadSerializer, **errors(409), **REFUSED},
        examples=[OpenApiExample("A workflow", EXAMPLE, request_only=True, media_type="application/json")],
    )
    def post(self, request: Request) -> HttpResponse:
        """Store a document: a bundle, a single workflow, task or ticket type, form steps, or an integration graph.

        As JSON, as YAML (`application/yaml`, `application/x-yaml` or `text/yaml`), or as a file of either.

        An upsert by key: what the document leaves out stays as it is, and the same document twice changes nothing.
        201 when it made a workflow, else 200. Errors: 400 with all of them, nothing written;
        so too with 422 when `publish` is refused.
        """
        options = Options(**{name: flag_param(request, name) for name in FLAGS})
        done = upload(user=caller(request), document=request.data, options=options)
        status = 201 if done.created and not options.dry_run else 200
        return HttpResponse(_answer(done), status=status, content_type="application/json")


def _answer(done: Uploaded) -> bytes:
    """Rows come as JSON text from the database; the rest is added behind them."""
    rest = dump(
        {
            "created": done.created,
            "changed": done.changed,
            "version": done.version,
            "published_version": done.published_version,
            "diff": done.diff,
            "problems": [problem.as_dict() for problem in done.problems],
            "proved": done.proved,
        }
    )
    rows = f'{{"workflow":{done.workflow},"tickets":[{",".join(done.tickets)}],'
    return rows.encode() + rest[1:]
