"""Files of tickets."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import transaction

from core.errors import Fault, Refused, conflict, invalid
from core.models import Actor, record
from users.models import User
from workflow_ops import file_kinds
from workflow_ops.models import Attachment, Ticket

MAX_FILES = 100


@transaction.atomic
def attachment_add(*, user: User, ticket_id: int, name: str, content: bytes) -> Attachment:
    """Add a file to a ticket that the person sees; a closed one too.

    400 for a kind of file that isn't taken, 413 for more than `MAX_ATTACHMENT_BYTES`, 409 when the ticket has 100.
    """
    if len(content) > settings.MAX_ATTACHMENT_BYTES:
        detail = f"A file may have at most {settings.MAX_ATTACHMENT_BYTES:,} bytes."
        raise Refused([Fault("too_large", detail, "file")], status=413)
    plain = file_kinds.clean_name(name)
    if refusal := file_kinds.refusal(plain, content):
        raise invalid(refusal, attr="file", code="file_not_taken")
    Ticket.objects.select_for_update(no_key=True).get(pk=ticket_id)
    if Attachment.objects.filter(ticket=ticket_id).count() >= MAX_FILES:
        raise conflict(f"This ticket has {MAX_FILES} files: more are not taken.", code="too_many_files")
    digest = hashlib.sha256(content)
    attachment = Attachment.objects.create(
        ticket_id=ticket_id,
        name=plain,
        content_type=file_kinds.served_as(plain),
        size=len(content),
        sha256=digest.digest(),
        content=content,
        created_by=user,
    )
    record(
        actor=Actor.of(user),
        event="ticket.attached",
        subject_type="ticket",
        subject_id=ticket_id,
        subject=f"#{ticket_id}",
        detail={"attachment": attachment.pk, "name": plain, "size": len(content), "sha256": digest.hexdigest()},
    )
    return attachment
