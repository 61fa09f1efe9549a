"""A run and a task of it, locked: the run's row lock is taken before anything of the run is written. Or seen without a
lock, by who writes only if neither has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from core.db import fetch_all
from core.errors import conflict, not_found
from users.models import User
from workflow_design import versions
from workflow_design.kernel.engine import Marking
from workflow_ops.models import InstanceStatus


class Parent(NamedTuple):
    """The run that started a run: for its task `task`, which waits for it, or (None) at its end."""

    run: int
    task: int | None
    generation: int
    """Of the task, or of the end action."""


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
    parent: Parent | None = None
    depth: int = 0
    """How many parents are above it."""

    @property
    def subject(self) -> tuple[str, int, str]:
        """Whose history it has: kind, id, and what it is called."""
        if self.ticket is None:
            return "execution", self.id, f"execution {self.id}"
        return "ticket", self.ticket["id"], f"#{self.ticket['id']}"


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
    generation: int
    due_at: datetime | None
    held: frozenset[str]
    """The company roles of who asks."""


@dataclass(slots=True)
class Seen:
    """A task and its run as they stood at one moment: nothing is locked."""

    run: Run
    work: Work
    run_written: str
    """By which transaction the run's row was written that was seen: another one means that it has changed."""
    work_written: str
    announced: bool
    """Whether a webhook wants to be told what happens."""


# Each row as one JSON text: taking two dozen values over one by one takes longer.
_RUN = """i.id, i.version_id, i.status, i.marking, i.data, i.created_by_id, i.held_at, i.parent_id, i.parent_task_id,
    i.parent_generation, i.depth, t.id AS ticket, t.created_by_id AS requester, t.created_at AS opened_at"""
_LOCK = f"""
SELECT row_to_json(found)::text FROM (
    SELECT {_RUN} FROM workflow_instances i LEFT JOIN tickets t ON t.instance_id = i.id
    WHERE i.id = %s FOR UPDATE OF i
) found
"""
_WORK = f"""{_RUN}, w.id AS task, w.number, v.key, v.title, w.status AS task_status, w.assignee_id, v.roles, w.output,
        w.generation, w.due_at,
        ARRAY(SELECT role.name FROM user_company_roles held JOIN company_roles role ON role.id = held.companyrole_id
              WHERE held.user_id = %s) AS held"""
_FROM = """
    FROM task_instances w
    JOIN workflow_instances i ON i.id = w.instance_id
    JOIN workflow_version_tasks v ON v.id = w.task_id
    LEFT JOIN tickets t ON t.instance_id = i.id
"""
_LOCK_TASK = f"""
SELECT row_to_json(found)::text FROM (SELECT {_WORK}{_FROM}
    WHERE w.id = %s FOR UPDATE OF i, w
) found
"""
_SEE_TASK = f"""
SELECT row_to_json(found)::text FROM (SELECT {_WORK}, i.xmin::text AS run_written, w.xmin::text AS work_written,
        EXISTS (SELECT FROM webhooks WHERE is_active) AS announced {_FROM}
    WHERE w.id = %s
) found
"""
# Nobody is waited for: so those who lock several don't wait for one another in a circle.
_LOCK_FREE_TASKS = f"""
SELECT row_to_json(found)::text FROM (SELECT {_WORK}{_FROM}
    WHERE w.id = ANY(%s) ORDER BY i.id, w.id FOR UPDATE OF i, w SKIP LOCKED
) found
"""


def lock(instance_id: int) -> Run:
    """The run, locked until the transaction ends. 404."""
    rows = fetch_all(_LOCK, [instance_id])
    if not rows:
        raise not_found()
    return _run(orjson.loads(rows[0][0]))


def lock_task(task_id: int, user: User | None) -> tuple[Run, Work]:
    """The task and its run, both locked. `user` is who asks (None: the system). 404."""
    rows = fetch_all(_LOCK_TASK, [user.pk if user else None, task_id])
    if not rows:
        raise not_found()
    found = orjson.loads(rows[0][0])
    return _run(found), _work(found)


def see_task(task_id: int, user: User | None) -> Seen:
    """The task and its run as they are now, both free to change. 404."""
    rows = fetch_all(_SEE_TASK, [user.pk if user else None, task_id])
    if not rows:
        raise not_found()
    found = orjson.loads(rows[0][0])
    return Seen(_run(found), _work(found), found["run_written"], found["work_written"], found["announced"])


def lock_free_tasks(task_ids: Sequence[int]) -> list[tuple[Run, Work]]:
    """Those of the tasks that nobody else has locked, and their runs, all locked. Two tasks of one run have each a Run
    of their own."""
    rows = [orjson.loads(text) for (text,) in fetch_all(_LOCK_FREE_TASKS, [None, list(task_ids)])]
    return [(_run(row), _work(row)) for row in rows]


def _work(row: dict[str, Any]) -> Work:
    return Work(
        row["task"],
        row["number"],
        row["key"],
        row["title"],
        row["task_status"],
        row["assignee_id"],
        row["roles"],
        row["output"],
        row["generation"],
        _moment(row["due_at"]),
        frozenset(row["held"]),
    )


def _run(row: dict[str, Any]) -> Run:
    about, ticket, parent = None, row["ticket"], row["parent_id"]
    if ticket is not None:
        opened_at = datetime.fromisoformat(row["opened_at"]).isoformat()
        about = {"id": ticket, "number": ticket, "created_by": row["requester"], "created_at": opened_at}
    return Run(
        row["id"],
        versions.compiled(row["version_id"]),
        row["status"],
        Marking.from_json(row["marking"]),
        row["data"],
        about,
        row["created_by_id"],
        _moment(row["held_at"]),
        None if parent is None else Parent(parent, row["parent_task_id"], row["parent_generation"]),
        row["depth"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


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
