"""A run and a task of it, locked. The run's row lock is taken before anything of the run is looked at or written."""

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


_RUN = """i.id, i.version_id, i.status, i.marking::text, i.data::text, i.created_by_id, i.held_at,
    i.parent_id, i.parent_task_id, i.parent_generation, i.depth, t.id, t.created_by_id, t.created_at"""
_LOCK = f"""
SELECT {_RUN} FROM workflow_instances i LEFT JOIN tickets t ON t.instance_id = i.id
WHERE i.id = %s FOR UPDATE OF i
"""
_TASK = f"""
SELECT {_RUN}, w.id, w.number, v.key, v.title, w.status, w.assignee_id, v.roles, w.output::text,
    w.generation, w.due_at,
    ARRAY(SELECT role.name FROM user_company_roles held JOIN company_roles role ON role.id = held.companyrole_id
          WHERE held.user_id = %s)
FROM task_instances w
JOIN workflow_instances i ON i.id = w.instance_id
JOIN workflow_version_tasks v ON v.id = w.task_id
LEFT JOIN tickets t ON t.instance_id = i.id
"""
_LOCK_TASK = f"""{_TASK}
WHERE w.id = %s FOR UPDATE OF i, w
"""
# Nobody is waited for: so those who lock several don't wait for one another in a circle.
_LOCK_FREE_TASKS = f"""{_TASK}
WHERE w.id = ANY(%s) ORDER BY i.id, w.id FOR UPDATE OF i, w SKIP LOCKED
"""


def lock(instance_id: int) -> Run:
    """The run, locked until the transaction ends. 404."""
    rows = fetch_all(_LOCK, [instance_id])
    if not rows:
        raise not_found()
    return _run(rows[0])


def lock_task(task_id: int, user: User | None) -> tuple[Run, Work]:
    """The task and its run, both locked. `user` is who asks (None: the system). 404."""
    rows = fetch_all(_LOCK_TASK, [user.pk if user else None, task_id])
    if not rows:
        raise not_found()
    return _run(rows[0]), _work(rows[0])


def lock_free_tasks(task_ids: Sequence[int]) -> list[tuple[Run, Work]]:
    """Those of the tasks that nobody else has locked, and their runs, all locked. Two tasks of one run have each a Run
    of their own."""
    return [(_run(row), _work(row)) for row in fetch_all(_LOCK_FREE_TASKS, [None, list(task_ids)])]


def _work(row: tuple[Any, ...]) -> Work:
    pk, number, key, title, status, assignee, roles, output, generation, due_at, held = row[14:]
    draft = None if output is None else orjson.loads(output)
    return Work(pk, number, key, title, status, assignee, roles, draft, generation, due_at, frozenset(held))


def _run(row: tuple[Any, ...]) -> Run:
    pk, version, status, marking, data, created_by, held_at = row[:7]
    parent, parent_task, generation, depth, ticket, requester, opened_at = row[7:14]
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
        None if parent is None else Parent(parent, parent_task, generation),
        depth,
    )


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
