"""`manage.py migrate_schemas`: bring every schema up to date. It replaces the command of django-tenants."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import django
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from tenants import schemas, spares
from tenants.models import SpareSchema

# Two of these commands at once wait for each other.
_ADVISORY_LOCK = 0x4D49475241


class Command(BaseCommand):
    help = "Find the schemas (public, companies, spares) that lack a migration, and migrate those."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; exit code 1 if a schema lacks a migration"
        )
        parser.add_argument("--parallel", type=int, default=1, help="so many companies at the same time (1)")

    def handle(self, *args: Any, check: bool, parallel: int, **options: Any) -> None:
        if parallel < 1:
            raise CommandError("--parallel is at least 1.")
        if check:
            self._check()
            return
        with _alone():
            state = schemas.state()
            if schemas.PUBLIC in state.lacking:
                failed = self._migrate([schemas.PUBLIC], parallel=1)
                if failed:
                    raise CommandError("public could not be migrated; the companies were not touched.")
                state = schemas.state()
            for name in state.missing:
                self.stderr.write(f"{name}: the company's schema is not in the database; restore it from a backup.")
            failed = self._migrate(state.lacking, parallel=parallel)
            if not state.lacking:
                self.stdout.write("Every schema is up to date.")
            self._replace_spares()
        if failed:
            raise CommandError(f"Not migrated: {', '.join(failed)}.")

    def _check(self) -> None:
        state = schemas.state()
        for name in state.missing:
            self.stderr.write(f"{name}: the company's schema is not in the database.")
        for name in state.lacking:
            self.stdout.write(f"{name} lacks a migration.")
        if state.lacking:
            sys.exit(1)

    def _migrate(self, names: list[str], *, parallel: int) -> list[str]:
        """Those of `names` that could not be migrated; one that fails does not keep the others from it."""
        failed = []
        for number, (name, seconds, error) in enumerate(_results(names, parallel), start=1):
            done = f"FAILED: {error}" if error else f"migrated in {seconds:.1f} s"
            self.stdout.write(f"[{number}/{len(names)}] {name}: {done}")
            self.stdout.flush()
            if error:
                failed.append(name)
        return failed

    def _replace_spares(self) -> None:
        had = SpareSchema.objects.count()
        dropped = spares.drop_stale()
        if dropped:
            spares.fill(had)
            self.stdout.write(f"Spare schemas made anew: {dropped}.")


def _results(names: list[str], parallel: int) -> Iterable[tuple[str, float, str]]:
    if parallel == 1 or len(names) < 2:
        return map(_migrate_one, names)
    return _in_processes(names, parallel)


def _in_processes(names: list[str], parallel: int) -> Iterator[tuple[str, float, str]]:
    """Processes, because most of the time goes into Django's model states, which threads would compute in turn."""
    from concurrent.futures import ProcessPoolExecutor  # slow to import
    from multiprocessing import get_context

    workers = min(parallel, len(names))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=django.setup) as pool:
        yield from pool.map(_migrate_one, names)


def _migrate_one(name: str) -> tuple[str, float, str]:
    """(name, seconds, what went wrong or "")."""
    started = time.perf_counter()
    try:
        schemas.migrate(name)
    except Exception as error:  # noqa: BLE001 - told to the operator, for each schema
        return name, 0.0, f"{type(error).__name__}: {error}".strip()
    return name, time.perf_counter() - started, ""


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY_LOCK])
