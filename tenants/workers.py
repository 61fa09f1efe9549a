"""Worker processes as the database knows them: their signs of life, and the jobs of those that give none."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import IntegrityError

from core.db import connection
from tenants import counters
from tenants.jobs import registry
from tenants.queue import EMPTY, Priority
from tenants.running import JOBS

log = logging.getLogger("ticketflower.worker")

_TO_DO_AGAIN = (
    "UPDATE public.procrastinate_jobs SET status = 'todo', worker_id = NULL, scheduled_at = now(),"
    " abort_requested = false, attempts = attempts + 1,"
    " args = args || jsonb_build_object('failures', COALESCE((args -> 'failures')::int, 0) + 1)"
)


def register() -> tuple[int, float]:
    """A new worker's number, and the database's time in seconds since 1970."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT worker_id, extract(epoch FROM now())::float8 FROM public.procrastinate_register_worker_v1()"
        )
        number, now = cursor.fetchone()
    return number, now


def beat(worker: int) -> float | None:
    """Give a sign of life. The database's time; None when it knows no such worker: others have taken it for dead, and
    have its jobs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.procrastinate_workers SET last_heartbeat = now() WHERE id = %s"
            " RETURNING extract(epoch FROM now())::float8",
            [worker],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def leave(worker: int) -> None:
    """The worker is no more; what it has not finished is for the next `rescue`."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.procrastinate_workers WHERE id = %s", [worker])


def rescue(lease_seconds: float) -> int:
    """Let the jobs of dead workers be run again; how many. Of several that call it, one rescues a job."""
    with connection.cursor() as cursor:
        # A job of a worker that is not there any more is nobody's (ON DELETE SET NULL).
        cursor.execute("SELECT public.procrastinate_prune_stalled_workers_v1(%s)", [lease_seconds])
        cursor.execute(f"{_TO_DO_AGAIN} WHERE status = 'doing' AND worker_id IS NULL RETURNING id, task_name")
        rescued = cursor.fetchall()
    _tell(rescued)
    return len(rescued)


def held(worker: int) -> set[tuple[int, int]]:
    """The worker's jobs in the queue: id and attempts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, attempts FROM public.procrastinate_jobs WHERE status = 'doing' AND worker_id = %s", [worker]
        )
        return set(cursor.fetchall())


def give_back(worker: int, jobs: Iterable[tuple[int, int]]) -> None:
    """Let jobs that the worker has without knowing it (the answer to its fetch was lost) be run again."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_TO_DO_AGAIN} WHERE status = 'doing' AND worker_id = %s AND id = ANY(%s) RETURNING id, task_name",
            [worker, [number for number, _ in jobs]],
        )
        rescued = cursor.fetchall()
    _tell(rescued)


def due(queues: list[str] | None, limit: int) -> int:
    """How many jobs wait that might run now, at most `limit`."""
    with connection.cursor() as cursor:
        cursor.execute(
            # In the order of the index, or PostgreSQL goes through all that wait.
            "SELECT count(*) FROM (SELECT FROM unnest(%s::int[]) AS level CROSS JOIN LATERAL ("
            "SELECT FROM public.procrastinate_jobs WHERE status = 'todo' AND priority = level"
            " AND COALESCE(scheduled_at, '-infinity'::timestamptz) <= now()"
            " AND (%s::text[] IS NULL OR queue_name = ANY(%s::text[]))"
            " ORDER BY COALESCE(scheduled_at, '-infinity'::timestamptz), id LIMIT %s) AS one LIMIT %s) AS waiting",
            [list(Priority), queues, queues, limit, limit],
        )
        return int(cursor.fetchone()[0])


class Schedule:
    """Enqueues the jobs that are run `every` so many seconds: each once, however many workers there are."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def enqueue_due(self, now: float) -> None:
        """`now`: the database's time, in seconds since 1970; so all workers have the same."""
        for job in list(registry.values()):
            if job.every is None:
                continue
            turn = int(now // job.every * job.every)
            if self._last.get(job.name) == turn:
                continue
            try:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT public.procrastinate_defer_periodic_job_v2(%s, %s, %s, %s, %s, '', %s, %s::jsonb)",
                        [job.queue, None, job.name, job.name, job.priority, turn, EMPTY],
                    )
            except IntegrityError:
                log.info("%s is due again, and the last one still waits.", job.name)
            self._last[job.name] = turn


def _tell(rescued: list[tuple[int, str]]) -> None:
    for number, name in rescued:
        log.warning("Job %s (%s) was begun by a worker that has not finished it; it is run again.", number, name)
        counters.count(JOBS, job=name, outcome="rescued")
