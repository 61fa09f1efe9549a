"""What rows of every app have in common, and the append-only record of what happened."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.db import fetch_all
from core.fields import OrderedJSONField, dump_json


class BaseModel(models.Model):
    """Who made a row and when; `updated_at` is set by the services that write it."""

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        # Nobody is ever deleted, so there is nothing for the database to check at each of many rows.
        db_constraint=False,
        db_index=False,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class History(models.Model):
    """One thing that happened: written in the transaction that did it, never changed (triggers see to that)."""

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor_id = models.BigIntegerField(null=True, editable=False, help_text="id of the person; empty for the system")
    actor = models.CharField(max_length=254, editable=False, help_text="the person's address at that time")
    subject_type = models.CharField(max_length=40, editable=False)
    subject_id = models.BigIntegerField(null=True, editable=False)
    subject = models.CharField(max_length=255, editable=False, help_text="what it was called at that time")
    event = models.CharField(max_length=60, editable=False)
    detail = OrderedJSONField(default=dict, editable=False)

    class Meta:
        db_table = "history"
        verbose_name_plural = "history"
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_type", "subject_id", "id"], name="history_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.event} {self.subject}"


class Actor:
    """Who does something, as history knows them: nobody (`Actor()`) is the system itself."""

    __slots__ = ("id", "name")

    def __init__(self, id: int | None = None, name: str = "system") -> None:
        self.id = id
        self.name = name

    @classmethod
    def of(cls, user: Any) -> Actor:
        """The actor that `user` (a person, or None for the system) is."""
        return cls() if user is None else cls(user.pk, user.email)


def record(
    *,
    actor: Actor,
    event: str,
    subject_type: str,
    subject_id: int | None,
    subject: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Append to the history, in the caller's transaction: `event` is `<subject type>.<what happened>`."""
    values = [timezone.now(), actor.id, actor.name, event, subject_type, subject_id, subject[:255]]
    # Every write pays for this one: without a model object it costs half, prepared half of that.
    fetch_all(_RECORD, [*values, dump_json(detail or {})])


_RECORD = """
INSERT INTO history (at, actor_id, actor, event, subject_type, subject_id, subject, detail)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s::json) RETURNING id
"""
