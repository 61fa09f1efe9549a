"""The queue of jobs: procrastinate's tables in `public`, each change of a job's state one statement.

A job is `todo`, then `doing` while a worker has it, and gone when it is done; what failed for good stays as `failed`.
Whoever has fetched a job changes it only as long as it is still theirs: its worker and its number of attempts are those
of the fetch. So a worker that was thought dead and wakes up again touches no job that somebody else has by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from core.db import connection

# A key that no job's arguments clash with: they lie below it.
COMPANY, ARGS, FAILURES = "company", "args", "failures"
# What is in a job of the installation without arguments.
EMPTY = '{"company": null, "args": {}}'

_MINE = "id = %s AND status = 'doing' AND attempts = %s AND worker_id IS NOT DISTINCT FROM %s"


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
    priority: int
    company: str | None
    at: datetime | None = None
    lock: str | None = None


def add(new: New, args: Sequence[dict[str, Any]]) -> None:
    """Add one job for each of `args`, in the connection's transaction; workers hear of them when it commits."""
    items = [{COMPANY: new.company, ARGS: one} for one in args]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.procrastinate_jobs (queue_name, task_name, priority, lock, scheduled_at, args)"
            " SELECT %s, %s, %s, %s, %s, item FROM jsonb_array_elements(%s::jsonb) AS item",
            [new.queue, new.name, new.priority, new.lock, new.at, orjson.dumps(items).decode()],
        )


def fetch(*, queues: list[str] | None, worker: int | None, done: Fetched | None = None) -> Fetched | None:
    """The next job that is due, now this worker's: of the highest priority the oldest. None: there is none.

    `done` is the worker's last job, which is taken off the queue in the same statement.
    """
    # The function comes after the DELETE, because it needs its count: a job with the same lock may be next.
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH done AS (DELETE FROM public.procrastinate_jobs WHERE {_MINE} RETURNING id)"
            " SELECT job.id, job.task_name, job.args, job.attempts FROM (SELECT count(*) FROM done) AS before,"
            " LATERAL public.procrastinate_fetch_job_v2(%s::varchar[], %s + 0 * before.count) AS job",
            [*(done._mine if done else (None, None, None)), queues, worker],
        )
        row = cursor.fetchone()
    if row is None or row[0] is None:
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


def as_object(value: Any) -> dict[str, Any]:
    """A JSON column's value, which Django leaves as text."""
    return value if isinstance(value, dict) else orjson.loads(value)


def delete(job: Fetched) -> None:
    """Take a job that is done off the queue."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM public.procrastinate_jobs WHERE {_MINE}", job._mine)


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


def give_up(job: Fetched) -> None:
    """The job has failed for good; it stays in the table for people to see."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.procrastinate_jobs SET status = 'failed', worker_id = NULL, attempts = attempts + 1"
            f" WHERE {_MINE}",
            job._mine,
        )
