"""What people add to a ticket while it runs: comments and files. Triggers see to it that neither ever changes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Addition(models.Model):
    """Something that a person has added to a ticket, once and for all."""

    ticket = models.ForeignKey("workflow_ops.Ticket", on_delete=models.RESTRICT, related_name="%(class)ss")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


class Comment(Addition):
    """What somebody said about a ticket."""

    text = models.TextField()

    class Meta:
        db_table = "ticket_comments"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"comment {self.pk}"


class Attachment(Addition):
    """A file of a ticket, kept in the company's schema with everything else that is the company's."""

    name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=100, help_text="what it is served as")
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.BinaryField(max_length=32)
    content = models.BinaryField()

    class Meta:
        db_table = "ticket_attachments"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
