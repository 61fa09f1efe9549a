"""What wakes a worker's threads."""

from __future__ import annotations

import threading


class Bell:
    """Wakes waiting threads. A ring that nobody waits for is kept, so that none comes too early to be heard."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rings = 0
        self._changed = threading.Condition()

    def ring(self, times: int) -> None:
        """Wake so many."""
        with self._changed:
            self._rings = min(self._rings + times, self._most)
            self._changed.notify(times)

    def wait(self, stopping: threading.Event) -> None:
        """Until it rings, or whoever set `stopping` has rung."""
        with self._changed:
            while self._rings == 0 and not stopping.is_set():
                self._changed.wait()
            self._rings = max(0, self._rings - 1)
