"""What answers to writes show besides the row that was written, read in one statement."""

from __future__ import annotations

from core.db import fetch_all, here
from users.models import User
from workflow_ops.selectors import TASK_ROWS, TICKET_ROWS, row_values

# Tasks first, and of them the completed one: what it opened came later.
_COMPLETED = f"""
SELECT 0, task_instances.id, {TASK_ROWS.text} FROM task_instances WHERE task_instances.id = ANY(%(tasks)s::bigint[])
UNION ALL SELECT 1, tickets.id, {TICKET_ROWS.text} FROM tickets
WHERE tickets.instance_id = (SELECT w.instance_id FROM task_instances w WHERE w.id = %(task)s::bigint)
ORDER BY 1, 2"""


def completed(*, user: User, task_id: int, opened: list[int]) -> bytes:
    """`{"task", "ticket", "opened_tasks"}`: what `user` sees after completing a task. `ticket` is null for an execution
    without one."""
    values = {"company": here().tenant.slug, **row_values(user), "task": task_id, "tasks": [task_id, *opened]}
    rows = fetch_all(_COMPLETED, values)
    done, *new = [text for kind, _, text in rows if kind == 0]
    ticket = next((text for kind, _, text in rows if kind == 1), "null")
    return f'{{"task":{done},"ticket":{ticket},"opened_tasks":[{",".join(new)}]}}'.encode()
