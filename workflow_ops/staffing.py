"""What live versions ask of people: the published version of an active workflow, and every version with open runs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from core.db import connection

MAX_TASKS = 100
# Its document is read only where one of its tasks, which are rows too, is concerned.
_LIVE = """
live AS MATERIALIZED (
    SELECT version.id, version.number, version.document, version.workflow_id, workflow.title
    FROM workflow_versions version JOIN workflow_definitions workflow ON workflow.id = version.workflow_id
    WHERE (workflow.status = 'ACTIVE' AND version.number = workflow.published_version OR version.id IN (
            SELECT run.version_id FROM workflow_instances run
            WHERE run.status IN ('NOT_STARTED', 'IN_PROGRESS', 'ON_HOLD', 'ERROR')))
        AND EXISTS (SELECT FROM workflow_version_tasks task WHERE task.version_id = version.id
            AND (task.roles && %(roles)s::varchar[] OR %(any)s::boolean AND task.roles = '{}'))
)"""
# Tasks without roles are for every task worker, and so for `everyone`; the requester's have the requester.
_WITHOUT = f"""
WITH {_LIVE}
SELECT live.workflow_id, live.title, live.number, task ->> 'key', task ->> 'title', asked.roles
FROM live
CROSS JOIN LATERAL json_array_elements(live.document -> 'tasks') WITH ORDINALITY AS listed (task, place)
CROSS JOIN LATERAL (SELECT ARRAY(SELECT json_array_elements_text(task -> 'assignee_roles')) AS roles) asked
CROSS JOIN LATERAL (SELECT CASE asked.roles WHEN '{{}}' THEN '{{everyone}}' ELSE asked.roles END AS roles) needed
WHERE task ->> 'task_type' = 'FORM' AND task ->> 'assignment_policy' <> 'requester'
    AND needed.roles && %(roles)s::text[] AND NOT needed.roles && %(able)s::text[]
ORDER BY live.workflow_id, live.number, place
LIMIT {MAX_TASKS}
"""
_NAMING = f"""
WITH {_LIVE}
SELECT task.title, live.title, live.number
FROM live JOIN workflow_version_tasks task ON task.version_id = live.id
WHERE task.roles && %(roles)s::varchar[] AND NOT EXISTS (
    SELECT FROM task_definitions copy
    WHERE copy.workflow_id = live.workflow_id AND copy.key = task.key AND copy.assignee_roles && %(roles)s::varchar[])
ORDER BY live.workflow_id, live.number, task.index
LIMIT {MAX_TASKS}
"""
_COLUMNS = ("workflow", "workflow_title", "version", "task", "title", "roles")


def tasks_without_people(gone: Collection[str], able: Collection[str]) -> list[dict[str, Any]]:
    """Tasks of people in live versions for one of the roles `gone` and none of the roles `able`: at most MAX_TASKS."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT, {"roles": sorted(gone), "any": "everyone" in gone, "able": sorted(able)})
        return [dict(zip(_COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def live_role_uses(name: str) -> list[str]:
    """Where live versions name a company role and the working copy doesn't any more, in words."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMING, {"roles": [name], "any": False})
        return [f"task {task} of {workflow}, version {number}" for task, workflow, number in cursor.fetchall()]
