"""Publishing: the checks, then the working copy frozen as a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.errors import Fault, Refused
from users.models import User
from workflow_design.kernel.document import Bundle
from workflow_design.kernel.graph import implied_transitions
from workflow_design.kernel.problems import Problem
from workflow_design.models import Status, WorkflowDefinition, WorkflowVersion
from workflow_design.selectors import has_changes
from workflow_design.services.checks import Report, examine, report
from workflow_design.services.stored import errors, load
from workflow_design.services.writing import locked, noted

_ATTEMPTS = 4
"""Of a working copy that is written to again and again, the last is checked while writers wait."""


@dataclass(frozen=True, slots=True)
class Published:
    """The version that is published now; `made` is false when it was there already."""

    version: int
    problems: list[dict[str, Any]]
    proved: bool
    made: bool


def workflow_publish(
    *, user: User | None, workflow_id: int, note: str = "", accept_unproved: bool = False, expected: int | None = None
) -> Published:
    """Freeze the working copy as the next version, unless nothing differs from the last one.

    404, 412; 422 with every problem when there is an error, or something unproved that isn't accepted. A draft becomes
    active; a deactivated or archived workflow stays so.
    """
    examined = None
    for attempt in range(1, _ATTEMPTS + 1):
        with transaction.atomic():
            workflow = locked(workflow_id, expected)
            if not has_changes(workflow):
                return _last(workflow)
            bundle = _bundle(workflow)
            if attempt == _ATTEMPTS or (examined is not None and examined.is_of(bundle)):
                found = report(bundle, examined)
                version = freeze(
                    user, workflow, bundle, found, note=note, accept_unproved=accept_unproved, shown=found.problems
                )
                return Published(version.number, version.problems, version.proved, made=True)
        examined = examine(bundle)  # while nobody waits for the row
    raise AssertionError


def _last(workflow: WorkflowDefinition) -> Published:
    last = WorkflowVersion.objects.get(workflow=workflow, number=workflow.published_version or 0)
    return Published(last.number, last.problems, last.proved, made=False)


def _bundle(workflow: WorkflowDefinition) -> Bundle:
    current = load(workflow.pk)
    assert current is not None
    return current.bundle


def freeze(
    user: User | None,
    workflow: WorkflowDefinition,
    bundle: Bundle,
    found: Report,
    *,
    shown: list[Problem],
    note: str = "",
    accept_unproved: bool = False,
) -> WorkflowVersion:
    """Make `bundle`, the working copy of a workflow whose row the caller has locked, its next version.

    422 unless `found`, the report on it, allows that; with `shown`, the problems as the caller knows their places.
    """
    _refuse(found, shown, accept_unproved)
    version = _version(user, workflow, bundle, found, note, accept_unproved)
    version.save(force_insert=True)
    workflow.published_version, workflow.published_hash = version.number, workflow.bundle_hash
    if workflow.status == Status.DRAFT:
        workflow.status = Status.ACTIVE
    # As with status: no write to the bundle, so neither revision nor hash move.
    workflow.updated_at = timezone.now()
    workflow.save(update_fields=["published_version", "published_hash", "status", "updated_at"])
    detail = {"version": version.number, "note": note, "proved": found.proved, "accept_unproved": accept_unproved}
    noted(user, workflow, "published", {**detail, "problems": len(found.problems)})
    return version


def _refuse(found: Report, shown: list[Problem], accept_unproved: bool) -> None:
    severities = {problem.severity for problem in found.problems}
    if "error" in severities:
        faults = errors(shown)
    elif "unproved" in severities and not accept_unproved:
        faults = [Fault("unproved", "Something is unproved: publish with accept_unproved to take the risk.")]
    else:
        return
    raise Refused(faults, status=422, extra={"problems": [problem.as_dict() for problem in shown]})


def _version(
    user: User | None, workflow: WorkflowDefinition, bundle: Bundle, found: Report, note: str, accept_unproved: bool
) -> WorkflowVersion:
    implied = implied_transitions(bundle)
    return WorkflowVersion(
        workflow=workflow,
        number=(workflow.published_version or 0) + 1,
        document={**bundle, "transitions": [*bundle["transitions"], *implied]},
        implied=len(implied),
        content_hash=workflow.bundle_hash,
        note=note,
        problems=[problem.as_dict() for problem in found.problems],
        proved=found.proved,
        assumptions=found.assumptions,
        accept_unproved=accept_unproved,
        created_by=user,
    )
