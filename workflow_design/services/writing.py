"""What every write to a definition does: lock the workflow, look at the revision, hash, record."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from core.errors import not_found, stale
from core.models import Actor, record
from users.models import User
from workflow_design.kernel.document import Change, same
from workflow_design.models import TaskDefinition, TicketDefinition, WorkflowDefinition, WorkflowTransition

Row = WorkflowDefinition | TaskDefinition | WorkflowTransition | TicketDefinition
Entity = dict[str, Any]

SUBJECTS = {
    WorkflowDefinition: "workflow",
    TaskDefinition: "task",
    WorkflowTransition: "transition",
    TicketDefinition: "ticket_definition",
}
# Longer values are told in history by their beginning: the record says what changed, versions say to what.
_SHOWN = 500
# History tells this many of a bundle's differences; the rest are counted.
_NOTED = 200


def locked(workflow_id: int, expected: int | None = None) -> WorkflowDefinition:
    """The workflow, locked until the transaction ends: every write to its bundle begins here. 404, 412."""
    workflow = WorkflowDefinition.objects.select_for_update().filter(pk=workflow_id).first()
    if workflow is None:
        raise not_found()
    check_revision(workflow, expected)
    return workflow


def check_revision(row: Row, expected: int | None) -> None:
    """412 unless the locked row still has the revision that the caller read (None: no matter)."""
    if expected is not None and row.revision != expected:
        raise stale()


def with_key(values: Entity, taken: QuerySet[Any]) -> Entity:
    """`values` with a key: without one they get one made from the title, which no row of `taken` has."""
    if values.get("key") is not None:
        return values
    title = values.get("title")
    return {**values, "key": _free_key(title if isinstance(title, str) else "", taken)}


def _free_key(title: str, taken: QuerySet[Any]) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", slugify(title)).strip("-")[:56].strip("-") or "untitled"
    used = set(taken.filter(key__startswith=base).values_list("key", flat=True))
    key, number = base, 1
    while key in used:
        number += 1
        key = f"{base}-{number}"
    return key


def write(row: Row, values: Entity, content_hash: bytes) -> None:
    """Set `values` on an existing row and save it, one revision later."""
    for name, value in values.items():
        setattr(row, name, value)
    row.content_hash = content_hash
    row.revision += 1
    row.updated_at = timezone.now()
    row.save(update_fields=[*values, "content_hash", "revision", "updated_at"])


def changes(before: Entity, after: Entity) -> dict[str, Any]:
    """What differs, for history: name → before and after."""
    return {
        name: {"before": _short(before.get(name)), "after": _short(value)}
        for name, value in after.items()
        if not same(before.get(name), value)
    }


def brief(differences: list[Change]) -> Entity:
    """Differences between two bundles, for history: how many, and where the first of them are."""
    shown = [{"path": change["path"], "change": change["change"]} for change in differences[:_NOTED]]
    return {"differences": len(differences), "diff": shown}


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else str(value)
    return value if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text):,} characters)"


def noted(user: User | None, row: Row, what: str, detail: Entity | None = None) -> None:
    """Append to the history that `user` did `what` (created, updated, deleted, …) to `row`."""
    subject = SUBJECTS[type(row)]
    record(
        actor=Actor.of(user),
        event=f"{subject}.{what}",
        subject_type=subject,
        subject_id=row.pk,
        subject=str(row),
        detail=detail,
    )
