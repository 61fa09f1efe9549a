"""Spare schemas: migrated ahead of time, so that signing up renames one instead of making it."""

from __future__ import annotations

import logging
import threading

from django.conf import settings
from django.db import connection, transaction
from django_tenants.utils import schema_context
from psycopg import sql

from tenants import building, schemas
from tenants.models import SpareSchema

log = logging.getLogger("ticketflower.spares")
# One process at a time makes spares, so that together they make no more than are wanted.
_ADVISORY_LOCK = 0x5350415245


def take(schema: str) -> None:
    """Rename a spare to `schema`, in the caller's transaction; where there is none that fits this code, build one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM spare_schemas WHERE id = (SELECT id FROM spare_schemas"
            " WHERE migration_hash = %s AND to_regnamespace(schema_name) IS NOT NULL"
            " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING schema_name",
            [schemas.migration_hash()],
        )
        row = cursor.fetchone()
        spare = row[0] if row else building.build()
        cursor.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(spare), sql.Identifier(schema)))


def fill(count: int) -> int:
    """Make spares until `count` are there; how many were made. Each is one transaction: there is no half spare."""
    made = 0
    with schema_context(schemas.PUBLIC):
        while made < count and _make_one(count):
            made += 1
    return made


def drop_stale() -> int:
    """Drop the spares that other code's migrations have made; how many. One that is being claimed is left alone."""
    with schema_context(schemas.PUBLIC), transaction.atomic():
        stale = SpareSchema.objects.exclude(migration_hash=schemas.migration_hash()).select_for_update(skip_locked=True)
        names = list(stale.values_list("schema_name", flat=True))
        for name in names:
            schemas.drop(name)
        SpareSchema.objects.filter(schema_name__in=names).delete()
    return len(names)


def _make_one(count: int) -> bool:
    with transaction.atomic():
        _lock()
        current = schemas.migration_hash()
        if SpareSchema.objects.filter(migration_hash=current).count() >= count:
            return False
        SpareSchema.objects.create(schema_name=building.build(), migration_hash=current)
    return True


def _lock() -> None:
    """Until the end of the transaction nobody else makes spares."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])


class _Refill:
    """At most one thread of this process that makes spares; asked while it works, it looks once more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        with self._lock:
            self._asked = True
            if self._thread is None:
                # A daemon: the end of the process does not wait for it, and its transaction is undone.
                self._thread = threading.Thread(target=self._work, name="spares", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while self._next():
            try:
                fill(settings.SPARE_SCHEMAS)
            except Exception:
                log.exception("Making a spare schema failed; the next company's schema may have to be made at sign-up.")
            finally:
                connection.close()

    def _next(self) -> bool:
        with self._lock:
            asked, self._asked = self._asked, False
            if not asked:
                self._thread = None
            return asked


_refill = _Refill()


def refill_soon() -> None:
    """Bring the number of spares back to SPARE_SCHEMAS, beside whatever the server does."""
    if settings.SPARE_SCHEMAS:
        _refill.ask()
