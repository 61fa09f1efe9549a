"""/api/tickets/{ticket_id}/comments/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from core.errors import not_found
from workflow_design.api.serializers import AuditSerializer
from workflow_ops import selectors, talk
from workflow_ops.api.base import RunViewSet
from workflow_ops.models import Comment
from workflow_ops.services.comments import MAX_TEXT, comment_add


class AdditionViewSet(RunViewSet):
    """What people add to a ticket: whoever sees the ticket sees it, and adds to it; nobody changes it."""

    orderings = {"id": "pk", "created_at": "created_at", "updated_at": "created_at"}

    def ticket_id(self) -> int:
        """The ticket in the address; 404 when the caller doesn't see it."""
        pk = int(self.kwargs["ticket_id"])
        if not selectors.tickets_of(self.user).filter(pk=pk).exists():
            raise not_found()
        return pk


class CommentSerializer(AuditSerializer):
    """What somebody said about a ticket."""

    ticket = serializers.IntegerField(read_only=True)
    text = serializers.CharField(max_length=MAX_TEXT)
    author = serializers.CharField(read_only=True, help_text="The name of who said it; `created_by` is their id.")


class CommentViewSet(AdditionViewSet):
    """What people said about a ticket, oldest first. Comments are never changed."""

    rows = talk.COMMENT_ROWS
    serializer_class = CommentSerializer
    example = {"text": "The supplier has called: it comes a day later."}

    def get_queryset(self) -> QuerySet[Comment]:
        return talk.comments_of(self.ticket_id())

    def create(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Say something about a ticket; about a closed one too."""
        ticket = self.ticket_id()
        made = comment_add(user=self.user, ticket_id=ticket, text=self.object_body(request).get("text"))
        return self.answer(made.pk, status=201)
