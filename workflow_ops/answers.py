"""What answers to writes show besides the row that was written, read in one statement."""

from __future__ import annotations

from core.db import prepared_cursor
from users.models import User
from workflow_ops.selectors import TASK_ROWS, TICKET_ROWS, row_values


def completed(*, user: User, task_id: int, opened: list[int]) -> bytes:
    """`{"task", "ticket", "opened_tasks"}`: what `user` sees after completing a task. `ticket` is null for an execution
    without one."""
    tasks, task_params = TASK_ROWS.select("task_instances WHERE task_instances.id = ANY(%s)", [task_id, *opened])
    tickets, ticket_params = TICKET_ROWS.bound(**row_values(user)).select(
        "tickets WHERE tickets.instance_id = (SELECT w.instance_id FROM task_instances w WHERE w.id = %s)", task_id
    )
    with prepared_cursor() as cursor:
        # Tasks first, and of them the completed one: what it opened came later.
        cursor.execute(f"SELECT 0, {tasks} UNION ALL SELECT 1, {tickets} ORDER BY 1, 2", [*task_params, *ticket_params])
        rows = cursor.fetchall()
    done, *new = [text for kind, _, text in rows if kind == 0]
    ticket = next((text for kind, _, text in rows if kind == 1), "null")
    return f'{{"task":{done},"ticket":{ticket},"opened_tasks":[{",".join(new)}]}}'.encode()
