"""Serving from a command: web server and worker as child processes, from an up-to-date database, until Ctrl-C."""

from __future__ import annotations

import os
import socket
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper

from core.postgres import PostgresError, check_version
from core.processes import Children

START_SECONDS = 60
STOP_SECONDS = 10
POLL_SECONDS = 0.1
WORKER = "worker"
# The first pause before a worker that ended is replaced; it doubles for those that do not live a minute.
RESTART_SECONDS = 1
SETTLED_SECONDS = 60


def add_arguments(parser: ArgumentParser) -> None:
    """`--host` and `--port`; without the latter the environment's PORT counts (`make run PORT=9000`)."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000", help="PORT, else 8000")
    parser.add_argument(
        "--no-worker", dest="worker", action="store_false", help="without a worker process (manage.py run_worker)"
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


@contextmanager
def children() -> Iterator[Children]:
    """The processes of this command, after those that a killed one left have been ended."""
    grace_seconds = max(STOP_SECONDS, settings.WORKER_STOP_SECONDS) + 5
    with Children(settings.BASE_DIR / ".data" / "processes", grace_seconds=grace_seconds) as group:
        yield group


def require_free_port(host: str, port: int) -> None:
    """Raise CommandError where another server listens: granian shares its port, and would share it with a stranger."""
    try:
        [(family, kind, protocol, _name, address), *_more] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closed connections don't count
            probe.bind(address)
    except OSError as error:
        raise CommandError(
            f"Can't listen on {host}, port {port}: {error.strerror}. Choose another port with PORT= or --port."
        ) from error


def prepare_database() -> None:
    """Check the server's version, and migrate the schemas that need it. Says what it does."""
    try:
        check_version(cast(DatabaseWrapper, connection))
    except PostgresError as error:
        raise CommandError(str(error)) from error
    except OperationalError as error:
        raise CommandError(f"The database that DATABASE_URL names can't be used: {error}") from error
    call_command("migrate_schemas")


def serve(
    group: Children,
    *,
    host: str,
    port: int,
    worker: bool,
    ready: Callable[[], None],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; `ready` is called when the server answers. Raises CommandError if that ends.

    With `worker` there is a worker process beside it; when it ends, another is started. `environment` is added to the
    environment of both.
    """
    cast(DatabaseWrapper, connection).close_pool()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    command += ["--workers", str(settings.WEB_WORKERS), "--blocking-threads", str(settings.WEB_THREADS)]
    command += ["--http", "1", "--no-ws", "--log-level", "warning", "--working-dir", str(settings.BASE_DIR)]
    command += ["--respawn-failed-workers", "--workers-kill-timeout", str(STOP_SECONDS)]
    links = {"PUBLIC_PORT": str(port)} if _is_local() and not settings.PUBLIC_PORT else {}
    environment = {**links, **(environment or {})}
    group.start("web server", [*command, "ticketflower.wsgi:application"], environment)
    try:
        _wait_until_it_answers(group, host, port)
        if worker:
            _start_worker(group, environment)
        ready()
        name, code = _wait(group, environment)
    except KeyboardInterrupt:
        return
    raise CommandError(f"The {name} ended with exit code {code}.")


def _start_worker(group: Children, environment: Mapping[str, str]) -> None:
    group.start(WORKER, [sys.executable, settings.BASE_DIR / "manage.py", "run_worker"], environment)


def _wait(group: Children, environment: Mapping[str, str]) -> tuple[str, int]:
    """Start another worker for each that ends; the first child that ends and is none."""
    pause, started = RESTART_SECONDS, time.monotonic()
    while (ended := group.wait())[0] == WORKER:
        if time.monotonic() - started > SETTLED_SECONDS:
            pause = RESTART_SECONDS
        sys.stderr.write(f"The worker ended with exit code {ended[1]}; another one starts in {pause} s.\n")
        time.sleep(pause)
        _start_worker(group, environment)
        pause, started = min(2 * pause, SETTLED_SECONDS), time.monotonic()
    return ended


def about_workers(worker: bool) -> str:
    """What a person has to know of workers, where one was started and where none was."""
    if worker:
        return f"One worker runs jobs, {settings.WORKER_CONCURRENCY} at a time (manage.py run_worker starts more)."
    return "No worker was started: jobs wait until there is one (manage.py run_worker)."


def reachable(host: str) -> str:
    """The address at which this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _wait_until_it_answers(group: Children, host: str, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if (ended := group.ended()) is not None:
            raise CommandError(f"The {ended[0]} ended with exit code {ended[1]}.")
        try:
            socket.create_connection((reachable(host), port), timeout=1).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"The web server does not answer after {START_SECONDS} seconds.") from error
            time.sleep(POLL_SECONDS)


def address(host: str, port: int) -> str:
    """The URL of `host` as a person types it; behind a proxy `port` is not what they see."""
    scheme, own = ("https", 443) if settings.USE_HTTPS else ("http", 80)
    seen = port if _is_local() else settings.PUBLIC_PORT
    return f"{scheme}://{host}" if seen in (0, own) else f"{scheme}://{host}:{seen}"


def _is_local() -> bool:
    return settings.BASE_DOMAIN == "localhost" or settings.BASE_DOMAIN.endswith(".localhost")
