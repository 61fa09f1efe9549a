"""Upload: a document on top of the working copy, in one transaction, with statements as few for a thousand tasks as
for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from core.errors import Fault, Refused
from users.models import User
from workflow_design.kernel.document import Change, Normalized, diff, normalize, workflow_key
from workflow_design.kernel.problems import Problem
from workflow_design.models import TicketDefinition, WorkflowDefinition
from workflow_design.selectors import TICKET_ROWS, WORKFLOW_ROWS, has_changes, version_of
from workflow_design.services import bulk, checks
from workflow_design.services.publish import freeze
from workflow_design.services.stored import Stored, errors, load_by_key
from workflow_design.services.writing import brief, noted


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
    proved: bool
    version: int
    published_version: int | None


@dataclass(frozen=True, slots=True)
class Options:
    """How to upload. `prune`: remove tasks and ticket types that the document leaves out. `publish`: publish the result
    too, or store nothing; with `accept_unproved` also what is unproved. `dry_run`: try everything and undo it.
    """

    prune: bool = False
    dry_run: bool = False
    publish: bool = False
    accept_unproved: bool = False


def upload(*, user: User | None, document: Any, options: Options = Options()) -> Uploaded:
    """Store a document in any of its forms; what it leaves out stays as it is.

    400 with every error of the document, or 422 when it is to be published and can't be: then nothing is written.
    """
    read = _read(document, options)
    examined = checks.examine(read.found.after)  # before anything is locked
    try:
        return _try(user, document, options, read, examined, look=False)
    except IntegrityError:
        # There is a row with one of these keys already, perhaps only since we began. Which, is looked up now: an upload
        # that nothing stands against need not ask.
        return _try(user, document, options, _read(document, options), examined, look=True)


@dataclass(frozen=True, slots=True)
class _Read:
    """A document and what it was read on top of; None where there is no such workflow yet."""

    current: Stored | None
    found: Normalized

    def is_of(self, workflow: WorkflowDefinition | None) -> bool:
        """Whether the working copy is still what it was."""
        if workflow is None or self.current is None:
            return workflow is None and self.current is None
        return (workflow.pk, workflow.revision) == (self.current.workflow_id, self.current.revision)


def _read(document: Any, options: Options) -> _Read:
    key = workflow_key(document)
    current = load_by_key(key) if key else None
    found = normalize(document, current=current.bundle if current else None, prune=options.prune)
    if found.errors:
        raise Refused(errors(found.problems))
    if current is None and "workflow" not in found.sections:
        raise Refused([Fault("unknown_workflow", f'There is no workflow with the key "{key}": upload it first.', None)])
    return _Read(current, found)


def _try(
    user: User | None, document: Any, options: Options, read: _Read, examined: checks.Examined, *, look: bool
) -> Uploaded:
    with transaction.atomic():
        answer = _upload(user, document, options, read, examined, look=look)
        if options.dry_run:
            transaction.set_rollback(True)
    return answer


def _upload(
    user: User | None, document: Any, options: Options, read: _Read, examined: checks.Examined, *, look: bool
) -> Uploaded:
    # Whether somebody has made it meanwhile, the constraint on keys says.
    workflow = None
    if read.current is not None:
        workflow = WorkflowDefinition.objects.select_for_update().filter(pk=read.current.workflow_id).first()
    if not read.is_of(workflow):
        read = _read(document, options)  # somebody has written to it meanwhile
    current, found = read.current, read.found
    if look:
        _refuse_taken_keys(found, current)
    if workflow is None or current is None:
        with bulk.creating(user, found.after) as making:
            differences = diff(None, found.after)
            made = making()
        workflow, shown = made.workflow, (made.row, made.tickets)
    else:
        differences, shown = diff(current.bundle, found.after), None
        if differences:
            bulk.rewrite(user, workflow, current, found.after)
    report = checks.report(found.after, examined)
    problems = [*found.problems, *checks.located(report.problems, found, document)]
    created = shown is not None
    if differences:
        noted(user, workflow, "created" if created else "uploaded", {"prune": options.prune, **brief(differences)})
    if options.publish and has_changes(workflow):
        freeze(user, workflow, found.after, report, accept_unproved=options.accept_unproved, shown=problems)
        shown = None
    row, tickets = shown or _rows_of(workflow)
    return Uploaded(
        workflow_id=workflow.pk,
        created=created,
        changed=bool(differences),
        diff=differences,
        problems=problems,
        workflow=row,
        tickets=tickets,
        proved=report.proved,
        version=version_of(workflow),
        published_version=workflow.published_version,
    )


def _rows_of(workflow: WorkflowDefinition) -> tuple[str, list[str]]:
    """A workflow and its ticket types as they are shown."""
    row = WORKFLOW_ROWS.one(WorkflowDefinition.objects.filter(pk=workflow.pk))
    assert row is not None
    return row[0], TICKET_ROWS.all(TicketDefinition.objects.filter(workflow=workflow).order_by("pk"))


def _refuse_taken_keys(found: Normalized, current: Stored | None) -> None:
    """400 for new ticket types whose key another workflow's has: keys of ticket types are the company's."""
    new = {ticket["key"] for ticket in found.after["tickets"]} - (current.tickets.keys() if current else set())
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
