"""One step of a run: lock, compute, write. Every change of a run goes through `advance`, under the instance's row lock.

The kernel computes what follows from an event; here it is written: the instance, its tasks, incidents and history, in
one statement.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from core.db import connection
from core.errors import conflict, not_found
from core.models import Actor
from users.models import User
from workflow_design import versions
from workflow_design.kernel.engine import Event, EventRefused, Marking, Opened, Step, step
from workflow_ops.models import InstanceStatus, TaskStatus
from workflow_ops.services import actions, assignment
from workflow_ops.services.notes import Note

# Computed tasks follow one another within one transaction: a loop of them ends here, in an incident.
MAX_COMPUTED = 200


@dataclass(slots=True)
class Run:
    """A run, locked."""

    id: int
    version: versions.Compiled
    status: str
    marking: Marking
    data: dict[str, Any]
    ticket: dict[str, Any] | None
    """`_ticket` of conditions: id, number, created_by, created_at; None without a ticket."""
    created_by: int | None
    held_at: datetime | None = None


@dataclass(slots=True)
class Work:
    """A task of a locked run."""

    id: int
    number: int
    key: str
    title: str
    status: str
    assignee: int | None
    roles: list[str]
    output: Any
    held: frozenset[str]
    """The company roles of who asks."""


@dataclass(slots=True)
class Advanced:
    """What a step did: new ids of tasks, by number."""

    step: Step
    opened: list[int] = field(default_factory=list)


_RUN = """i.id, i.version_id, i.status, i.marking::text, i.data::text, i.created_by_id, i.held_at,
    t.id, t.created_by_id, t.created_at"""
_LOCK = f"""
SELECT {_RUN} FROM workflow_instances i LEFT JOIN tickets t ON t.instance_id = i.id
WHERE i.id = %s FOR UPDATE OF i
"""
_LOCK_TASK = f"""
SELECT {_RUN}, w.id, w.number, v.key, v.title, w.status, w.assignee_id, w.roles, w.output::text,
    ARRAY(SELECT role.name FROM user_company_roles held JOIN company_roles role ON role.id = held.companyrole_id
          WHERE held.user_id = %s)
FROM task_instances w
JOIN workflow_instances i ON i.id = w.instance_id
JOIN workflow_version_tasks v ON v.id = w.task_id
LEFT JOIN tickets t ON t.instance_id = i.id
WHERE w.id = %s FOR UPDATE OF i, w
"""


def lock(instance_id: int) -> Run:
    """The run, locked until the transaction ends. 404."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [instance_id])
        row = cursor.fetchone()
    if row is None:
        raise not_found()
    return _run(row)


def lock_task(task_id: int, user: User) -> tuple[Run, Work]:
    """The task and its run, both locked. 404."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_TASK, [user.pk, task_id])
        row = cursor.fetchone()
    if row is None:
        raise not_found()
    *work, output, roles = row[10:]
    read = None if output is None else orjson.loads(output)
    return _run(row), Work(*work, output=read, held=frozenset(roles))


def _run(row: tuple[Any, ...]) -> Run:
    pk, version, status, marking, data, created_by, held_at, ticket, requester, opened_at = row[:10]
    about = None
    if ticket is not None:
        about = {"id": ticket, "number": ticket, "created_by": requester, "created_at": opened_at.isoformat()}
    return Run(
        pk,
        versions.compiled(version),
        status,
        Marking.from_json(orjson.loads(marking)),
        orjson.loads(data),
        about,
        created_by,
        held_at,
    )


def advance(
    run: Run,
    event: Event,
    *,
    user: User | None,
    note: Note,
    work: Work | None = None,
    output: Any = None,
) -> Advanced:
    """Play `event`, write what follows, and remember it in the history. 409 when it can't happen any more.

    `work` is the task that the event is of: it ends, with `output`, unless an incident stops it. Tasks that only
    compute are played in the same transaction. The caller holds the run's lock.
    """
    try:
        done = step(run.version.graph, run.marking, run.data, event, run.ticket)
    except EventRefused as refused:
        raise conflict(refused.message, code=refused.code) from None
    note.step(run.version, done)
    changes = _Changes(run, user)
    changes.take(done)
    if work is not None:
        stopped = work.number in done.marking.stopped
        changes.finish(work, event, output, stopped)
    waiting = [opened for opened in done.opened if changes.computes(opened)]
    computed = 0
    while waiting:
        opened = waiting.pop(0)
        computed += 1
        result = actions.compute(run.version, opened, done.data, run.ticket)
        if computed > MAX_COMPUTED:
            result = Event("failed", opened.number)
        done = step(run.version.graph, done.marking, done.data, result, run.ticket)
        note.step(run.version, done, computed=opened.key)
        changes.take(done)
        changes.settle(opened, result, done)
        waiting += [new for new in done.opened if changes.computes(new)]
    run.marking, run.data, run.status = done.marking, done.data, done.marking.status
    return Advanced(done, changes.write(note))


class _Changes:
    """Rows to write after one or more steps of a run."""

    def __init__(self, run: Run, user: User | None) -> None:
        self.run = run
        self.user = user
        self.tasks: dict[int, dict[str, Any]] = {}
        self.finished: dict[str, Any] | None = None
        self.cancelled: list[int] = []
        self.incidents: list[dict[str, Any]] = []
        self.executed = 0
        self.last: Step | None = None

    def computes(self, opened: Opened) -> bool:
        """Whether the task is done by computing alone."""
        return bool(self.run.version.tasks[opened.key]["action"] == "compute")

    def take(self, done: Step) -> None:
        """What a step opened, cancelled and stopped."""
        self.last = done
        for opened in done.opened:
            definition = self.run.version.tasks[opened.key]
            self.tasks[opened.number] = {
                "number": opened.number,
                "index": opened.task,
                "status": TaskStatus.OPEN if definition["task_type"] == "FORM" else TaskStatus.PENDING,
                "roles": definition["assignee_roles"],
                "policy": definition["assignment_policy"],
                "due_in": definition["due_in_seconds"],
                "input": opened.input,
                "output": None,
                "assignee": None,
            }
        for number in done.cancelled:
            if number in self.tasks:
                self.tasks[number]["status"] = TaskStatus.CANCELLED
            else:
                self.cancelled.append(number)
        for incident in done.incidents:
            self.incidents.append(
                {
                    "kind": incident.kind,
                    "number": incident.number,
                    "code": incident.code,
                    "message": incident.message,
                }
            )

    def finish(self, work: Work, event: Event, output: Any, stopped: bool) -> None:
        """The task that the event is of."""
        status = TaskStatus.ERROR if stopped else TaskStatus.COMPLETED
        if event.name == "timed_out" and not stopped:
            status = TaskStatus.CANCELLED
        if event.name == "retried" and work.number in self.run_open() and not stopped:
            # The work itself is to be done again.
            status = TaskStatus.OPEN
        self.executed += event.name in ("completed", "skipped")
        if work.number in self.cancelled:
            self.cancelled.remove(work.number)
        self.finished = {"id": work.id, "status": status, "output": output}

    def run_open(self) -> Any:
        """Numbers of the tasks that are open after the last step."""
        return self.last.marking.open if self.last else ()

    def settle(self, opened: Opened, event: Event, done: Step) -> None:
        """A task that was computed has ended in this transaction."""
        row = self.tasks[opened.number]
        row["status"] = TaskStatus.ERROR if opened.number in done.marking.stopped else TaskStatus.COMPLETED
        row["output"] = event.output
        self.executed += 1

    def write(self, note: Note) -> list[int]:
        """One statement for everything; the ids of the tasks that are left to do, in order."""
        assert self.last is not None
        rows = list(self.tasks.values())
        assignment.assign(self.run, [row for row in rows if row["status"] == TaskStatus.OPEN], self.user)
        marking = self.last.marking
        user_id = self.user.pk if self.user else None
        finished = self.finished or {"id": None, "status": None, "output": None}
        entry = note.entry(Actor.of(self.user), self.last)
        with connection.cursor() as cursor:
            cursor.execute(
                _WRITE,
                {
                    "run": self.run.id,
                    "version": self.run.version.id,
                    "status": marking.status,
                    "data": _text(self.last.data),
                    "marking": _text(marking.to_json()),
                    "executed": self.executed,
                    "closed": marking.status in (InstanceStatus.COMPLETED, InstanceStatus.CANCELLED),
                    "task": finished["id"],
                    "task_status": finished["status"],
                    "output": None if finished["output"] is None else _text(finished["output"]),
                    "user": user_id,
                    "cancelled": self.cancelled,
                    "tasks": _text(rows),
                    "incidents": _text(self.incidents),
                    **entry,
                },
            )
            return [pk for (pk,) in cursor.fetchall()]


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


_WRITE = """
WITH moved AS (
    UPDATE workflow_instances SET status = %(status)s, data = %(data)s::json, marking = %(marking)s::json,
        tasks_executed = tasks_executed + %(executed)s, updated_at = clock_timestamp(), held_at = NULL,
        completed_at = CASE WHEN %(closed)s THEN clock_timestamp() END
    WHERE id = %(run)s
), finished AS (
    UPDATE task_instances SET status = %(task_status)s, output = coalesce(%(output)s::json, output),
        assignee_id = CASE WHEN %(task_status)s = 'OPEN' THEN NULL ELSE coalesce(assignee_id, %(user)s::bigint) END,
        completed_by_id = CASE WHEN %(task_status)s = 'COMPLETED' THEN %(user)s::bigint END,
        completed_at = CASE WHEN %(task_status)s IN ('COMPLETED', 'CANCELLED') THEN clock_timestamp() END,
        updated_at = clock_timestamp()
    WHERE id = %(task)s::bigint
), cancelled AS (
    UPDATE task_instances SET status = 'CANCELLED', completed_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE instance_id = %(run)s AND number = ANY(%(cancelled)s::int[])
), opened AS (
    INSERT INTO task_instances (instance_id, task_id, number, status, assignee_id, roles, input, output, due_at,
                                completed_at, created_at, updated_at)
    SELECT %(run)s, v.id, x.number, x.status, x.assignee, x.roles, x.input, x.output,
        clock_timestamp() + x.due_in * interval '1 second',
        CASE WHEN x.status IN ('COMPLETED', 'CANCELLED') THEN clock_timestamp() END,
        clock_timestamp(), clock_timestamp()
    FROM json_to_recordset(%(tasks)s::json) AS x (number int, index int, status text, assignee bigint,
        roles text[], input json, output json, due_in int)
    JOIN workflow_version_tasks v ON v.version_id = %(version)s AND v.index = x.index
    ORDER BY x.number
    RETURNING id, number, status
), stopped AS (
    INSERT INTO incidents (kind, status, instance_id, task_instance_id, number, code, message, trace, note,
                           created_at, updated_at)
    SELECT x.kind, 'NEW', %(run)s, coalesce(o.id, w.id), x.number, x.code, x.message, '', '',
        clock_timestamp(), clock_timestamp()
    FROM json_to_recordset(%(incidents)s::json) AS x (kind text, number int, code text, message text)
    LEFT JOIN opened o ON o.number = x.number
    LEFT JOIN task_instances w ON w.instance_id = %(run)s AND w.number = x.number
), noted AS (
    INSERT INTO history (at, actor_id, actor, subject_type, subject_id, subject, event, detail)
    VALUES (clock_timestamp(), %(actor_id)s, %(actor)s, %(subject_type)s, %(subject_id)s, %(subject)s, %(event)s,
            %(detail)s::json)
)
SELECT id FROM opened WHERE status NOT IN ('COMPLETED', 'CANCELLED') ORDER BY number
"""


def require_running(run: Run) -> None:
    """409 unless tasks of the run may be done now."""
    if run.status == InstanceStatus.ON_HOLD:
        raise conflict("This is on hold: resume it first.", code="on_hold")
    if run.status in (InstanceStatus.COMPLETED, InstanceStatus.CANCELLED):
        raise conflict("This is closed.", code="closed")


def dotted(root: str, pointer: str) -> str:
    """`output` and `/lines/0/price` → `output.lines.0.price`."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return ".".join([root, *parts])
