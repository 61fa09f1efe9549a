"""Jobs: work for worker processes, put into the queue in the transaction that makes it necessary.

    @company_job(name="actions.call", queue="actions")
    def call(*, attempt: int) -> None: ...

    call.enqueue(attempt=7)                          # for the company of the connection
    call.enqueue(at=due, lock="ticket-5", attempt=7) # not before `due`; one at a time of those with this lock
    call.enqueue_many([{"attempt": 7}, {"attempt": 8}])

A job runs at least once: a worker may be killed right after its work and before it has said so. So a job looks first
whether there is still something to do. It runs outside of any transaction. An app's jobs are in its module `jobs`, or
imported there: that is how workers find them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import backoff
from core.db import connection
from tenants import queue
from tenants.lots import Lot
from tenants.models import Company
from tenants.queue import Priority

DEFAULT_QUEUE = "default"
# With the delays between them, about a quarter of an hour.
DEFAULT_RETRIES = 10
MAX_DELAY_SECONDS = 300


class Later(Exception):
    """Raised by a job: run me again after that many seconds. It may be raised as often as the job likes."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:g} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Job:
    """A function that workers call.

    `retries`: so often it is tried again, with growing delays, after it raised or its worker died. `on_failure` is
    called with the same arguments, in the same company, when it has failed for good, and again (up to DEFAULT_RETRIES
    times) when that raises. `every`: seconds between two runs that workers enqueue by themselves. `together` runs
    several of this name and company, where that many are due, with fewer statements; what it says nothing of, and what
    is unusual, is run singly.
    """

    name: str
    queue: str
    priority: Priority
    retries: int
    function: Callable[..., None]
    of_company: bool
    on_failure: Callable[..., None] | None = None
    every: int | None = None
    together: Callable[[Lot], None] | None = None

    def enqueue(self, *, at: datetime | None = None, lock: str | None = None, **args: Any) -> None:
        """Add this job in the connection's transaction: none after a rollback. `args` are JSON values."""
        self._add([args], at, lock)

    def enqueue_many(self, many: Sequence[dict[str, Any]], *, at: datetime | None = None) -> None:
        """Add one of this job for each of `many` arguments, all in one statement; for none there is none."""
        if many:
            self._add(many, at, None)

    def enqueue_for_every_company(self) -> None:
        """Add this job, which takes no arguments, for every active company that has none waiting."""
        queue.add_for_companies(queue.New(self.name, self.queue, self.priority, None))

    def _add(self, many: Sequence[dict[str, Any]], at: datetime | None, lock: str | None) -> None:
        company = _current_company() if self.of_company else None
        queue.add(queue.New(self.name, self.queue, self.priority, company, at, lock and f"{company}:{lock}"), many)


registry: dict[str, Job] = {}


def company_job(
    *,
    name: str,
    queue: str = DEFAULT_QUEUE,
    priority: Priority = Priority.NORMAL,
    retries: int = DEFAULT_RETRIES,
    on_failure: Callable[..., None] | None = None,
    together: Callable[[Lot], None] | None = None,
) -> Callable[[Callable[..., None]], Job]:
    """Make a function a job that runs with the connection on the schema of the company that enqueued it."""
    return lambda function: _register(
        Job(name, queue, priority, retries, function, True, on_failure, together=together)
    )


def system_job(
    *,
    name: str,
    queue: str = DEFAULT_QUEUE,
    priority: Priority = Priority.NORMAL,
    retries: int = DEFAULT_RETRIES,
    every: int | None = None,
) -> Callable[[Callable[..., None]], Job]:
    """Make a function a job of the installation: it runs with the connection on `public`."""
    return lambda function: _register(Job(name, queue, priority, retries, function, False, every=every))


def _register(job: Job) -> Job:
    if job.name in registry:
        raise ValueError(f"There are two jobs named {job.name!r}.")
    registry[job.name] = job
    return job


def _current_company() -> str:
    """The uuid of the connection's company."""
    tenant = connection.tenant
    if not isinstance(tenant, Company):  # a block on a schema by its name
        tenant = Company.objects.filter(schema_name=connection.schema_name).first()
    if tenant is None:
        raise RuntimeError("A company's job is enqueued with the connection on the company's schema.")
    return str(tenant.uuid)


def delay(failures: int) -> float:
    """Seconds until the next try after so many earlier failures: doubling from 1."""
    return backoff.seconds(failures + 1, first=1.0, factor=2.0, most=MAX_DELAY_SECONDS, spread=0.5)
