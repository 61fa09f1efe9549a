"""Running jobs in tests, in this process and one after another, as a worker would.

    runs = run_jobs()                       # all that is due, and what they enqueue, until none is due
    run_jobs(now=timezone.now() + timedelta(hours=1))   # … as if it were an hour later
    assert [(run.job.name, run.outcome) for run in runs] == [("actions.call", Outcome.DONE)]
    waiting_jobs("actions.call")            # the arguments of what still waits

It uses the test's own connection and transaction: with rollback at the test's end too. An exception of a job goes to
the test; with `errors="keep"` it becomes what it is in a worker: another try later, or a failed job (`run.error`). A
job that is to be run again later runs once a call, whatever `now` is. The connection is on the same schema after it as
before. What a worker really does, in processes of its own, is tested in tests/test_worker.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core.db import connection
from tenants import queue, running
from tenants.queue import Fetched
from tenants.running import Outcome

__all__ = ["Outcome", "RunJob", "run_jobs", "waiting_jobs"]


@dataclass(frozen=True)
class RunJob:
    """One run of a job. `seconds`: until the next, where it is to be run again."""

    job: Fetched
    outcome: Outcome
    seconds: float
    error: BaseException | None


def run_jobs(
    *, now: datetime | None = None, limit: int = 1000, errors: Literal["raise", "keep"] = "raise"
) -> list[RunJob]:
    """Run every job that is due at `now` (now), in the order of a worker; at most `limit` runs, or AssertionError."""
    tenant = connection.tenant
    ran: list[RunJob] = []
    try:
        while (job := _fetch(now, [run.job.id for run in ran])) is not None:
            assert len(ran) < limit, f"more than {limit} jobs, the last one {job.name}"
            ended = running.run(job)
            running.settle(job, ended)
            ran.append(RunJob(job, ended.outcome, ended.seconds, ended.error))
            if ended.error is not None and errors == "raise":
                raise ended.error
    finally:
        connection.set_tenant(tenant)
    return ran


def waiting_jobs(name: str | None = None) -> list[dict[str, Any]]:
    """The arguments of the jobs (of one name) that wait, due or not, of whichever company; oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args -> 'args' FROM public.procrastinate_jobs WHERE status = 'todo'"
            " AND (%s::text IS NULL OR task_name = %s) ORDER BY id",
            [name, name],
        )
        return [queue.as_object(value) for (value,) in cursor.fetchall()]


def _fetch(now: datetime | None, ran: list[int]) -> Fetched | None:
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        # The queue goes by the transaction's time, which stands still in a test.
        cursor.execute(
            "UPDATE public.procrastinate_jobs SET scheduled_at = LEAST(scheduled_at, now())"
            " WHERE status = 'todo' AND scheduled_at <= COALESCE(%s, clock_timestamp()) AND id <> ALL(%s::bigint[])",
            [now, ran],
        )
    return queue.fetch(queues=None, worker=None)
