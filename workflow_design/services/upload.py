"""Upload: a document on top of the working copy, in one transaction, with statements as few for a thousand tasks as
for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from core.errors import Fault, Refused
from users.models import User
from workflow_design.kernel.document import Change, Normalized, content_hash, diff, normalize, workflow_key
from workflow_design.kernel.problems import Problem
from workflow_design.models import TicketDefinition, WorkflowDefinition
from workflow_design.selectors import TICKET_ROWS, WORKFLOW_ROWS, version_of
from workflow_design.services import bulk, checks
from workflow_design.services.stored import Stored, errors, load, seal
from workflow_design.services.workflows import entity_of
from workflow_design.services.writing import brief, noted, write


@dataclass(slots=True)
class Uploaded:
    """What an upload did, or, as a dry run, would do."""

    workflow_id: int
    created: bool
    changed: bool
    diff: list[Change]
    problems: list[Problem]
    workflow: str
    """The workflow's row as JSON text, read before a dry run is undone."""
    tickets: list[str]
    """Its ticket types' rows, likewise."""
    version: int = 1
    published_version: int | None = None


def upload(*, user: User | None, document: Any, prune: bool = False, dry_run: bool = False) -> Uploaded:
    """Store a document in any of its forms; what it leaves out stays as it is.

    400 with every error of the document, nothing written. With `dry_run` everything is tried and undone.
    """
    try:
        return _try(user, document, prune, dry_run)
    except IntegrityError:
        # Another upload made a row with one of these keys since we looked: now it is there to be seen.
        return _try(user, document, prune, dry_run)


def _try(user: User | None, document: Any, prune: bool, dry_run: bool) -> Uploaded:
    with transaction.atomic():
        answer = _upload(user, document, prune)
        if dry_run:
            transaction.set_rollback(True)
    return answer


def _upload(user: User | None, document: Any, prune: bool) -> Uploaded:
    key = workflow_key(document)
    workflow = WorkflowDefinition.objects.select_for_update().filter(key=key).first() if key else None
    current = load(workflow.pk) if workflow else None
    found = normalize(document, current=current.bundle if current else None, prune=prune)
    if found.errors:
        raise Refused(errors(found.problems))
    if workflow is None and "workflow" not in found.sections:
        raise Refused([Fault("unknown_workflow", f'There is no workflow with the key "{key}": upload it first.', None)])
    problems = [*found.problems, *checks.located(found, document)]
    before = current.bundle if current else None
    differences = diff(before, found.after)
    if not differences and workflow is not None:
        return _answer(workflow, False, [], problems)
    created = workflow is None
    if workflow is None:
        workflow = bulk.insert_workflow(user, found.after["workflow"])
        current = Stored.empty(workflow.pk)
    elif entity_of(workflow) != found.after["workflow"]:
        write(workflow, found.after["workflow"], content_hash("workflow", found.after["workflow"]))
    assert current is not None
    _refuse_taken_keys(found, current)
    bulk.store(user, current, found.after)
    seal(workflow)
    noted(user, workflow, "created" if created else "uploaded", {"prune": prune, **brief(differences)})
    return _answer(workflow, created, differences, problems)


def _answer(
    workflow: WorkflowDefinition, created: bool, differences: list[Change], problems: list[Problem]
) -> Uploaded:
    row = WORKFLOW_ROWS.one(WorkflowDefinition.objects.filter(pk=workflow.pk))
    tickets = TICKET_ROWS.all(TicketDefinition.objects.filter(workflow=workflow).order_by("pk"))
    assert row is not None
    return Uploaded(
        workflow.pk,
        created,
        bool(differences),
        differences,
        problems,
        row[0],
        tickets,
        version=version_of(workflow),
        published_version=workflow.published_version,
    )


def _refuse_taken_keys(found: Normalized, current: Stored) -> None:
    """400 for new ticket types whose key another workflow's has: keys of ticket types are the company's."""
    new = {ticket["key"] for ticket in found.after["tickets"]} - current.tickets.keys()
    if not new:
        return
    taken = set(TicketDefinition.objects.filter(key__in=new).values_list("key", flat=True))
    clashes = [
        Problem(
            "error",
            "key_taken",
            f'another workflow has a ticket type with the key "{ticket["key"]}"',
            found.locate(f"/tickets/{index}/key"),
        )
        for index, ticket in enumerate(found.after["tickets"])
        if ticket["key"] in taken
    ]
    if clashes:
        raise Refused(errors(clashes))
