"""Statements that go to PostgreSQL together: it answers all of them, and a process waits once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from psycopg import Connection
from psycopg.generators import fetch_many, send
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult

from core import prepared

Queue = Callable[[], None]


class UnderWay:
    """Statements that have been sent, each by one of `queues`, which puts it into the connection's pipeline. Outside of
    a transaction they are one; where one is wanted and none is open, it begins with them."""

    def __init__(self, connection: Connection[Any], queues: Sequence[Queue]) -> None:
        self._connection = connection
        self._pgconn = pgconn = connection.pgconn
        self._results: list[PGresult] | None = None
        self._begins = not connection.autocommit and pgconn.transaction_status == TransactionStatus.IDLE
        self._count = len(queues)
        pgconn.enter_pipeline_mode()
        if self._begins:
            pgconn.send_query_params(b"BEGIN", None)
        for queue in queues:
            queue()
        pgconn.pipeline_sync()
        connection.wait(send(pgconn))

    def results(self) -> list[PGresult]:
        """Of each statement; the connection is then as it was before."""
        if self._results is None:
            self._results = []  # also where the connection breaks off
            found = [self._next() for _ in range(self._count + self._begins)]
            self._next()  # that all is over
            self._pgconn.exit_pipeline_mode()
            self._results = found[self._begins :]
        return self._results

    def _next(self) -> PGresult:
        return self._connection.wait(fetch_many(self._pgconn))[-1]


def run_after(connection: Connection[Any], command: str, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a statement, as `prepared.run_once` gives them, which is sent together with a command before it."""
    pgconn = connection.pgconn
    text, values = prepared.once(sql, params)
    queues = [
        partial(pgconn.send_query_params, command.encode(), None),
        partial(pgconn.send_query_params, text, values),
    ]
    before, result = UnderWay(connection, queues).results()
    prepared.require(pgconn, before)
    return prepared.rows_of(connection, result)
