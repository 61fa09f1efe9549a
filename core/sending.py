"""Constant statements that go to PostgreSQL together, which works on them while Python does something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from core import prepared
from core.db import here, server_cursor, wants_cursor
from core.pipeline import UnderWay

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
        named = [prepared.ready(raw, sql, params) for sql, params in statements]
        under_way = UnderWay(raw, [partial(raw.pgconn.send_query_prepared, *one) for one in named])

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
