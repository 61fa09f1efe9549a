"""What every measurement stands on: a durable PostgreSQL, an empty database of this run, servers as users run them."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from core.postgres import running

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".data" / "bench"
# Every baseline has the same server and the same settings; fsync stays on.
POSTGRES = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
# What an installation has, but for limits that a load from one client would meet.
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "ticketflower.settings",
    "SECRET_KEY": "a secret for measurements, which protects nothing",
    "DEBUG": "false",
    "PUBLIC_HOSTS": "localhost,127.0.0.1",
    "BASE_DOMAIN": "localhost",
    "WEB_WORKERS": "1",
    "SPARE_SCHEMAS": "2",
    "ACCESS_TOKEN_MINUTES": "600",
    "THROTTLE_COMPANY": "100000000/minute",
    "THROTTLE_SIGN_UP": "100000000/hour",
}
LIMITS = "w3"
"""The database of the limits; it has this name because a baseline of another product looks for it."""


@contextmanager
def postgres() -> Iterator[str]:
    """The address of the server, while the block lasts; nothing else should use it."""
    with running(FOLDER / "postgres", settings=POSTGRES) as url:
        yield url


def address(url: str, database: str) -> str:
    """The same server's other database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def libpq(url: str) -> dict[str, str]:
    """The server as the environment variables that every client library knows."""
    parts = urlsplit(url)
    return {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
    }


@contextmanager
def database(url: str, name: str = "", template: str = "template0") -> Iterator[str]:
    """A new database, dropped afterwards; its address."""
    name = name or f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as admin:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        admin.execute(drop)
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield address(url, name)
        finally:
            admin.execute(drop)


def setup(database_url: str) -> None:
    """Load Django on an empty database and migrate its public schema."""
    os.environ.update(ENVIRONMENT, DATABASE_URL=database_url, LOG_LEVEL="WARNING")
    import django

    django.setup()
    from tenants import schemas

    schemas.migrate(schemas.PUBLIC)


@contextmanager
def servers() -> Iterator[Callable[..., Any]]:
    """`start(THREADS="2")` starts one web server process and returns it; all of them end with the block.

    They log as in production, to a file, whose end is shown when the block fails.
    """
    from tests.servers import Servers

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        group = stack.enter_context(Servers(os.environ["DATABASE_URL"], folder))
        try:
            yield lambda **environment: group.start(1, LOG_LEVEL="INFO", **environment)[0]
        except AssertionError:
            for log in folder.glob("*.log"):
                print(log.read_text()[-4000:])
            raise
