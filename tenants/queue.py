"""The queue of jobs: procrastinate's tables in `public`, each change of a job's state one statement.

A job is `todo`, then `doing` while a worker has it, and gone when it is done; what failed for good stays as `failed`.
Whoever has fetched a job changes it only as long as it is still theirs: its worker and its number of attempts are those
of the fetch. So a worker that was thought dead and wakes up again touches no job that somebody else has by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

import orjson

from core.db import connection, prepared_cursor

# A key that no job's arguments clash with: they lie below it.
COMPANY, ARGS, FAILURES = "company", "args", "failures"
# What is in a job of the installation without arguments.
EMPTY = '{"company": null, "args": {}}'

_MINE = "id = %s AND status = 'doing' AND attempts = %s AND worker_id IS NOT DISTINCT FROM %s"


class Priority(IntEnum):
    """Which jobs go first; from the highest to the lowest."""

    HIGH = 10
    NORMAL = 0
    LOW = -10


LEVELS = [int(level) for level in Priority]


@dataclass(frozen=True)
class Fetched:
    """A job that a worker has. `attempts` counts its earlier runs; `company` is a uuid, or None for a job of the
    installation."""

    id: int
    name: str
    company: str | None
    args: dict[str, Any]
    attempts: int
    failures: int
    worker: int | None

    @property
    def _mine(self) -> list[Any]:
        return [self.id, self.attempts, self.worker]


@dataclass(frozen=True)
class New:
    """A job to be: what `add` needs to know of it."""

    name: str
    queue: str
    priority: Priority
    company: str | None
    at: datetime | None = None
    lock: str | None = None


def add(new: New, args: Sequence[dict[str, Any]]) -> None:
    """Add one job for each of `args`, in the connection's transaction; workers hear of them when it commits."""
    items = [{COMPANY: new.company, ARGS: one} for one in args]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.procrastinate_jobs (queue_name, task_name, priority, lock, scheduled_at, args)"
            " SELECT %s, %s, %s, %s, COALESCE(%s, now()), item FROM jsonb_array_elements(%s::jsonb) AS item",
            [new.queue, new.name, new.priority, new.lock, new.at, orjson.dumps(items).decode()],
        )


def add_for_companies(new: New) -> None:
    """Add one job, without arguments, for each active company that has none of this name waiting: in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.procrastinate_jobs"
            " (queue_name, task_name, priority, scheduled_at, args, queueing_lock)"
            " SELECT %s, %s, %s, COALESCE(%s, now()), jsonb_build_object('company', uuid, 'args', '{}'::jsonb),"
            " concat_ws(':', %s::text, uuid) FROM public.companies WHERE is_active ORDER BY id"
            " ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING",
            [new.queue, new.name, new.priority, new.at, new.name],
        )


# What was due first comes first. A job with a lock waits for the earlier ones with it, as in procrastinate. `done` is
# taken off before the others are looked at, because they need its count, but they see it still.
_FETCH = f"""
WITH done AS (DELETE FROM public.procrastinate_jobs WHERE {_MINE} RETURNING id),
next AS MATERIALIZED (
    SELECT found.id
    FROM (SELECT count(*) FROM done) AS before
    CROSS JOIN unnest(%s::int[]) AS level
    CROSS JOIN LATERAL (
        SELECT job.id FROM public.procrastinate_jobs AS job
        WHERE job.status = 'todo' AND job.priority = level + 0 * before.count
            AND COALESCE(job.scheduled_at, '-infinity'::timestamptz) <= now()
            AND (%s::text[] IS NULL OR job.queue_name = ANY(%s::text[]))
            AND (%s::text[] IS NULL OR NOT COALESCE(job.args ->> 'company' = ANY(%s::text[]), false))
            AND (job.lock IS NULL OR NOT EXISTS (
                SELECT FROM public.procrastinate_jobs AS other
                WHERE other.lock = job.lock AND other.status IN ('todo', 'doing') AND other.id <> %s
                    AND (other.status = 'doing' OR (other.priority, -other.id) > (job.priority, -job.id))
            ))
        ORDER BY COALESCE(job.scheduled_at, '-infinity'::timestamptz), job.id
        LIMIT 1 FOR UPDATE OF job SKIP LOCKED
    ) AS found
    LIMIT 1
)
UPDATE public.procrastinate_jobs AS job SET status = 'doing', worker_id = %s, queueing_lock = NULL
FROM next WHERE job.id = next.id RETURNING job.id, job.task_name, job.args, job.attempts
"""


def fetch(
    *, queues: list[str] | None, worker: int | None, done: Fetched | None = None, without: Sequence[str] = ()
) -> Fetched | None:
    """The next job that is due, now this worker's: of the highest priority the one due first. None: there is none.

    `done` is the worker's last job, which is taken off the queue in the same statement. Jobs of the companies `without`
    (uuids) are left alone.
    """
    mine = done._mine if done else [0, 0, 0]
    left_out = list(without) or None
    with prepared_cursor(anywhere=True) as cursor:
        cursor.execute(_FETCH, [*mine, LEVELS, queues, queues, left_out, left_out, mine[0], worker])
        row = cursor.fetchone()
    if row is None:
        return None
    number, name, content, attempts = row
    content = as_object(content)
    return Fetched(
        id=number,
        name=name,
        company=content.get(COMPANY),
        args=content.get(ARGS) or {},
        attempts=attempts,
        failures=content.get(FAILURES, 0),
        worker=worker,
    )


def unfinished(names: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """(name, arguments) of the jobs with these names that the connection's company has in the queue, running or not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, args -> 'args' FROM public.procrastinate_jobs WHERE status IN ('todo', 'doing')"
            " AND task_name = ANY(%s) AND args ->> 'company' = %s",
            [names, str(connection.tenant.uuid)],
        )
        return [(name, as_object(args)) for name, args in cursor.fetchall()]


def as_object(value: Any) -> dict[str, Any]:
    """A JSON column's value, which Django leaves as text."""
    return value if isinstance(value, dict) else orjson.loads(value)


def delete(job: Fetched) -> None:
    """Take a job that is done off the queue."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM public.procrastinate_jobs WHERE {_MINE}", job._mine)


def release(job: Fetched) -> None:
    """Give back a job that has not been begun: it keeps its place."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.procrastinate_jobs SET status = 'todo', worker_id = NULL, attempts = attempts + 1"
            f" WHERE {_MINE}",
            job._mine,
        )


def put_back(job: Fetched, *, seconds: float, failed: bool = False) -> None:
    """Let the job be run again after so many seconds; `failed` counts one failure more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.procrastinate_jobs SET status = 'todo', worker_id = NULL, attempts = attempts + 1,"
            " scheduled_at = clock_timestamp() + make_interval(secs => %s),"
            " args = args || jsonb_build_object('failures', %s::int)"
            f" WHERE {_MINE}",
            [seconds, job.failures + failed, *job._mine],
        )


def put_off(company: str, *, seconds: float) -> None:
    """Leave the jobs of a company that are due alone for so many seconds: thousands of a suspended one that were each
    fetched and put back once a minute would keep workers from the others'."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.procrastinate_jobs SET scheduled_at = clock_timestamp() + make_interval(secs => %s)"
            " WHERE id IN (SELECT id FROM public.procrastinate_jobs WHERE status = 'todo' AND args ->> 'company' = %s"
            " AND priority = ANY(%s::int[]) AND COALESCE(scheduled_at, '-infinity'::timestamptz) <= now()"
            " FOR UPDATE SKIP LOCKED)",
            [seconds, company, list(Priority)],
        )


def give_up(job: Fetched) -> None:
    """The job has failed for good; it stays in the table for people to see, with the time as `scheduled_at`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.procrastinate_jobs SET status = 'failed', worker_id = NULL, attempts = attempts + 1,"
            f" scheduled_at = clock_timestamp() WHERE {_MINE}",
            job._mine,
        )
