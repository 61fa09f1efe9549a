"""What answers to writes show besides the row that was written, asked in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from core.db import here
from core.sending import Rows, Statement
from users.models import User
from workflow_ops.selectors import TASK_ROWS, TICKET_ROWS, row_values

# Tasks first, and of them the completed one: what it opened came later.
_COMPLETED = f"""
SELECT 0, task_instances.id, {TASK_ROWS.text} FROM task_instances
WHERE task_instances.instance_id = %(run)s::bigint AND task_instances.number = ANY(%(numbers)s::int[])
UNION ALL SELECT 1, tickets.id, {TICKET_ROWS.text} FROM tickets WHERE tickets.instance_id = %(run)s::bigint
ORDER BY 1, 2"""


def completed(user: User, run: int, numbers: Sequence[int]) -> Statement:
    """Asks what `user` sees after completing a task of a run: `numbers` are the task's and those of what it opened."""
    return _COMPLETED, {"company": here().tenant.slug, **row_values(user), "run": run, "numbers": numbers}


def completed_json(rows: Rows) -> bytes:
    """`{"task", "ticket", "opened_tasks"}` of what `completed` has found. `ticket` is null for an execution without
    one."""
    done, *new = [text for kind, _, text in rows if kind == 0]
    ticket = next((text for kind, _, text in rows if kind == 1), "null")
    return f'{{"task":{done},"ticket":{ticket},"opened_tasks":[{",".join(new)}]}}'.encode()
