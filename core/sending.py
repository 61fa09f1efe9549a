"""Constant statements that go to PostgreSQL together, which works on them while Python does something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from psycopg.generators import fetch_many, send
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult

from core import prepared
from core.db import here, server_cursor, wants_cursor

Statement = tuple[str, Sequence[Any] | Mapping[str, Any]]
Rows = list[tuple[Any, ...]]


@contextmanager
def sent(*statements: Statement) -> Iterator[Callable[[], list[Rows]]]:
    """Statements as `core.db.fetch_all` takes them, sent at once in the transaction that is open, or begins with them;
    the search path must be set. What is yielded waits, and gives the rows of each.

    Inside the block no other statement may be run. What PostgreSQL has against one, waiting raises; none after it is
    run. Where nobody waits, the end of the block does, and raises nothing.
    """
    connection = here()
    raw = connection.connection
    if wants_cursor(connection):
        yield _one_by_one(statements)
        return
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        under_way = _UnderWay(raw, statements)

    def wait() -> list[Rows]:
        with connection.wrap_database_errors:
            return [prepared.rows_of(raw, result) for result in under_way.results()]

    try:
        yield wait
    finally:
        with connection.wrap_database_errors:
            under_way.results()


def _one_by_one(statements: Sequence[Statement]) -> Callable[[], list[Rows]]:
    rows: list[Rows] = []
    with server_cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            rows.append(cursor.fetchall())
    return lambda: rows


class _UnderWay:
    """Statements that have been sent."""

    def __init__(self, connection: Connection[Any], statements: Sequence[Statement]) -> None:
        self._connection = connection
        self._pgconn = pgconn = connection.pgconn
        self._results: list[PGresult] | None = None
        ready = [prepared.ready(connection, sql, params) for sql, params in statements]
        self._begins = not connection.autocommit and pgconn.transaction_status == TransactionStatus.IDLE
        self._count = len(ready)
        pgconn.enter_pipeline_mode()
        if self._begins:
            pgconn.send_query_params(b"BEGIN", None)
        for name, values in ready:
            pgconn.send_query_prepared(name, values)
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
