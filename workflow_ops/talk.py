"""Reading comments and files of tickets: what they look like, and who sees them."""

from __future__ import annotations

from django.db.models import QuerySet

from core.rows import Rows
from workflow_ops.models import Attachment, Comment


def _about(table: str, **columns: str) -> Rows:
    return Rows(
        id=f"{table}.id",
        company=":company::text",
        ticket=f"{table}.ticket_id",
        **columns,
        created_by=f"{table}.created_by_id",
        created_at=f"{table}.created_at",
        # They never change.
        updated_at=f"{table}.created_at",
    )


COMMENT_ROWS = _about(
    "ticket_comments",
    text="ticket_comments.text",
    author="""(SELECT coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.email)
        FROM users u WHERE u.id = ticket_comments.created_by_id)""",
)
ATTACHMENT_ROWS = _about(
    "ticket_attachments",
    name="ticket_attachments.name",
    content_type="ticket_attachments.content_type",
    size="ticket_attachments.size",
    sha256="encode(ticket_attachments.sha256, 'hex')",
)


def comments_of(ticket_id: int) -> QuerySet[Comment]:
    """What was said about a ticket."""
    return Comment.objects.filter(ticket=ticket_id)


def attachments_of(ticket_id: int) -> QuerySet[Attachment]:
    """The files of a ticket."""
    return Attachment.objects.filter(ticket=ticket_id)


def attachment_content(ticket_id: int, attachment_id: int) -> tuple[str, str, bytes] | None:
    """(name, content type, content) of a file; None when the ticket has no such file."""
    found = attachments_of(ticket_id).filter(pk=attachment_id)
    row = found.values_list("name", "content_type", "content").first()
    return (row[0], row[1], bytes(row[2])) if row else None
