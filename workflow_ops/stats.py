"""Numbers of a workflow's runs, and what publishing it would leave behind. Each takes one statement."""

from __future__ import annotations

from core.db import connection
from core.errors import not_found
from workflow_ops.models import InstanceStatus

_OPEN = "'OPEN', 'IN_PROGRESS', 'PENDING'"
_STATUSES = ", ".join(f"'{status}'" for status in InstanceStatus.values)


def _percentile(share: float, time: str, which: str) -> str:
    """In whole milliseconds; null of nothing."""
    seconds = f"percentile_cont({share}) WITHIN GROUP (ORDER BY extract(epoch FROM {time}))"
    return f"round(({seconds} FILTER (WHERE {which}) * 1000)::numeric)"


def _by_status(column: str) -> str:
    """A number for every status, also where it is none."""
    return f"""(SELECT json_object_agg(known.status, coalesce(counted.{column}, 0) ORDER BY known.place)
        FROM unnest(ARRAY[{_STATUSES}]) WITH ORDINALITY AS known (status, place)
        LEFT JOIN counted ON counted.status = known.status)"""


_STATS = f"""
WITH runs AS MATERIALIZED (
    SELECT i.id, i.status, i.started_at, i.completed_at,
        EXISTS (SELECT FROM tickets WHERE instance_id = i.id) AS for_ticket,
        EXISTS (SELECT FROM incidents WHERE instance_id = i.id) AS stopped
    FROM workflow_instances i WHERE i.workflow_id = %(workflow)s
), counted AS (
    SELECT status, count(*) FILTER (WHERE for_ticket) AS tickets, count(*) FILTER (WHERE NOT for_ticket) AS others
    FROM runs GROUP BY status
), worked AS (
    SELECT v.key, max(v.version_id) AS version, count(*) FILTER (WHERE w.status IN ({_OPEN})) AS open,
        count(*) FILTER (WHERE w.status IN ({_OPEN}) AND w.due_at < now() AND i.held_at IS NULL) AS overdue,
        count(*) FILTER (WHERE w.status = 'ERROR') AS stopped,
        count(*) FILTER (WHERE w.status = 'COMPLETED') AS completed,
        {_percentile(0.5, "w.completed_at - w.created_at", "w.status = 'COMPLETED'")} AS p50_ms,
        {_percentile(0.9, "w.completed_at - w.created_at", "w.status = 'COMPLETED'")} AS p90_ms
    FROM workflow_instances i
    JOIN task_instances w ON w.instance_id = i.id
    JOIN workflow_version_tasks v ON v.id = w.task_id
    WHERE i.workflow_id = %(workflow)s GROUP BY v.key
)
SELECT json_build_object(
    'company', %(company)s::text,
    'workflow', f.id,
    'tickets', {_by_status("tickets")},
    'executions', {_by_status("others")},
    'durations', (SELECT json_build_object(
        'completed', count(*) FILTER (WHERE status = 'COMPLETED'),
        'p50_ms', {_percentile(0.5, "completed_at - started_at", "status = 'COMPLETED'")},
        'p90_ms', {_percentile(0.9, "completed_at - started_at", "status = 'COMPLETED'")}) FROM runs),
    'error_rate', (SELECT round(avg(stopped::int), 4) FROM runs),
    'tasks', (SELECT coalesce(json_agg(json_build_object('key', v.key, 'title', v.title, 'open', t.open,
            'overdue', t.overdue, 'stopped', t.stopped, 'completed', t.completed,
            'p50_ms', t.p50_ms, 'p90_ms', t.p90_ms) ORDER BY v.version_id DESC, v.index), '[]')
        FROM worked t JOIN workflow_version_tasks v ON v.version_id = t.version AND v.key = t.key)
)::text
FROM workflow_definitions f WHERE f.id = %(workflow)s
"""
# A version's tasks are those of its document; which of them the working copy still has is told by key.
_IMPACT = f"""
WITH open AS MATERIALIZED (
    SELECT i.id, i.version_id FROM workflow_instances i
    WHERE i.workflow_id = %(workflow)s AND i.status NOT IN ('COMPLETED', 'CANCELLED')
), waiting AS (
    SELECT o.version_id, v.index, v.key, v.title, count(*) AS tasks, count(DISTINCT o.id) AS runs,
        EXISTS (SELECT FROM task_definitions d WHERE d.workflow_id = %(workflow)s AND d.key = v.key) AS kept
    FROM open o
    JOIN task_instances w ON w.instance_id = o.id AND w.status IN ({_OPEN}, 'ERROR')
    JOIN workflow_version_tasks v ON v.id = w.task_id
    GROUP BY o.version_id, v.id
)
SELECT json_build_object(
    'company', %(company)s::text,
    'workflow', f.id,
    'version', coalesce(f.published_version, 0) + (f.published_hash IS DISTINCT FROM f.bundle_hash)::int,
    'published_version', f.published_version,
    'has_changes', f.published_hash IS DISTINCT FROM f.bundle_hash,
    'open_runs', (SELECT count(*) FROM open),
    'versions', (SELECT coalesce(json_agg(json_build_object('version', v.number, 'open_runs', o.runs, 'tasks',
            (SELECT coalesce(json_agg(json_build_object('key', t.key, 'title', t.title, 'open_tasks', t.tasks,
                'open_runs', t.runs, 'in_working_copy', t.kept) ORDER BY t.index), '[]')
             FROM waiting t WHERE t.version_id = v.id)) ORDER BY v.number DESC), '[]')
        FROM (SELECT version_id, count(*) AS runs FROM open GROUP BY version_id) o
        JOIN workflow_versions v ON v.id = o.version_id),
    'removed_tasks', (SELECT coalesce(json_agg(DISTINCT t.key), '[]') FROM waiting t WHERE NOT t.kept)
)::text
FROM workflow_definitions f WHERE f.id = %(workflow)s
"""


def workflow_stats(workflow_id: int) -> str:
    """JSON text of the numbers of a workflow's runs, all versions taken together. 404.

    Durations are those of COMPLETED runs and tasks, from start (of a task: from when it opened) to end; time on hold
    counts. `error_rate` is the share of runs that had an incident, solved or not; null without runs.
    """
    return _answer(_STATS, workflow_id)


def publish_impact(workflow_id: int) -> str:
    """JSON text of what is open on which version, and which tasks of it the working copy has no more. 404."""
    return _answer(_IMPACT, workflow_id)


def _answer(statement: str, workflow_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"workflow": workflow_id, "company": getattr(connection.tenant, "slug", "")})
        row = cursor.fetchone()
    if row is None:
        raise not_found()
    found: str = row[0]
    return found
