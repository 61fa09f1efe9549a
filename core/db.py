"""Django's connection, typed as what it is here: django-tenants' wrapper, which knows whose schema it is on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as _connection
from django_tenants.utils import quote_schema_name
from psycopg import Cursor

from core import pipeline, prepared

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper

    class TenantConnection(DatabaseWrapper):
        """What django-tenants adds. `tenant` is the Company, or a stand-in with only `schema_name`."""

        tenant: Any
        schema_name: str
        search_path_set_schemas: list[str] | None

        def _get_cursor_search_paths(self) -> list[str]: ...
        def set_tenant(self, tenant: Any, include_public: bool = True) -> None: ...
        def set_schema_to_public(self) -> None: ...
        def _prepare_cursor(self, cursor: Any) -> Any: ...


connection = cast("TenantConnection", _connection)


def here() -> TenantConnection:
    """This thread's connection itself: `connection` looks it up anew at each use, which hot paths would notice."""
    return cast("TenantConnection", connections[DEFAULT_DB_ALIAS])


# Schemas of a search path → the path as PostgreSQL tells of it: from version 18 on it tells of each change by itself.
_told: dict[tuple[str, ...], str] = {}


def fetch_row(sql: str, params: list[Any]) -> tuple[Any, ...] | None:
    """The first row of a constant query, as the first of a request or a job: in one round trip, whatever path the
    connection was left on.

    Where it is on the right one already, the query is prepared. Where not, it goes out together with the `SET
    search_path` that has to come before it.
    """
    connection = here()
    connection.ensure_connection()
    paths = connection._get_cursor_search_paths()
    if not connection.search_path_set_schemas and _path(connection) == _told.get(tuple(paths), ""):
        connection.search_path_set_schemas = paths
    if connection.search_path_set_schemas:
        rows = fetch_all(sql, params)
        return rows[0] if rows else None
    command = f"SET search_path = {', '.join(quote_schema_name(name) for name in paths)}"
    # Said before it is so, or opening the cursor would set it.
    connection.search_path_set_schemas = paths
    try:
        rows = _fetch_after(connection, command, sql, params)
    except BaseException:
        connection.search_path_set_schemas = None
        raise
    if told := _path(connection):
        _told[tuple(paths)] = told
    return rows[0] if rows else None


def _fetch_after(connection: TenantConnection, command: str, sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    if not wants_cursor(connection):
        connection.validate_no_broken_transaction()
        with connection.wrap_database_errors:
            return pipeline.run_after(connection.connection, command, sql, params)
    with connection.cursor() as cursor:
        cursor.execute(f"{command}; {sql}", params)
        cursor.nextset()
        return cursor.fetchall()


def _path(connection: TenantConnection) -> str | None:
    """The session's search path, as PostgreSQL told of it with its last answer; None from versions that don't."""
    return connection.connection.info.parameter_status("search_path")


def fetch_all(
    sql: str, params: Sequence[Any] | Mapping[str, Any] = (), *, anywhere: bool = False
) -> list[tuple[Any, ...]]:
    """All rows of a constant statement that runs often: PostgreSQL parses and plans it once for a connection, and again
    when the connection comes to another company (ADR 8 tells where this pays). See `prepared.run` for the values.
    `anywhere`: the statement names every schema, and whichever search path is set may stay.
    """
    connection = here()
    _be_ready(connection, anywhere)
    if wants_cursor(connection):
        with server_cursor(anywhere=anywhere) as cursor:
            cursor.execute(sql, params)
            return cast("list[tuple[Any, ...]]", cursor.fetchall())
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        return prepared.run(connection.connection, sql, params)


def fetch_once(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of one of many statements, as each filter of a list makes one: in one wait, not prepared."""
    connection = here()
    _be_ready(connection, anywhere=False)
    if not wants_cursor(connection):
        connection.validate_no_broken_transaction()
        with suppress(prepared.UnknownType), connection.wrap_database_errors:  # psycopg's cursor may know it
            return prepared.run_once(connection.connection, sql, params)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def wants_cursor(connection: TenantConnection) -> bool:
    """Whether all statements have to take psycopg's cursor: Django logs and counts only what its cursors run."""
    return connection.queries_logged or bool(connection.execute_wrappers)


@contextmanager
def server_cursor(*, anywhere: bool = False) -> Iterator[Any]:
    """A cursor whose parameters PostgreSQL binds."""
    connection = here()
    _be_ready(connection, anywhere)
    with connection._prepare_cursor(Cursor(connection.connection)) as cursor:
        yield cursor


def _be_ready(connection: TenantConnection, anywhere: bool) -> None:
    if anywhere:
        connection.ensure_connection()
    elif not connection.search_path_set_schemas:
        connection.cursor().close()  # sets it
