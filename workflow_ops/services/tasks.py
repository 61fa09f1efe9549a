"""What people do with tasks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.errors import Fault, Refused, conflict, denied, invalid
from core.models import Actor, record
from users.models import EVERYONE, SystemRole, User
from users.selectors import company_role_names
from workflow_design.kernel.engine import Event
from workflow_ops.models import UNDONE, TaskInstance, TaskStatus
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Run, Work, advance, dotted, lock_task, require_running


def is_candidate(user: User, roles: list[str], held: Collection[str]) -> bool:
    """Whether a person with the company roles `held` may claim a task that is for `roles`."""
    if not user.has_role(SystemRole.TASK_WORKER):
        return False
    return not roles or EVERYONE in roles or not set(roles).isdisjoint(held)


@transaction.atomic
def task_claim(*, user: User, task_id: int) -> None:
    """Take an open task. 403 when not a candidate, 409 when somebody has it or it is done."""
    run, work = lock_task(task_id, user)
    _require_may(user, work)
    _require_undone(run, work)
    if work.status != TaskStatus.OPEN:
        raise conflict("Somebody has this task already.", code="claimed")
    _give(work, user.pk, TaskStatus.IN_PROGRESS)
    _noted(user, run, work, "claimed")


@transaction.atomic
def task_release(*, user: User, task_id: int) -> None:
    """Give a claimed task back. 403 when it is another's, 409 when it isn't claimed."""
    run, work = lock_task(task_id, user)
    _require_may(user, work)
    _require_undone(run, work)
    if work.status != TaskStatus.IN_PROGRESS:
        raise conflict("Nobody has claimed this task.", code="not_claimed")
    _require_own(user, work)
    _give(work, None, TaskStatus.OPEN)
    _noted(user, run, work, "released")


@transaction.atomic
def task_assign(*, user: User, task_id: int, assignee: Any) -> None:
    """Give a task to a person (their id); null gives it back.

    400 for somebody who can't do it, 403 when it is neither the caller's nor theirs to claim, 409 when it is done.
    """
    run, work = lock_task(task_id, user)
    _require_may(user, work)
    _require_undone(run, work)
    _require_takeable(user, work)
    if work.status == TaskStatus.PENDING:
        raise conflict("No person does this task.", code="pending")
    if assignee is None:
        _give(work, None, TaskStatus.OPEN)
    else:
        person = None
        if type(assignee) is int and 0 < assignee < 2**63:
            person = User.objects.filter(pk=assignee, is_active=True).first()
        if person is None or not is_candidate(person, work.roles, company_role_names(person)):
            raise invalid("This person can't do the task.", attr="user", code="not_a_candidate")
        _give(work, person.pk, TaskStatus.IN_PROGRESS)
    _noted(user, run, work, "assigned", {"user": assignee})


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


@transaction.atomic
def task_complete(*, user: User, task_id: int, output: Any) -> list[int]:
    """Complete a task with its output; the ids of the tasks that this opens.

    403 when it is another's, 400 with paths for an output that its form doesn't take, 409 when it is done, stopped, on
    hold or somebody else was faster. An open task one may claim is claimed by this.
    """
    run, work = lock_task(task_id, user)
    _require_may(user, work)
    if not isinstance(output, dict):
        raise invalid("must be an object", attr="output", code="wrong_type")
    if work.status in UNDONE and work.number in run.marking.open:
        index = run.marking.open[work.number]
        if found := run.version.graph.output_errors(index, output):
            raise Refused([Fault(error.code, error.message, dotted("output", error.path)) for error in found])
    _require_undone(run, work)
    _require_takeable(user, work)
    note = Note("task.completed", run.id, run.ticket["id"] if run.ticket else None, {"task": work.key, "id": work.id})
    event = Event("completed", work.number, output, assignee=user.pk)
    return advance(run, event, user=user, note=note, work=work, output=output).opened


def _require_may(user: User, work: Work) -> None:
    """403 unless the task is the person's, or could have been."""
    if user.has_role(SystemRole.TICKET_ADMIN) or work.assignee == user.pk:
        return
    if not is_candidate(user, work.roles, work.held):
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


def _give(work: Work, person: int | None, status: TaskStatus) -> None:
    TaskInstance.objects.filter(pk=work.id).update(assignee=person, status=status, updated_at=timezone.now())


def _noted(user: User, run: Run, work: Work, what: str, detail: dict[str, Any] | None = None) -> None:
    ticket = run.ticket["id"] if run.ticket else None
    record(
        actor=Actor.of(user),
        event=f"task.{what}",
        subject_type="execution" if ticket is None else "ticket",
        subject_id=run.id if ticket is None else ticket,
        subject=f"execution {run.id}" if ticket is None else f"#{ticket}",
        detail={"task": work.key, "id": work.id, **(detail or {})},
    )
