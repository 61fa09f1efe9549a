"""What every measurement stands on: a durable PostgreSQL, an empty database of this run, servers as users run them."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
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
START_SECONDS = 30
STOP_SECONDS = 15
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


@dataclass(frozen=True)
class Server:
    """A running web server: its port and its topmost process."""

    port: int
    pid: int


@contextmanager
def servers() -> Iterator[Callable[..., Server]]:
    """`start(WEB_THREADS="2")` starts one web server as `manage.py run` does; all of them end with the block.

    They log as in production, to a file, whose end is shown when the block fails.
    """
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as folder:

        def start(**environment: str) -> Server:
            log = Path(folder) / f"{len(running)}.log"
            process, port = _start({**os.environ, "LOG_LEVEL": "INFO", **environment}, log)
            running.append(process)
            wait_for_port(port, process, log)
            return Server(port, process.pid)

        try:
            yield start
        except AssertionError:
            for log in Path(folder).glob("*.log"):
                print(log.read_text()[-4000:])
            raise
        finally:
            for process in running:
                end(process)


def _start(environment: dict[str, str], log: Path) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", environment.get("WEB_WORKERS", "1")]
    command += ["--blocking-threads", environment.get("WEB_THREADS", str(default_threads()))]
    command += ["--http", "1", "--no-ws", "--log-level", "warning", "ticketflower.wsgi:application"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    return process, port


def default_threads() -> int:
    """How many threads a web server has when nobody says."""
    from django.conf import settings

    return int(settings.WEB_THREADS)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the process listens; AssertionError with its log when it doesn't."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"A server does not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
