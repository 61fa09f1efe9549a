"""What people do with tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.db import fetch_all
from core.errors import Fault, Refused, conflict, denied, invalid
from core.sending import Rows
from users.models import SystemRole, User
from users.selectors import company_role_names
from workflow_design.kernel.engine import Event
from workflow_ops.models import UNDONE, TaskInstance, TaskStatus
from workflow_ops.services.actions import is_form
from workflow_ops.services.assignment import is_candidate
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Run, Work, dotted, lock_task, require_running, see_task
from workflow_ops.services.stepping import Shown, advance, advance_seen


class LateResult(Refused):
    """409 for what came after its task was cancelled."""

    def __init__(self, run: Run, work: Work) -> None:
        super().__init__([Fault("task_cancelled", "This task was cancelled: the result comes too late.")], status=409)
        self.run = run
        self.work = work


@contextmanager
def late_results_noted(user: User) -> Iterator[None]:
    """History keeps that a late result came. Outside of the transaction that refuses it, which leaves no trace."""
    try:
        yield
    except LateResult as late:
        _note(late.run, late.work, "late", late.work.status).record(user)
        raise


@transaction.atomic
def task_claim(*, user: User, task_id: int) -> None:
    """Take an open task. 403 when not a candidate, 409 when somebody has it or it is done."""
    run, work = lock_task(task_id, user)
    _require_may(user, work)
    _require_undone(run, work)
    _require_for_people(run, work)
    if work.status != TaskStatus.OPEN:
        raise conflict("Somebody has this task already.", code="claimed")
    _give(work, user.pk, TaskStatus.IN_PROGRESS)
    _note(run, work, "claimed", TaskStatus.IN_PROGRESS).record(user)


@transaction.atomic
def task_release(*, user: User, task_id: int) -> None:
    """Give a claimed task back. 403 when it is another's, 409 when it isn't claimed."""
    run, work = lock_task(task_id, user)
    _require_may(user, work)
    _require_undone(run, work)
    _require_for_people(run, work)
    if work.status != TaskStatus.IN_PROGRESS:
        raise conflict("Nobody has claimed this task.", code="not_claimed")
    _require_own(user, work)
    _give(work, None, TaskStatus.OPEN)
    _note(run, work, "released", TaskStatus.OPEN).record(user)


@transaction.atomic
def task_assign(*, user: User, task_id: int, assignee: Any) -> None:
    """Give a task to a person (their id); null gives it back.

    400 for somebody who can't do it, 403 when it is neither the caller's nor theirs to claim, 409 when it is done.
    """
    run, work = lock_task(task_id, user)
    _require_may(user, work)
    _require_undone(run, work)
    _require_takeable(user, work)
    _require_for_people(run, work)
    status = TaskStatus.OPEN
    if assignee is not None:
        status, person = TaskStatus.IN_PROGRESS, None
        if type(assignee) is int and 0 < assignee < 2**63:
            person = User.objects.filter(pk=assignee, is_active=True).first()
        if person is None or not is_candidate(person, company_role_names(person), work.roles):
            raise invalid("This person can't do the task.", attr="user", code="not_a_candidate")
    _give(work, assignee, status)
    _note(run, work, "assigned", status, user=assignee).record(user)


@transaction.atomic
def task_save(*, user: User, task_id: int, output: Any) -> None:
    """Keep a draft of the output, checked only when the task is completed. 403, 409."""
    run, work = lock_task(task_id, user)
    _require_may(user, work)
    if not isinstance(output, dict):
        raise invalid("must be an object", attr="output", code="wrong_type")
    _require_undone(run, work)
    _require_takeable(user, work)
    TaskInstance.objects.filter(pk=work.id).update(output=output, updated_at=timezone.now())


def task_complete(*, user: User, task_id: int, output: Any, shown: Shown | None = None) -> Rows:
    """Complete a task with its output; the rows of what `shown` asks afterwards, which is given the run's id and the
    numbers of the task and of those that this opens.

    403 when it is another's, 400 with paths for an output that its form doesn't take, 409 when it is done, stopped, on
    hold or somebody else was faster. An open task one may claim is claimed by this.
    """
    # Nearly always nobody else comes in between, and then no lock need be asked for first.
    seen = see_task(task_id, user)
    event, note = _completion(seen.run, seen.work, user, output)
    rows = advance_seen(seen, event, user=user, note=note, output=output, shown=shown)
    if rows is not None:
        return rows
    with transaction.atomic():
        run, work = lock_task(task_id, user)
        event, note = _completion(run, work, user, output)
        written = advance(run, event, user=user, note=note, work=work, output=output)
    return [] if shown is None else fetch_all(*shown(run.id, [work.number, *written.to_do]))


def _completion(run: Run, work: Work, user: User, output: Any) -> tuple[Event, Note]:
    """The event that completes the task, and what history says of it; what `task_complete` raises."""
    _require_may(user, work)
    if not isinstance(output, dict):
        raise invalid("must be an object", attr="output", code="wrong_type")
    if work.status in UNDONE and work.number in run.marking.open:
        index = run.marking.open[work.number]
        if found := run.version.graph.output_errors(index, output):
            raise Refused([Fault(error.code, error.message, dotted("output", error.path)) for error in found])
    if work.status == TaskStatus.CANCELLED:
        raise LateResult(run, work)
    _require_undone(run, work)
    _require_takeable(user, work)
    event = Event("completed", work.number, output, assignee=user.pk)
    return event, _note(run, work, "completed", TaskStatus.COMPLETED)


def _require_may(user: User, work: Work) -> None:
    """403 unless the task is the person's, or could have been."""
    if user.has_role(SystemRole.TICKET_ADMIN) or work.assignee == user.pk:
        return
    if not is_candidate(user, work.held, work.roles):
        raise denied("You are not a candidate for this task.", code="not_a_candidate")


def _require_takeable(user: User, work: Work) -> None:
    """403 when the task is somebody else's; an open one is taken by doing it."""
    if work.status != TaskStatus.OPEN:
        _require_own(user, work)


def _require_own(user: User, work: Work) -> None:
    if work.assignee != user.pk and not user.has_role(SystemRole.TICKET_ADMIN):
        raise denied("This task is somebody else's.", code="not_yours")


def _require_undone(run: Run, work: Work) -> None:
    if work.status not in UNDONE:
        raise conflict("This task is done.", code="task_closed")
    require_running(run)


def _require_for_people(run: Run, work: Work) -> None:
    if not is_form(run.version.tasks[work.key]):
        raise conflict("No person does this task.", code="pending")


def _give(work: Work, person: int | None, status: TaskStatus) -> None:
    TaskInstance.objects.filter(pk=work.id).update(assignee=person, status=status, updated_at=timezone.now())


def _note(run: Run, work: Work, what: str, status: str, **detail: Any) -> Note:
    return Note(run, f"task.{what}", task=work.key, id=work.id, task_status=status, **detail)
