"""What a step of a run sets going: calls, child runs, timers, what its end leads to. Said in the step's own
transaction, so that it is neither lost nor begun for a step that is undone.

`follow` is called once at the end of every step that was written; nothing here asks the database unless there is
something to set going.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from users.models import User
from workflow_design.kernel.engine import Event
from workflow_ops import jobs
from workflow_ops.models import CLOSED, UNDONE, EndAction, InstanceStatus, WorkflowInstance
from workflow_ops.services import actions, webhooks
from workflow_ops.services.running import Run, Work


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as a step left it."""

    id: int
    number: int
    key: str
    status: str
    generation: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Written:
    """What one event led to, as it now stands in the database.

    - `run`: the run as it was before: its version, ticket, creator, status
    - `status`, `data`: the run's now
    - `work`, `work_status`: the task that the event was of, and how it stands now
    - `opened`: the new tasks in order, also those that have ended already (they only computed, or were cancelled)
    - `again`: the task of the event, where it is to be done once more
    - `cancelled`: tasks that ended without a result
    - `incidents`: (id, number of the task in its run) of what stopped
    - `wanted`: (id, events) of each active webhook
    """

    run: Run
    event: Event
    user: User | None
    status: str
    data: dict[str, Any]
    work: Work | None
    work_status: str | None
    opened: tuple[TaskRow, ...]
    again: TaskRow | None
    cancelled: tuple[TaskRow, ...]
    incidents: tuple[tuple[int, int], ...]
    wanted: tuple[tuple[int, frozenset[str]], ...]

    @property
    def to_do(self) -> list[int]:
        """The numbers of the new tasks that are to be done now."""
        return [row.number for row in self.opened if row.status in UNDONE]

    @property
    def begun(self) -> tuple[TaskRow, ...]:
        """The tasks that this step leaves to be done anew."""
        rows = self.opened if self.again is None else (*self.opened, self.again)
        return tuple(row for row in rows if row.status in UNDONE)


def follow(written: Written) -> None:
    """Set going what follows from a step. The caller holds the run's lock."""
    begun = written.begun
    if begun:
        _call(written.run, begun)
        _time(written.run, begun)
    _leave(written)
    if written.status in CLOSED and written.run.status not in CLOSED:
        _close(written)
    if written.wanted:
        webhooks.announce(written)


def sets_going(run: Run, status: str, begun: Iterable[str], ended: Iterable[str]) -> bool:
    """Whether `follow` would have something to do, webhooks aside, for a step that leaves the run in `status`, begins
    the tasks with the keys `begun` and ends those with the keys `ended`."""
    tasks = run.version.tasks
    return (
        any(actions.is_called(tasks[key]) or actions.runs_workflow(tasks[key]) for key in begun)
        or any(actions.is_timed(run.version, key) for key in begun)
        or any(actions.runs_workflow(tasks[key]) for key in ended)
        or (status in CLOSED and (run.parent is not None or _has_end_action(run)))
    )


def go_on(run: Run, tasks: Sequence[TaskRow]) -> None:
    """Set going again what a hold stopped: every call, every clock of the run's undone tasks.

    Jobs from before the hold may be there still: whichever comes second finds what the first has done.
    """
    _call(run, tasks)
    _time(run, tasks)


def _call(run: Run, tasks: Sequence[TaskRow]) -> None:
    """A job for each task that a worker calls, or runs a workflow for."""
    calls = [
        {"task": row.id, "generation": row.generation} for row in tasks if actions.is_called(run.version.tasks[row.key])
    ]
    if calls:
        jobs.call.enqueue_many(calls)
    children = [
        {"task": row.id, "generation": row.generation}
        for row in tasks
        if actions.runs_workflow(run.version.tasks[row.key])
    ]
    if children:
        jobs.go_on_with_child.enqueue_many(children)


def _leave(written: Written) -> None:
    """Runs are cancelled that a task waited for which doesn't any more: it was cancelled, took too long, was done by
    hand, or is begun anew.
    """
    ended = [row.id for row in written.cancelled if actions.runs_workflow(written.run.version.tasks[row.key])]
    if written.work is not None and actions.runs_workflow(written.run.version.tasks[written.work.key]):
        ended.append(written.work.id)
    if ended:
        left = WorkflowInstance.objects.filter(parent_task__in=ended).exclude(status__in=CLOSED).order_by("pk")
        jobs.cancel_child.enqueue_many([{"run": pk} for pk in left.values_list("pk", flat=True)])


def _close(written: Written) -> None:
    """The task that waits for the run is told; a completed run does what its workflow ends with."""
    parent = written.run.parent
    if parent is not None and parent.task is not None:
        jobs.go_on_with_child.enqueue(task=parent.task, generation=parent.generation)
    if _has_end_action(written.run) and written.status == InstanceStatus.COMPLETED:
        EndAction.objects.create(instance_id=written.run.id)
        jobs.end.enqueue(run=written.run.id, generation=1)


def _has_end_action(run: Run) -> bool:
    return bool(run.version.bundle["workflow"]["end_action_type"] != "none")


def _time(run: Run, tasks: Sequence[TaskRow]) -> None:
    """A job for each task that may not take longer than it has, when its time is up."""
    due: defaultdict[datetime, list[dict[str, Any]]] = defaultdict(list)
    for row in tasks:
        if row.due_at is not None and actions.is_timed(run.version, row.key):
            due[row.due_at].append({"task": row.id})
    for at, timers in due.items():
        jobs.time_out.enqueue_many(timers, at=at)
