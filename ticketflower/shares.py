"""How much of a worker one company may have: never all, so that one whose systems are slow leaves threads for the
others' jobs.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Held:
    company: str | None
    jobs: int


class Shares:
    """Who holds how much of the worker, for whose jobs. A holder is a thread, known by its place, or a job that one
    thread leaves to another. It counts as one thread, and as the jobs that it still has to call for.

    A company has at most three quarters of the threads, and of the jobs at a time, that the others leave, and at least
    one: alone 6 of 8, two that both want more 3 each, and a third one finds 2. What is begun is not broken off: a
    company that has more than its share, because it was alone, gets no other thread until it is below it.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._held: dict[Hashable, _Held] = {}
        self._lock = threading.Lock()

    def take(self, holder: Hashable, company: str | None, most: int = 1) -> int:
        """The holder runs up to `most` jobs of this company (None: of the installation) from now on; how many it may
        have, 0 where it may have none."""
        with self._lock:
            may = min(most, self._room(company))
            if may > 0:
                self._held[holder] = _Held(company, may)
        return max(0, may)

    def free(self, holder: Hashable, jobs: int) -> None:
        """So many of the holder's jobs have been called for; what is left of them is the holder's own time."""
        with self._lock:
            held = self._held[holder]
            held.jobs = max(0, held.jobs - jobs)

    def split(self, holder: Hashable, other: Hashable) -> None:
        """One of the holder's jobs is another holder's from now on."""
        with self._lock:
            held = self._held[holder]
            held.jobs = max(0, held.jobs - 1)
            self._held[other] = _Held(held.company, 1)

    def move(self, holder: Hashable, other: Hashable) -> None:
        """What the holder has is another holder's from now on."""
        with self._lock:
            self._held[other] = self._held.pop(holder)

    def leave(self, holder: Hashable) -> None:
        """The holder runs no job."""
        with self._lock:
            self._held.pop(holder, None)

    def full(self) -> list[str]:
        """The companies that may have no other job now."""
        with self._lock:
            return sorted(company for company in self._companies() if self._room(company) < 1)

    def rooms(self) -> tuple[int, dict[str, int]]:
        """How many jobs a company may have that has none now, and how many more the others may."""
        with self._lock:
            return self._room(""), {company: self._room(company) for company in self._companies()}

    def _companies(self) -> set[str]:
        return {held.company for held in self._held.values() if held.company is not None}

    def _room(self, company: str | None) -> int:
        own = [held for held in self._held.values() if held.company == company]
        jobs = sum(held.jobs for held in self._held.values())
        own_jobs = sum(held.jobs for held in own)
        free = self._threads - jobs
        if company is None:
            return free
        if len(own) >= self._share(len(self._held) - len(own)):
            return 0
        return min(free, self._share(jobs - own_jobs) - own_jobs)

    def _share(self, others: int) -> int:
        return max(1, 3 * (self._threads - others) // 4)
