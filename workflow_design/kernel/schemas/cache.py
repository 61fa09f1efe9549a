"""A least-recently-used cache bounded by weight, since one entry may be a thousand times another."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class WeightedCache(Generic[Value]):
    """Keeps values up to `limit` in weight (bytes, roughly), forgetting those used longest ago. Safe for threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.weight = 0
        self._entries: OrderedDict[bytes, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes) -> Value | None:
        """The value put in under `key`, while it is kept."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: bytes, value: Value, weight: int) -> None:
        """Keeps `value`, unless it alone is heavier than a tenth of the limit."""
        if weight * 10 > self.limit:
            return
        with self._lock:
            replaced = self._entries.pop(key, None)
            self.weight += weight - (replaced[1] if replaced else 0)
            self._entries[key] = (value, weight)
            while self.weight > self.limit:
                _, (_, old) = self._entries.popitem(last=False)
                self.weight -= old
