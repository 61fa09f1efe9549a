"""What people say about tickets."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from core.errors import invalid
from core.models import Actor, record
from users.models import User
from workflow_ops.models import Comment

MAX_TEXT = 20_000


@transaction.atomic
def comment_add(*, user: User, ticket_id: int, text: Any) -> Comment:
    """Say something about a ticket that the person sees; a closed one too. 400 for no text or more than 20,000
    characters."""
    if not isinstance(text, str):
        raise invalid("must be text", attr="text", code="wrong_type")
    if not text.strip():
        raise invalid("must not be empty", attr="text", code="required")
    if len(text) > MAX_TEXT:
        raise invalid(f"must have at most {MAX_TEXT:,} characters", attr="text", code="too_long")
    comment = Comment.objects.create(ticket_id=ticket_id, text=text, created_by=user)
    record(
        actor=Actor.of(user),
        event="ticket.commented",
        subject_type="ticket",
        subject_id=ticket_id,
        subject=f"#{ticket_id}",
        detail={"comment": comment.pk},
    )
    return comment
