"""/api/tickets/{ticket_id}/attachments/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from core.errors import invalid, not_found
from workflow_design.api.serializers import AuditSerializer
from workflow_ops import file_kinds, talk
from workflow_ops.api.comments import AdditionViewSet
from workflow_ops.models import Attachment
from workflow_ops.services.attachments import attachment_add

_MEDIA_TYPES = sorted({file_kinds.BYTES, *(kind.partition(";")[0] for kind in file_kinds.SERVED.values())})
_FILE = {
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}


class AttachmentSerializer(AuditSerializer):
    """A file of a ticket."""

    ticket = serializers.IntegerField()
    name = serializers.CharField()
    content_type = serializers.CharField(help_text="What it is served as.")
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField(help_text="Of the content, in hexadecimal.")


class AttachmentViewSet(AdditionViewSet):
    """Files of a ticket, oldest first. They are never changed."""

    rows = talk.ATTACHMENT_ROWS
    serializer_class = AttachmentSerializer
    parser_classes = [MultiPartParser]

    def get_queryset(self) -> QuerySet[Attachment]:
        return talk.attachments_of(self.ticket_id())

    @extend_schema(request=_FILE, responses={201: AttachmentSerializer})
    def create(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Add a file to a ticket; to a closed one too. Documents, pictures, sound and mails are taken."""
        ticket = self.ticket_id()
        files = request.FILES.getlist("file")
        if len(files) != 1 or not files[0].name:
            raise invalid("Send one file, in the form's field `file`.", attr="file", code="required")
        made = attachment_add(user=self.user, ticket_id=ticket, name=files[0].name, content=files[0].read())
        return self.answer(made.pk, status=201)

    @extend_schema(
        operation_id="download_ticket_attachment",
        responses={(200, kind): OpenApiResponse(OpenApiTypes.BINARY, "The file.") for kind in _MEDIA_TYPES},
    )
    def retrieve(self, request: Request, **kwargs: Any) -> HttpResponse:
        """The file itself, always as a download."""
        file = talk.attachment_content(self.ticket_id(), int(kwargs["id"]))
        if file is None:
            raise not_found()
        name, content_type, content = file
        return HttpResponse(
            content,
            content_type=content_type,
            headers={
                "Content-Disposition": content_disposition_header(True, name),
                # No browser shows it as a page, whatever it holds.
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "X-Content-Type-Options": "nosniff",
            },
        )
