"""Constant statements, prepared once a connection and run by PostgreSQL's own library.

psycopg's cursor lets the other threads of a process run at several places of one statement, and waits each time until
one of them gives way again; it also adapts each value by its type. Where eight threads complete tasks, that takes more
than all else (ADR 13). Here a statement waits once, and knows few types.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Connection, DataError, OperationalError, errors
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

_PLACEHOLDER = re.compile(r"%(?:%|s|\((\w+)\)s)")
# What PostgreSQL says of a statement that it has forgotten, or that gives other columns than when it was prepared.
_FORGOTTEN = {b"26000", b"0A000"}
_names = itertools.count()


class UnknownType(TypeError):
    """A value that no statement here takes. Raised before anything is sent."""


def run(connection: Connection[Any], sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a statement with `%s` or `%(name)s`. A connection keeps each statement, so there may be no endless
    number of them.

    Takes None, booleans, integers, texts, UUIDs, moments, and lists of integers or texts; a parameter whose type
    PostgreSQL can't infer needs a cast. Gives None, booleans, integers, floats, texts (JSON as such), UUIDs and
    moments. Raises TypeError for anything else, and what psycopg raises.
    """
    pgconn = connection.pgconn
    name, values = ready(connection, sql, params)
    _begin(connection)
    return rows_of(connection, pgconn.exec_prepared(name, values))


def run_once(connection: Connection[Any], sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a statement of which there are many: it is planned for its values, and not kept. As `run` else."""
    text, values = once(sql, params)
    _begin(connection)
    return rows_of(connection, connection.pgconn.exec_params(text, values))


def once(sql: str, params: Sequence[Any]) -> tuple[bytes, list[bytes | None]]:
    """The statement and its values as PostgreSQL takes them."""
    return _numbered(sql)[0], [_dump(value) for value in params]


def _begin(connection: Connection[Any]) -> None:
    """As psycopg does: a transaction, where one is wanted and none is open."""
    if not connection.autocommit and connection.pgconn.transaction_status == TransactionStatus.IDLE:
        require(connection.pgconn, connection.pgconn.exec_(b"BEGIN"))


def ready(connection: Connection[Any], sql: str, params: Sequence[Any] | Mapping[str, Any]) -> tuple[bytes, list[Any]]:
    """The name by which the connection knows the statement from now on, and the values as PostgreSQL takes them."""
    text, named = _numbered(sql)
    given = [params[name] for name in named] if isinstance(params, Mapping) else params
    values = [_dump(value) for value in given]
    known: dict[str, bytes] = connection.__dict__.setdefault("statements", {})
    name = known.get(sql)
    if name is None:
        name = b"constant_%d" % next(_names)
        require(connection.pgconn, connection.pgconn.prepare(name, text))
        known[sql] = name
    return name, values


def rows_of(connection: Connection[Any], result: PGresult) -> list[tuple[Any, ...]]:
    """The rows that such a statement has given; raises what PostgreSQL has against it."""
    if result.status != ExecStatus.TUPLES_OK:
        if result.error_field(DiagnosticField.SQLSTATE) in _FORGOTTEN:
            connection.__dict__.pop("statements", None)
        require(connection.pgconn, result)
        return []
    loads = [_loader(result.ftype(column)) for column in range(result.nfields)]
    return [
        tuple(
            None if (value := result.get_value(row, column)) is None else load(value)
            for column, load in enumerate(loads)
        )
        for row in range(result.ntuples)
    ]


@lru_cache(maxsize=2048)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with `$1`, `$2`, …, and the names that stand for them, in order."""
    names: list[str] = []
    count = itertools.count(1)

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        name = found[1]
        if name is None:
            return f"${next(count)}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(number, sql).encode(), tuple(names)


def _dump(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, str):
        text = value
    elif isinstance(value, list):
        text = f"{{{','.join(map(_item, value))}}}"
    elif isinstance(value, UUID):
        text = str(value)
    elif isinstance(value, datetime):
        text = value.isoformat()
    else:
        raise UnknownType(f"{type(value).__name__} is no value for a constant statement.")
    # The library takes a text to its first NUL.
    if "\0" in text:
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return text.encode()


def _item(value: Any) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'
    raise UnknownType(f"{type(value).__name__} is no value for a list in a constant statement.")


_LOADERS: dict[int, Callable[[bytes], Any]] = {
    16: b"t".__eq__,  # bool
    **dict.fromkeys((20, 21, 23, 26), int),  # int8, int2, int4, oid
    **dict.fromkeys((700, 701), float),
    **dict.fromkeys(
        (18, 19, 25, 114, 1042, 1043, 3802), bytes.decode
    ),  # char, name, text, json, bpchar, varchar, jsonb
    1184: lambda value: datetime.fromisoformat(value.decode()),  # timestamptz; the session's zone is UTC
    2950: lambda value: UUID(value.decode()),
}


def _loader(oid: int) -> Callable[[bytes], Any]:
    try:
        return _LOADERS[oid]
    except KeyError:
        raise TypeError(f"A constant statement gives no values of PostgreSQL's type {oid}.") from None


def require(pgconn: PGconn, result: PGresult) -> None:
    """Raise what PostgreSQL has against it."""
    if result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        return
    if pgconn.status == ConnStatus.BAD:
        raise OperationalError(pgconn.get_error_message())
    raise errors.error_from_result(result)
