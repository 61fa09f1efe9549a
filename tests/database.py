"""Databases for tests: a template, made once for a set of migrations, and clones of it that take milliseconds.

The template holds a migrated `public` and the companies acme and globex. Its name has the hash of all that it is made
of; so does nothing have to be thrown away when a migration changes. Its comment is what acme's schema was built by, so
that processes of tests need not find it out anew.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import sql

from core.db import connection
from core.models import Actor
from core.postgres import running
from tenants import building, schemas
from tenants.services import company_create
from tests.data_folder import data_folder

TEMPLATE = "tf_template_"
RUN = "tf_run_"
KEPT_TEMPLATES = 3
# One run at a time makes a template or clears up.
LOCK = 0x7465737473


@dataclass(frozen=True)
class OwnDatabase:
    """A database of one test."""

    url: str


class TestServer:
    """The server that this run's databases are on, from `with` to its end."""

    __test__ = False

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._run = f"{RUN}{secrets.token_hex(4)}"
        self._numbers = itertools.count(1)

    def __enter__(self) -> TestServer:
        with ExitStack() as stack:
            self._url = os.environ.get("DATABASE_URL") or stack.enter_context(running(data_folder(), durable=False))
            # By its connection's name other runs know that this one lives.
            self._admin = stack.enter_context(
                psycopg.connect(self._url, autocommit=True, application_name=self._run, connect_timeout=30)
            )
            self._template = self._ensure_template()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    @contextmanager
    def clone(self) -> Iterator[str]:
        """A new clone of the template, which Django's connections lead to for the time of the block; its address."""
        name = f"{self._run}_{next(self._numbers)}"
        # Half the work of going through the log, which nobody needs here.
        self._do("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, self._template)
        try:
            url = self._url_of(name)
            with _django_on(url):
                yield url
        finally:
            self._do("DROP DATABASE {} WITH (FORCE)", name)

    def _do(self, statement: str, *names: str) -> None:
        self._admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _url_of(self, name: str) -> str:
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    def _ensure_template(self) -> str:
        name = TEMPLATE + _template_hash()
        self._admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            self._drop_dead_runs()
            if not self._admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                self._make_template(name)
                self._drop_old_templates()
            building._script = self._script(name)
        finally:
            self._admin.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        return name

    def _script(self, template: str) -> tuple[str, str] | None:
        """What companies' schemas are built by, as `tenants.building` keeps it."""
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        (comment,) = self._admin.execute(query, [template]).fetchone() or (None,)
        return tuple(json.loads(comment)) if comment else None

    def _make_template(self, name: str) -> None:
        sys.stderr.write("Making the template of the test databases …\n")
        unfinished = f"{self._run}_template"
        self._do("CREATE DATABASE {} TEMPLATE template0", unfinished)
        with _django_on(self._url_of(unfinished)):
            schemas.migrate(schemas.PUBLIC)
            for company in ("Acme", "Globex"):
                company_create(name=company, actor=Actor())
        if building._script is not None:
            comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
            self._admin.execute(comment.format(sql.Identifier(unfinished), json.dumps(building._script)))
        self._do("ALTER DATABASE {} RENAME TO {}", unfinished, name)
        # Whoever is connected to a template keeps it from being cloned.
        self._do("ALTER DATABASE {} ALLOW_CONNECTIONS false", name)

    def _drop_dead_runs(self) -> None:
        alive = {name for (name,) in self._admin.execute("SELECT application_name FROM pg_stat_activity")}
        for name in self._databases(RUN):
            if name.rpartition("_")[0] not in alive:
                self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _drop_old_templates(self) -> None:
        for name in self._databases(TEMPLATE)[:-KEPT_TEMPLATES]:
            self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _databases(self, prefix: str) -> list[str]:
        """Their names, oldest first."""
        found = self._admin.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid", [prefix]
        )
        return [name for (name,) in found]


def _template_hash() -> str:
    texts = [Path(path).read_text() for path in (__file__, building.__file__, schemas.__file__)]
    parts = [schemas.migration_hash(), *texts, version("django"), version("django-tenants")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@contextmanager
def _django_on(url: str) -> Iterator[None]:
    """Django's connections, of whichever thread, lead to `url` meanwhile; without a pool, so that they really end."""
    target = urlsplit(url)
    options = {key: value for key, value in connection.settings_dict["OPTIONS"].items() if key != "pool"}
    values = {
        "NAME": target.path.lstrip("/"),
        "USER": target.username or "",
        "PASSWORD": target.password or "",
        "HOST": target.hostname or "",
        "PORT": str(target.port or 5432),
        "OPTIONS": options,
    }
    # This thread's connection of before stays as it is, with the transaction that it may be in.
    outer = connections[DEFAULT_DB_ALIAS]
    before = {key: outer.settings_dict[key] for key in values}
    outer.settings_dict.update(values)
    connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        yield
    finally:
        connections.close_all()
        connections[DEFAULT_DB_ALIAS] = outer
        outer.settings_dict.update(before)


def commits(request: pytest.FixtureRequest) -> str | None:
    """The fixture by which this test has a database of its own or its file's, where what is written is committed."""
    return next((name for name in ("own_database", "shared_database") if name in request.fixturenames), None)


@contextmanager
def undone() -> Iterator[None]:
    """What the block writes is undone. As in Django's TestCase, transactions that allow none around them may begin."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)
