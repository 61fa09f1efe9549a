"""Who gets a task that opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.db import connection
from users.models import EVERYONE, User
from workflow_design.models import AssignmentPolicy
from workflow_ops.models import TaskStatus

if TYPE_CHECKING:
    from workflow_ops.services.running import Run

# The candidates of a task, each with how many undone tasks they have and when they last got one of this kind. Who gets
# it is decided under a lock of the company's: two that open at once don't see each other otherwise.
_CANDIDATES = """
SELECT person.id
FROM users person
LEFT JOIN LATERAL (
    SELECT count(*) AS undone FROM task_instances w
    WHERE w.assignee_id = person.id AND w.status IN ('OPEN', 'IN_PROGRESS', 'PENDING')
) queue ON true
LEFT JOIN LATERAL (
    SELECT max(w.id) AS last FROM task_instances w
    WHERE w.assignee_id = person.id AND w.task_id IN (
        SELECT same.id FROM workflow_version_tasks same JOIN workflow_versions version ON version.id = same.version_id
        WHERE version.workflow_id = %(workflow)s AND same.key = %(key)s)
) got ON true
WHERE person.is_active AND 'task_worker' = ANY(person.system_roles)
    AND (%(anyone)s OR EXISTS (
        SELECT 1 FROM user_company_roles held JOIN company_roles role ON role.id = held.companyrole_id
        WHERE held.user_id = person.id AND role.name = ANY(%(roles)s::text[])))
ORDER BY
"""
_ORDER = {
    AssignmentPolicy.SHORTEST_QUEUE: "queue.undone, person.id",
    AssignmentPolicy.ROUND_ROBIN: "got.last NULLS FIRST, person.id",
}


def assign(run: Run, rows: list[dict[str, Any]], user: User | None) -> None:
    """Give each new task to whom its policy says; without anybody to give it to it stays open for its candidates."""
    for row in rows:
        policy = row["policy"]
        person: int | None = None
        if policy == AssignmentPolicy.REQUESTER:
            person = run.ticket["created_by"] if run.ticket else run.created_by
        elif policy == AssignmentPolicy.PREVIOUS:
            person = user.pk if user else None
        elif policy in _ORDER:
            person = _first(run, row, _ORDER[policy])
        if person is not None:
            row["assignee"], row["status"] = person, TaskStatus.IN_PROGRESS


def _first(run: Run, row: dict[str, Any], order: str) -> int | None:
    anyone = not row["roles"] or EVERYONE in row["roles"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('assignment'), hashtext(current_schema()))")
        cursor.execute(
            f"{_CANDIDATES} {order} LIMIT 1",
            {
                "workflow": run.version.workflow_id,
                "key": run.version.graph.tasks[row["index"]].key,
                "roles": row["roles"],
                "anyone": anyone,
            },
        )
        found = cursor.fetchone()
    return found[0] if found else None
