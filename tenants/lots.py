"""Jobs of one name and company that one thread runs together.

What is together saves statements, and is not for what is unusual: that is run singly, by another thread, in the way of
any other job. Nothing that goes wrong with one job is the others'.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.db import connection
from tenants import queue
from tenants.queue import Fetched


@dataclass(frozen=True)
class Rest:
    """What is to be done of a job singly: `work`, in the company that the lot was in, or what its job does anyway."""

    job: Fetched
    work: Callable[[], None] | None = None
    company: Any = None


@dataclass
class Lot:
    """What a job's `together` is given: the jobs, and where to say what becomes of each.

    `singly` is told of what another thread is to run, and `called` that so many of the jobs need no place among those
    that the worker runs at a time any more; `ended` of the jobs that are done.
    """

    jobs: Sequence[Fetched]
    on_single: Callable[[Rest], None]
    on_called: Callable[[int], None]
    on_end: Callable[[Fetched, float], None]
    started: float = field(default_factory=time.perf_counter)
    _open: dict[int, Fetched] = field(init=False)

    def __post_init__(self) -> None:
        self._open = {job.id: job for job in self.jobs}

    @property
    def left(self) -> list[Fetched]:
        """The jobs of which nothing has been said yet."""
        return list(self._open.values())

    def take_off(self, done: Sequence[Fetched]) -> None:
        """Take jobs off the queue in the transaction that is open. `end` when it is committed."""
        queue.delete(*done)

    def end(self, done: Sequence[Fetched]) -> None:
        """These jobs are done, and off the queue."""
        for job in done:
            del self._open[job.id]
            self.on_end(job, time.perf_counter() - self.started)

    def called(self, jobs: int) -> None:
        """So many of them are only to be written down now."""
        self.on_called(jobs)

    def singly(self, job: Fetched, work: Callable[[], None] | None = None) -> None:
        """Leave a job to another thread, which does `work`, or what the job does when it runs alone."""
        del self._open[job.id]
        self.on_single(Rest(job, work, connection.tenant))
