"""Writes to a workflow's own values and its status."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from core.errors import conflict, not_found
from users.models import User
from workflow_design.kernel.document import content_hash, read_entity, same
from workflow_design.kernel.limits import MAX_TITLE
from workflow_design.models import Status, WorkflowDefinition
from workflow_design.services.bulk import create
from workflow_design.services.stored import WORKFLOW_KEYS, Entity, load, refuse_errors, seal
from workflow_design.services.writing import changes, locked, noted, with_key, write


def entity_of(workflow: WorkflowDefinition) -> Entity:
    """The workflow's own values in normal form."""
    return {key: getattr(workflow, key) for key in WORKFLOW_KEYS}


def checked(values: Any) -> Entity:
    """`values` in normal form; 400 with everything that can't be stored."""
    entity, problems = read_entity("workflow", values)
    refuse_errors(problems)
    return entity


@transaction.atomic
def workflow_create(*, user: User | None, values: Entity) -> WorkflowDefinition:
    """A new draft. Without a key it gets one made from its title. 400, 403 when the plan has no room."""
    entity = checked(with_key(values, WorkflowDefinition.objects.all()))
    workflow = create(user, {"workflow": entity, "tasks": [], "transitions": [], "tickets": []})
    noted(user, workflow, "created")
    return workflow


@transaction.atomic
def workflow_update(
    *, user: User | None, workflow_id: int, values: Entity, partial: bool, expected: int | None = None
) -> WorkflowDefinition:
    """Replace (or, `partial`, change) a workflow's own values. 404, 412, 400, 409."""
    workflow = locked(workflow_id, expected)
    before = entity_of(workflow)
    after = checked({**before, **values} if partial else {"key": workflow.key, **values})
    if not same(before, after):
        write(workflow, after, content_hash("workflow", after))
        seal(workflow)
        noted(user, workflow, "updated", changes(before, after))
    return workflow


@transaction.atomic
def workflow_duplicate(*, user: User | None, workflow_id: int, values: Entity) -> WorkflowDefinition:
    """A new draft with the workflow's tasks and transitions, without its ticket types. 404, 400, 409."""
    found = load(workflow_id)
    if found is None:
        raise not_found()
    old = found.bundle["workflow"]
    named = {"title": f"{old['title']} (copy)"[:MAX_TITLE]} | {
        name: values[name] for name in ("key", "title") if values.get(name) is not None
    }
    entity = checked({**old, **with_key(named, WorkflowDefinition.objects.all())})
    workflow = create(user, {**found.bundle, "workflow": entity, "tickets": []})
    noted(user, workflow, "created", {"copied_from": old["key"]})
    return workflow


@transaction.atomic
def workflow_delete(*, user: User | None, workflow_id: int, expected: int | None = None) -> None:
    """Delete a workflow with its tasks, transitions and ticket types. 404, 412, 409 while it has runs."""
    workflow = locked(workflow_id, expected)
    noted(user, workflow, "deleted")
    workflow.delete()


def workflow_activate(*, user: User | None, workflow_id: int) -> None:
    """Take new tickets. 409 without a published version."""
    _set_status(user, workflow_id, Status.ACTIVE, "activated")


def workflow_deactivate(*, user: User | None, workflow_id: int) -> None:
    """Take no new tickets for now; running ones go on. 409 without a published version."""
    _set_status(user, workflow_id, Status.DEPRECATED, "deactivated")


def workflow_archive(*, user: User | None, workflow_id: int) -> None:
    """Put away: no new tickets, running ones go on."""
    _set_status(user, workflow_id, Status.ARCHIVED, "archived")


@transaction.atomic
def _set_status(user: User | None, workflow_id: int, status: Status, event: str) -> None:
    workflow = locked(workflow_id)
    if workflow.status == status:
        return
    if status != Status.ARCHIVED and workflow.published_version is None:
        raise conflict("This workflow has no published version: publish it first.", code="not_published")
    before = workflow.status
    # Status is live and no part of the bundle: neither revision nor hash move.
    workflow.status = status
    workflow.updated_at = timezone.now()
    workflow.save(update_fields=["status", "updated_at"])
    noted(user, workflow, event, {"status": {"before": before, "after": status}})
