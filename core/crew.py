"""Threads that are kept for work which comes in pieces."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Crew:
    """As many threads as there have been pieces of work at one time. None of them keeps the process from ending."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle = 0
        self._lock = threading.Lock()
        self._work: SimpleQueue[Callable[[], object]] = SimpleQueue()

    def do(self, work: Callable[[], object]) -> None:
        """Have a thread do `work`, which raises nothing, at once."""
        with self._lock:
            if self._idle:
                self._idle -= 1
            else:
                threading.Thread(target=self._serve, name=self._name, daemon=True).start()
        self._work.put(work)

    def _serve(self) -> None:
        while True:
            self._work.get()()
            with self._lock:
                self._idle += 1
