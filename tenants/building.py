"""Building the schema of a company: by running the migrations, and from then on by repeating what they did.

Django spends several times as long on thinking about a migration as PostgreSQL on doing it. So the first schema that a
process builds is migrated in the usual way while every statement is written down, and the next ones are built by the
same statements, with the other schema's name, in one go. That is the same schema as long as the statements depend on
nothing else; code in a migration may, so with a RunPython among a company's migrations each schema is migrated.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django_tenants.utils import schema_context
from psycopg import sql

from core.db import connection
from tenants import schemas

PREFIX = "spare_"


class _Recording:
    """Every statement that is executed meanwhile, as text."""

    def __init__(self) -> None:
        self._statements: list[str] = []

    def __call__(self, execute: Callable[..., Any], query: Any, params: Any, many: bool, context: Any) -> Any:
        for values in params if many else [params]:
            text = _plain(query) if values is None else connection.ops.compose_sql(query, values)
            self._statements.append(text.strip().rstrip(";"))
        return execute(query, params, many, context)

    def script(self, name: str) -> tuple[str, str]:
        """All of it as one text, and the schema's name in it."""
        return ";\n".join(self._statements), name


_script: tuple[str, str] | None = None


def build() -> str:
    """Build a company's schema under a new random name, which is returned.

    Call it in a transaction, so that nothing half-built is ever seen or left behind.
    """
    global _script
    # So long that it stands for nothing else in the statements.
    name = f"{PREFIX}{secrets.token_hex(12)}"
    with schema_context(schemas.PUBLIC):
        _create(name)
        if _script is None:
            recording = _Recording()
            keep = _repeatable()
            with connection.execute_wrapper(recording) if keep else nullcontext():
                schemas.migrate(name, _settle)
                _settle("end")
            if keep:
                _script = recording.script(name)
        else:
            text, recorded = _script
            _repeat(text.replace(recorded, name), name)
    return name


def _create(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))


def _settle(action: str, *_: Any) -> None:
    """Check what is to be checked at commit right after each migration, as if it had been committed: PostgreSQL alters
    no table for which a check is outstanding."""
    if action in ("apply_success", "end"):
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS ALL {'DEFERRED' if action == 'end' else 'IMMEDIATE'}")


def _repeat(text: str, name: str) -> None:
    with schema_context(name), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(text)
        cursor.execute("UPDATE django_migrations SET applied = now()")


def _repeatable() -> bool:
    """Whether what migrations do in a company's schema is SQL alone."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    labels = {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}
    return all(
        _is_sql(operation)
        for (label, _), migration in loader.graph.nodes.items()
        if label in labels
        for operation in migration.operations
    )


def _is_sql(operation: Operation) -> bool:
    return operation.reduces_to_sql and all(map(_is_sql, getattr(operation, "database_operations", ())))


def _plain(query: Any) -> str:
    return query.as_string(connection.connection) if isinstance(query, sql.Composable) else str(query)
