"""How many of a worker's threads one company may have: never all, so that one whose systems are slow leaves some for
the others' jobs.
"""

from __future__ import annotations

import threading


class Shares:
    """Which thread, known by its place, runs whose job. A company has at most three quarters of the threads that the
    others leave, and at least one: alone 6 of 8, two that both want more 3 each, and a third one finds 2.

    What is begun is not broken off: a company that has more than its share, because it was alone, gets no other thread
    until it is below it.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._held: dict[int, str | None] = {}
        self._lock = threading.Lock()

    def take(self, place: int, company: str | None) -> bool:
        """The thread runs a job of this company (None: of the installation) from now on; False where it may not."""
        with self._lock:
            if company is not None and self._is_full(company):
                return False
            self._held[place] = company
        return True

    def leave(self, place: int) -> None:
        """The thread runs no job."""
        with self._lock:
            self._held.pop(place, None)

    def full(self) -> list[str]:
        """The companies that may have no other thread now."""
        with self._lock:
            companies = {company for company in self._held.values() if company is not None}
            return sorted(company for company in companies if self._is_full(company))

    def _is_full(self, company: str) -> bool:
        own = sum(held == company for held in self._held.values())
        left = self._threads - (len(self._held) - own)
        return own >= max(1, 3 * left // 4)
