"""Published versions beside the working copy: what differs, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core.errors import invalid, not_found
from users.models import User
from workflow_design.kernel.document import Bundle, Change, diff
from workflow_design.kernel.document.words import sentences
from workflow_design.models import WorkflowDefinition, WorkflowVersion
from workflow_design.services.bulk import rewrite
from workflow_design.services.stored import load
from workflow_design.services.writing import brief, locked, noted

MAX_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two versions, by number: `before` None is nothing, `after` None the working copy."""

    before: int | None
    after: int | None
    changes: list[Change]
    text: list[str]


def written(version: WorkflowVersion) -> Bundle:
    """The bundle that a version was made from: without the starts and ends that publishing wrote out.

    So a restored version is the same working copy again, and not one that differs in what goes without saying.
    """
    transitions = version.document["transitions"]
    return {**version.document, "transitions": transitions[: len(transitions) - version.implied]}


def version_bundle(*, workflow_id: int, number: int) -> Bundle:
    """What a version was made from. 404."""
    found = WorkflowVersion.objects.filter(workflow_id=workflow_id, number=number).first()
    if found is None:
        raise not_found()
    return written(found)


def version_diff(*, workflow_id: int, before: int | None, after: int | None) -> Difference:
    """What changed from the version `before` (None: the published one, if there is one) to `after` (None: the working
    copy). 404.

    Who may open ticket types is live, no part of any version, and not compared.
    """
    current = load(workflow_id)
    if current is None:
        raise not_found()
    if before is None:
        before = WorkflowDefinition.objects.values_list("published_version", flat=True).get(pk=workflow_id)
    old = None if before is None else version_bundle(workflow_id=workflow_id, number=before)
    new = current.bundle if after is None else version_bundle(workflow_id=workflow_id, number=after)
    if old is not None:
        old = _with_access(old, new)
    changes = diff(old, new)
    return Difference(before, after, changes, sentences(changes, old, new))


@transaction.atomic
def version_restore(*, user: User | None, workflow_id: int, number: Any, expected: int | None = None) -> None:
    """Make the working copy what a version was made from; ticket types that exist keep who may open them.

    404, 412, 400 for a number that is none of its versions', 409 when a key has been given to another workflow or
    ticket type since, or a ticket type that the version doesn't have is used.
    """
    workflow = locked(workflow_id, expected)
    version = None
    if type(number) is int and 0 < number <= MAX_NUMBER:
        version = WorkflowVersion.objects.filter(workflow=workflow, number=number).first()
    if version is None:
        raise invalid("This workflow has no such version.", attr="version", code="unknown_version")
    current = load(workflow_id)
    assert current is not None
    after = _with_access(written(version), current.bundle)
    changes = diff(current.bundle, after)
    if not changes:
        return
    rewrite(user, workflow, current, after)
    noted(user, workflow, "restored", {"version": number, **brief(changes)})


def _with_access(bundle: Bundle, live: Bundle) -> Bundle:
    """`bundle` with who may open its ticket types as in `live`, where it has them."""
    access = {ticket["key"]: ticket["company_role_access"] for ticket in live["tickets"]}
    tickets = [
        {**ticket, "company_role_access": access.get(ticket["key"], ticket["company_role_access"])}
        for ticket in bundle["tickets"]
    ]
    return {**bundle, "tickets": tickets}
