"""The queue of jobs: procrastinate's tables in `public`, each change of a job's state one statement.

A job is `todo`, then `doing` while a worker has it, and gone when it is done; what failed for good stays as `failed`.
Whoever has fetched a job changes it only as long as it is still theirs: its worker and its number of attempts are those
of the fetch. So a worker that was thought dead and wakes up again touches no job that somebody else has by now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

import orjson

from core.db import connection, fetch_all

# A key that no job's arguments clash with: they lie below it.
COMPANY, ARGS, FAILURES = "company", "args", "failures"
# What is in a job of the installation without arguments.
EMPTY = '{"company": null, "args": {}}'

# So many due jobs are looked through for those that may be run together with the first.
LOOK = 64

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
# taken off before the others are looked at, because they need its count, but they see it still. Of the jobs that may be
# run together with the first one, those are taken that are among the next due: looking further could take long.
#
# What PostgreSQL forgets of this when it dies does no harm: the job is run again. What a job does is committed later,
# and after that this is not forgotten.
_FETCH = f"""
WITH done AS (DELETE FROM public.procrastinate_jobs WHERE {_MINE} RETURNING id),
next AS MATERIALIZED (
    SELECT found.*
    FROM (SELECT count(*), set_config('synchronous_commit', 'off', true) FROM done) AS before
    CROSS JOIN unnest(%s::int[]) AS level
    CROSS JOIN LATERAL (
        SELECT job.id, job.task_name, job.queue_name, job.priority, job.args ->> 'company' AS company,
            job.lock IS NULL AND NOT job.args ? 'failures' AS is_usual
        FROM public.procrastinate_jobs AS job
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
),
more AS MATERIALIZED (
    SELECT found.id
    FROM next
    CROSS JOIN LATERAL (
        SELECT coalesce((SELECT room FROM unnest(%s::text[], %s::int[]) AS held (company, room)
                         WHERE held.company = next.company), %s::int) - 1 AS room
    ) AS left_over
    CROSS JOIN LATERAL (
        SELECT job.id FROM public.procrastinate_jobs AS job
        WHERE next.is_usual AND next.task_name = ANY(%s::text[]) AND left_over.room > 0
            AND job.id IN (
                SELECT due.id FROM public.procrastinate_jobs AS due
                WHERE due.status = 'todo' AND due.priority = next.priority
                    AND COALESCE(due.scheduled_at, '-infinity'::timestamptz) <= now()
                ORDER BY COALESCE(due.scheduled_at, '-infinity'::timestamptz), due.id LIMIT {LOOK}
            )
            AND job.id <> next.id AND job.status = 'todo' AND job.lock IS NULL AND NOT job.args ? 'failures'
            AND job.task_name = next.task_name AND job.queue_name = next.queue_name
            AND job.args ->> 'company' = next.company
        ORDER BY job.id LIMIT greatest(left_over.room, 0) FOR UPDATE OF job SKIP LOCKED
    ) AS found
)
UPDATE public.procrastinate_jobs AS job SET status = 'doing', worker_id = %s, queueing_lock = NULL
WHERE job.id IN (SELECT id FROM next UNION ALL SELECT id FROM more)
RETURNING job.id, job.task_name, job.args, job.attempts
"""


def fetch(
    *, queues: list[str] | None, worker: int | None, done: Fetched | None = None, without: Sequence[str] = ()
) -> Fetched | None:
    """The next job that is due, now this worker's: of the highest priority the one due first. None: there is none.

    `done` is the worker's last job, which is taken off the queue in the same statement. Jobs of the companies `without`
    (uuids) are left alone.
    """
    found = fetch_lot(queues=queues, worker=worker, done=done, without=without)
    return found[0] if found else None


def fetch_lot(
    *,
    queues: list[str] | None,
    worker: int | None,
    done: Fetched | None = None,
    without: Sequence[str] = (),
    together: Sequence[str] = (),
    most: int = 1,
    rooms: Mapping[str, int] | None = None,
) -> list[Fetched]:
    """The next job, as from `fetch`; and where it is one of those that may be run `together` (names), others of its
    name and company that are due: at most `most` in all, of a company that `rooms` names so many. None of them has
    failed before."""
    mine = done._mine if done else [0, 0, 0]
    left_out = list(without) or None
    known = rooms or {}
    values = [*mine, LEVELS, queues, queues, left_out, left_out, mine[0]]
    values += [list(known), list(known.values()), most, list(together), worker]
    return sorted((_fetched(row, worker) for row in fetch_all(_FETCH, values, anywhere=True)), key=lambda job: job.id)


def _fetched(row: tuple[Any, ...], worker: int | None) -> Fetched:
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


# Of jobs of one worker.
_DELETE = """
DELETE FROM public.procrastinate_jobs AS job USING unnest(%s::bigint[], %s::int[]) AS done (id, attempts)
WHERE job.id = done.id AND job.status = 'doing' AND job.attempts = done.attempts
    AND job.worker_id IS NOT DISTINCT FROM %s::bigint
RETURNING job.id
"""


def delete(*done: Fetched) -> None:
    """Take jobs that are done off the queue: in the transaction that is open, where one is."""
    fetch_all(_DELETE, [[job.id for job in done], [job.attempts for job in done], done[0].worker], anywhere=True)


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
