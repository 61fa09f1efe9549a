"""Running jobs: their company entered and left, what they raise turned into what becomes of them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from enum import StrEnum

import structlog

from core.db import connection, fetch_row
from core.errors import is_away
from tenants import counters, hosts, queue
from tenants.jobs import DEFAULT_RETRIES, Job, Later, delay, registry
from tenants.lots import Lot, Rest
from tenants.queue import Fetched

log = structlog.get_logger("ticketflower.job")

# A suspended company's jobs are looked at again so often.
SUSPENDED_SECONDS = 60
JOBS = "jobs"


class Outcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    LATER = "later"  # the job's own wish
    PARKED = "parked"  # its company is suspended: it did not run, and neither do the others of it
    AGAIN = "again"  # it raised, and is tried again
    FAILED = "failed"  # it raised too often, or its company is gone


@dataclass(frozen=True)
class Run:
    """A run that has ended. `seconds`: until the next one, where there is one."""

    outcome: Outcome
    seconds: float = 0
    error: BaseException | None = None


class WorkersKiller(Exception):
    """The job was never finished, because the processes that ran it ended."""


class Suspended(Exception):
    """The job's company is suspended: nothing of it runs."""


class Gone(Exception):
    """The job's company, or its schema, is not there any more."""


def run(job: Fetched, rest: Rest | None = None) -> Run:
    """Run the job, or the rest of it; afterwards the connection is on `public`. What becomes of the
    job in the queue is `settle`'s."""
    started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(job=job.name, job_id=job.id)
    try:
        ended = _outcome(job, rest)
    finally:
        connection.set_schema_to_public()
    counters.count(JOBS, job=job.name, outcome=ended.outcome)
    _log(ended, time.perf_counter() - started)
    structlog.contextvars.clear_contextvars()
    return ended


def run_together(lot: Lot) -> None:
    """Run the jobs of a lot; what is not done then is left to other threads. Afterwards the connection is on `public`.
    What is done is off the queue."""
    first = lot.jobs[0]
    together = registry[first.name].together
    assert together is not None
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(job=first.name)
    try:
        _enter(first)
        together(lot)
    except (Suspended, Gone):
        pass  # each of them is told so singly
    except Exception as error:  # whose fault it is shows when each is run by itself
        log.warning("jobs are run singly", exc_info=error)
    finally:
        connection.set_schema_to_public()
    for job in lot.left:
        lot.singly(job)
    structlog.contextvars.clear_contextvars()


def tell_done(job: Fetched, seconds: float) -> None:
    """Count and log a job of a lot that is done."""
    counters.count(JOBS, job=job.name, outcome=Outcome.DONE)
    with structlog.contextvars.bound_contextvars(job_id=job.id):
        _log(Run(Outcome.DONE), seconds)


def settle(job: Fetched, ended: Run) -> None:
    """Write into the queue what becomes of the job."""
    if ended.outcome is Outcome.DONE:
        queue.delete(job)
    elif ended.outcome is Outcome.FAILED:
        queue.give_up(job)
    else:
        queue.put_back(job, seconds=ended.seconds, failed=ended.outcome is Outcome.AGAIN)
        if ended.outcome is Outcome.PARKED and job.company:
            queue.put_off(job.company, seconds=ended.seconds)


def _outcome(job: Fetched, rest: Rest | None) -> Run:
    found = registry.get(job.name)
    try:
        if found is None:
            raise LookupError(f"There is no job named {job.name!r}.")
        if rest is not None and rest.work is not None:
            # Begun already: whether the company is suspended by now makes no difference, nor a database that is away.
            structlog.contextvars.bind_contextvars(company=rest.company.slug)
            connection.set_tenant(rest.company)
            rest.work()
            return Run(Outcome.DONE)
        if found.of_company:
            _enter(job)
        else:
            connection.set_schema_to_public()
        if job.failures > found.retries:
            raise WorkersKiller("Its workers died, or it raised, too often.")
        found.function(**job.args)
    except Later as wish:
        return Run(Outcome.LATER, wish.seconds)
    except Suspended:
        return Run(Outcome.PARKED, SUSPENDED_SECONDS)
    except Gone as error:
        return Run(Outcome.FAILED, error=error)
    except Exception as error:  # noqa: BLE001 # whatever it is, it must not end the worker
        return _after(error, job, found)
    return Run(Outcome.DONE)


def _after(error: Exception, job: Fetched, found: Job | None) -> Run:
    """A database that is away is no failure of the job, and is waited for as long as it takes."""
    if is_away(error):
        return Run(Outcome.LATER, delay(1), error)
    retries = found.retries if found else DEFAULT_RETRIES
    if job.failures < retries:
        return Run(Outcome.AGAIN, delay(job.failures), error)
    if found and found.on_failure:
        try:
            found.on_failure(**job.args)
        except Exception as second:  # noqa: BLE001 # said, with the first one as its cause
            away, second.__cause__ = is_away(second), error
            if away:
                return Run(Outcome.LATER, delay(1), second)
            # Nothing else tells whoever waits for the job.
            if job.failures < retries + DEFAULT_RETRIES:
                return Run(Outcome.AGAIN, delay(job.failures - retries), second)
            error = second
    return Run(Outcome.FAILED, error=error)


def _enter(job: Fetched) -> None:
    """Put the connection on the schema of the job's company.

    Which schema that is comes from the cache of hosts; whether the company is suspended, and whether PostgreSQL finds
    the schema (or would answer from `public` in its place), is asked now, together with entering it.
    """
    company = hosts.company_for_uuid(uuid.UUID(job.company)) if job.company else None
    if company is None:
        raise Gone("The job's company does not exist.")
    structlog.contextvars.bind_contextvars(company=company.slug)
    connection.set_tenant(company)
    row = fetch_row("SELECT is_active, current_schema() FROM public.companies WHERE uuid = %s", [company.uuid])
    if row is None or row[1] != company.schema_name:
        raise Gone("The job's company, or its schema, does not exist.")
    if not row[0]:
        raise Suspended


def _log(ended: Run, seconds: float) -> None:
    values = {"outcome": ended.outcome.value, "duration_ms": round(seconds * 1000, 1)}
    if ended.seconds:
        values["again_in_seconds"] = round(ended.seconds, 1)
    if ended.error is None:
        log.info("job", **values)
    elif ended.outcome is Outcome.FAILED:
        log.error("job", exc_info=ended.error, **values)
    else:
        log.warning("job", exc_info=ended.error, **values)
