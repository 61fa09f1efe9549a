"""Django's connection, typed as what it is here: django-tenants' wrapper, which knows whose schema it is on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as _connection
from django_tenants.utils import quote_schema_name
from psycopg import Cursor

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


def fetch_row(sql: str, params: list[Any]) -> tuple[Any, ...] | None:
    """The first row of a query. As the first of a request it goes out together with the `SET search_path` that has to
    come before it: one round trip instead of two.
    """
    connection = here()
    # Parameters that PostgreSQL binds go with one statement at a time, and on a path that is set nothing is to be set.
    if connection.search_path_set_schemas or connection.settings_dict["OPTIONS"].get("server_side_binding"):
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchone()
    paths = connection._get_cursor_search_paths()
    path = ", ".join(quote_schema_name(name) for name in paths)
    # Said before it is so, or opening the cursor would set it.
    connection.search_path_set_schemas = paths
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path = {path}; {sql}", params)
            cursor.nextset()
            return cursor.fetchone()
    except BaseException:
        connection.search_path_set_schemas = None
        raise


class _PreparedCursor(Cursor[Any]):
    """Prepares each statement at its first run; what else runs on the connection is left as the settings have it."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        usual = self.connection.prepare_threshold
        self.connection.prepare_threshold = 0
        try:
            return super().execute(query, params, **{**options, "prepare": True})
        finally:
            self.connection.prepare_threshold = usual


@contextmanager
def prepared_cursor(*, anywhere: bool = False) -> Iterator[Any]:
    """A cursor for constant statements that run often: PostgreSQL parses and plans each once for a connection, and
    again when the connection comes to another company. Parameters whose type it can't infer need a cast. ADR 8 tells
    where this pays. `anywhere`: the statements name every schema, and whichever search path is set may stay.
    """
    connection = here()
    if anywhere:
        connection.ensure_connection()
    elif not connection.search_path_set_schemas:
        connection.cursor().close()  # sets it
    with connection._prepare_cursor(_PreparedCursor(connection.connection)) as cursor:
        yield cursor
