"""Connections that wait for the next call to the same place."""

from __future__ import annotations

import threading
import time

from core.http_client.addresses import Guard, Target
from core.http_client.wire import Connection

# Shorter than servers usually wait (5 s), so that they seldom end a connection just as a call goes out on it.
IDLE_SECONDS = 4
# After this a name is resolved again, however busy the connection is.
LIFE_SECONDS = 60
MAX_IDLE = 64

Key = tuple[str, str, int]


class Pool:
    """Keeps the connections used last, at most MAX_IDLE in all. One is here, or with the one call that took it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Key, list[Connection]] = {}

    def take(self, target: Target, guard: Guard) -> Connection | None:
        """One that is still good, or None. Its address was checked when it was opened, and is again, because what may
        be called can have changed since.
        """
        while True:
            with self._lock:
                waiting = self._idle.get(_key(target))
                if not waiting:
                    return None
                connection = waiting.pop()
            allowed = guard.allows(target, connection.address)
            if allowed and not _old(connection, time.monotonic()) and connection.fresh:
                return connection
            connection.close()

    def put(self, target: Target, connection: Connection) -> None:
        """Keep it for the next call, if it can carry one; close what waits too long."""
        keep = connection.fresh
        now = time.monotonic()
        with self._lock:
            if keep:
                self._idle.setdefault(_key(target), []).append(connection)
            dropped = self._drop(now)
        for one in dropped if keep else [*dropped, connection]:
            one.close()

    def close(self) -> None:
        """Close all that wait."""
        with self._lock:
            waiting = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
        for connection in waiting:
            connection.close()

    def _drop(self, now: float) -> list[Connection]:
        """Takes out what is too old, and the ones used longest ago where there are too many."""
        everything = sorted(
            ((key, connection) for key, connections in self._idle.items() for connection in connections),
            key=lambda entry: entry[1].used,
        )
        surplus = len(everything) - MAX_IDLE
        dropped = [
            (key, connection)
            for position, (key, connection) in enumerate(everything)
            if position < surplus or _old(connection, now)
        ]
        for key, connection in dropped:
            self._idle[key].remove(connection)
            if not self._idle[key]:
                del self._idle[key]
        return [connection for _, connection in dropped]


def _key(target: Target) -> Key:
    return target.scheme, target.host, target.port


def _old(connection: Connection, now: float) -> bool:
    return now - connection.used > IDLE_SECONDS or now - connection.opened > LIFE_SECONDS
