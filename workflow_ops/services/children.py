"""Runs that a run starts: for a task that waits for its child run, or at its end.

A transaction locks one run. A child is locked with its parent only while it is made, when nobody else knows of it; all
that passes between them later is carried by jobs, which look first at what there is still to do.
"""

from __future__ import annotations

from typing import Any

import orjson
from django.db import transaction

from core.db import connection
from core.errors import Refused
from workflow_design.kernel import limits
from workflow_design.kernel.engine import Event, Marking
from workflow_design.models import Status, WorkflowDefinition
from workflow_ops.models import CLOSED, UNDONE, InstanceStatus, TaskStatus, WorkflowInstance
from workflow_ops.services import actions
from workflow_ops.services.actions import Outcome
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Parent, Run, Work, lock, lock_task
from workflow_ops.services.stepping import advance
from workflow_ops.services.tickets import cancel, new_run, newest, value_faults

_STATUS = {Status.DEPRECATED: "deactivated", Status.ARCHIVED: "archived"}


class CannotStart(Exception):
    """A run can't be started: `cause` says why in a sentence, `trace` tells ticket admins more."""

    def __init__(self, cause: str, trace: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.trace = trace


@transaction.atomic
def child_go_on(*, task_id: int, generation: int) -> None:
    """Start the run that a task waits for, or let the task go on with what its run came to.

    Nothing happens while the run is under way or the parent is on hold; resuming it asks again.
    """
    try:
        run, work = lock_task(task_id, None)
    except Refused:  # it is gone
        return
    if work.generation != generation or work.status not in UNDONE or run.status == InstanceStatus.ON_HOLD:
        return
    if not actions.runs_workflow(run.version.tasks[work.key]):
        return
    child = WorkflowInstance.objects.filter(parent_task=work.id, parent_generation=generation).first()
    if child is None:
        _begin(run, work)
    elif child.status == InstanceStatus.COMPLETED:
        answer = {"body": child.data, "status": 200, "headers": {}}
        _end(run, work, actions.answered(run.version, work.number, work.key, answer, run.data, run.ticket), child)
    elif child.status == InstanceStatus.CANCELLED:
        _end(run, work, actions.failed(work.number, f"Its run, {child}, was cancelled."), child)


@transaction.atomic
def child_cancel(*, run_id: int) -> None:
    """Cancel a run that nobody waits for any more."""
    try:
        run = lock(run_id)
    except Refused:  # it is gone
        return
    if run.status not in CLOSED:
        cancel(run, None, parent=_told_of(run.parent))


@transaction.atomic
def child_lost(*, task_id: int, generation: int) -> None:
    """End a task whose job has failed for good, for a reason that only the server's log knows."""
    run, work = lock_task(task_id, None)
    if work.generation == generation and work.status in UNDONE and run.status != InstanceStatus.ON_HOLD:
        cause = "Its workflow could not be run: the server's log says why."
        _end(run, work, actions.failed(work.number, cause)._replace(kind="TASK_CREATION"), None)


def start_run(above: Run, parent: Parent, key: str, data: Any) -> WorkflowInstance:
    """Start a run of the workflow `key`, of its newest version, below `above`, which the caller has locked.

    It is its parent's creator's, counts as one of the company's executions, and has no ticket. Raises CannotStart, and
    writes nothing then.
    """
    workflow = WorkflowDefinition.objects.filter(key=key).first()
    version = newest(workflow) if workflow is not None else None
    if above.depth >= limits.MAX_RUN_DEPTH:
        raise CannotStart(f'Runs have started one another {limits.MAX_RUN_DEPTH} deep: "{key}" is not run any deeper.')
    if above.parent is not None and _runs_below_first(above) >= limits.MAX_RUNS_BELOW:
        raise CannotStart(f'{limits.MAX_RUNS_BELOW:,} runs are below the first one: "{key}" is not run besides.')
    if workflow is None:
        raise CannotStart(f'There is no workflow "{key}".')
    if version is None:
        raise CannotStart(f'The workflow "{key}" is not published yet.')
    if workflow.status != Status.ACTIVE:
        raise CannotStart(f'The workflow "{key}" is {_STATUS[Status(workflow.status)]}: it starts no new runs.')
    if not isinstance(data, dict):
        raise CannotStart(f'What "{key}" is to start with is no object.', f"data: {_text(data)}")
    if faults := value_faults(version, data):
        told = "; ".join(f"{fault.attr} {fault.detail}" for fault in faults[:10])
        raise CannotStart(f'"{key}" can\'t start with this: {told}', f"data: {_text(data)}")
    depth = above.depth + 1
    links = {"parent_id": parent.run, "parent_task_id": parent.task, "parent_generation": parent.generation}
    try:
        child = new_run(above.created_by, workflow, version, data, depth=depth, **links)
    except Refused as refused:  # the plan allows no more
        raise CannotStart(str(refused)) from None
    run = Run(
        child.pk, version, child.status, Marking(), child.data, None, above.created_by, parent=parent, depth=depth
    )
    note = Note(run, "execution.opened", version=version.number, parent=_told_of(parent))
    advance(run, Event("started"), user=None, note=note)
    return child


# Those above it up to the first, then all below that, counted no further than it matters.
_BELOW_FIRST = """
WITH RECURSIVE above AS (
    SELECT id, parent_id FROM workflow_instances WHERE id = %s
    UNION ALL SELECT i.id, i.parent_id FROM workflow_instances i JOIN above ON i.id = above.parent_id
), below AS (
    SELECT i.id FROM workflow_instances i JOIN above ON i.parent_id = above.id WHERE above.parent_id IS NULL
    UNION ALL SELECT i.id FROM workflow_instances i JOIN below ON i.parent_id = below.id
)
SELECT count(*) FROM (SELECT FROM below LIMIT %s) counted
"""


def _runs_below_first(run: Run) -> int:
    """How many runs the first one has led to, about: others may be starting."""
    with connection.cursor() as cursor:
        cursor.execute(_BELOW_FIRST, [run.id, limits.MAX_RUNS_BELOW])
        (count,) = cursor.fetchone()
    return int(count)


def told_of(child: WorkflowInstance, key: str) -> dict[str, Any]:
    """What a parent's history says of the run that it started; requesters don't see it."""
    return {"execution": child.pk, "workflow": key}


def _told_of(parent: Parent | None) -> dict[str, Any] | None:
    return None if parent is None else {"execution": parent.run, "task": parent.task}


def _begin(run: Run, work: Work) -> None:
    try:
        made = orjson.loads(
            actions.body_of(run.version, work.number, work.key, None, {**run.data, "_ticket": run.ticket})
        )
        # What is run is written in the template; only what it starts with is computed.
        key, data = made["workflow"], made.get("data")
        child = start_run(run, Parent(run.id, work.id, work.generation), key, {} if data is None else data)
    except actions.CannotSend as cannot:
        _end(run, work, cannot.outcome._replace(kind="TASK_CREATION"), None)
    except CannotStart as cannot:
        failed = actions.failed(work.number, cannot.cause, cannot.trace)
        _end(run, work, failed._replace(kind="TASK_CREATION"), None)
    else:
        about = {"task": work.key, "id": work.id, "task_status": TaskStatus.PENDING}
        Note(run, "child.started", **about, child=told_of(child, key)).record(None)


def _end(run: Run, work: Work, outcome: Outcome, child: WorkflowInstance | None) -> None:
    """The task ends, or an incident stops it."""
    about = {} if child is None else {"child": {"execution": child.pk, "status": child.status}}
    note = Note(run, f"task.{outcome.event.name}", task=work.key, id=work.id, **about)
    advance(run, outcome.event, user=None, note=note, work=work, output=outcome.event.output, outcome=outcome)


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
