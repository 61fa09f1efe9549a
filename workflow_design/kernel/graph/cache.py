"""Compiled graphs kept between calls."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class GraphCache(Generic[Kept]):
    """The last `size` graphs used (or what callers keep with them), by a key of the caller that never comes to mean
    another one (a version's id).
    """

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._graphs: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, load: Callable[[], Kept]) -> Kept:
        """The graph of `key`; `load` makes it when it isn't here. Two threads may load at once: the first one
        stays.
        """
        with self._lock:
            if (graph := self._graphs.get(key)) is not None:
                self._graphs.move_to_end(key)
                return graph
        loaded = load()
        with self._lock:
            graph = self._graphs.setdefault(key, loaded)
            self._graphs.move_to_end(key)
            while len(self._graphs) > self._size:
                self._graphs.popitem(last=False)
            return graph

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._graphs.clear()

    def __len__(self) -> int:
        return len(self._graphs)
