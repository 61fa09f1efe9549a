"""Schemas and their migrations: what they are, and which schemas lack one."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django_tenants.utils import schema_context
from psycopg import sql

PUBLIC = "public"
Progress = Callable[..., Any]


@cache
def migration_hash() -> str:
    """What the schemas of this code's companies are made of: a hash of the text of every migration."""
    digest = hashlib.sha256()
    for label, path in _migration_files():
        digest.update(f"{label}/{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _migration_files() -> Iterator[tuple[str, Path]]:
    """(app's label, path) of each module in the apps' packages of migrations, in order."""
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        module, _ = MigrationLoader.migrations_module(config.label)
        spec = importlib.util.find_spec(module) if module else None
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for path in sorted(Path(folder).glob("*.py")):
                yield config.label, path


@dataclass(frozen=True)
class State:
    """Which schemas need something. `lacking` a migration: public first, then companies in the order of their ids;
    `missing`: companies whose schema is not in the database."""

    lacking: list[str]
    missing: list[str]


def state() -> State:
    """The state of public's and every company's schema, in four statements whatever their number."""
    # Every schema records every migration; those of other apps than its own do nothing there. Their names are those of
    # the files: to load a hundred of them takes longer than all the rest of a command that finds nothing to do.
    wanted = [(label, path.stem) for label, path in _migration_files() if path.stem[0] not in "_~"]
    with schema_context(PUBLIC), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.companies') IS NOT NULL")
        companies = []
        if cursor.fetchone()[0]:
            cursor.execute("SELECT schema_name FROM companies ORDER BY id")
            companies = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "SELECT n.nspname, c.oid IS NOT NULL FROM pg_namespace n"
            " LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'django_migrations'"
            " WHERE n.nspname = ANY(%s)",
            [[PUBLIC, *companies]],
        )
        recorded = dict(cursor.fetchall())
        names = [name for name in [PUBLIC, *companies] if recorded.get(name)]
        complete: set[str] = set()
        if names:
            one = sql.SQL(
                "SELECT {name} WHERE NOT EXISTS (TABLE wanted EXCEPT SELECT app, name FROM {schema}.django_migrations)"
            )
            union = sql.SQL(" UNION ALL ").join(
                one.format(name=sql.Literal(name), schema=sql.Identifier(name)) for name in names
            )
            query = sql.SQL(
                "WITH wanted AS MATERIALIZED (SELECT * FROM unnest({apps}::text[], {names}::text[]) AS w(app, name)) "
            ).format(
                apps=sql.Literal([app for app, _ in wanted]),
                names=sql.Literal([name for _, name in wanted]),
            )
            cursor.execute(query + union)
            complete = {name for (name,) in cursor.fetchall()}
    return State(
        lacking=[name for name in [PUBLIC, *companies] if name in recorded and name not in complete],
        missing=[name for name in companies if name not in recorded],
    )


def migrate(schema: str, progress: Progress | None = None) -> None:
    """Run the migrations that `schema` lacks: those of its own apps in the usual way, and the others are recorded.

    Each is a transaction of its own, or all are part of the caller's.
    """
    with schema_context(schema):
        executor = MigrationExecutor(connection, progress)
        executor.loader.check_consistent_history(connection)
        graph = executor.loader.graph
        others = {key for key in graph.nodes if not router.allow_migrate(connection.alias, key[0])}
        # What others do is nothing here, but Django would compute all models after each of their steps.
        _record(executor, [key for key in others if others.issuperset(graph.forwards_plan(key))])
        executor.migrate([key for key in graph.leaf_nodes() if key not in others])
        _record(executor, others)


def _record(executor: MigrationExecutor, keys: Collection[tuple[str, str]]) -> None:
    """Say that those migrations were run, where that has not been said."""
    known = executor.loader.applied_migrations
    new = {key: executor.loader.graph.nodes[key] for key in sorted(keys) if key not in known}
    executor.recorder.ensure_schema()
    executor.recorder.migration_qs.bulk_create(executor.recorder.Migration(app=app, name=name) for app, name in new)
    known.update(new)


def drop(schema: str) -> None:
    """Drop a schema and all that is in it."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
