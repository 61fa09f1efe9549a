"""One PostgreSQL cluster: made, started, stopped."""

from __future__ import annotations

import secrets
import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from core.kept_secret import kept_secret
from core.postgres.errors import PostgresError
from core.postgres.place import MAJOR_VERSION, Place, say

NAME = "ticketflower"  # of the role and of its database
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # TCP only: the path of a socket is soon too long
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "max_locks_per_transaction": "512",  # one statement may touch every table of a company's schema
    "timezone": "UTC",
    "log_timezone": "UTC",
}
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
PROGRAM_SECONDS = 120
READY_SECONDS = 600  # recovery after a crash of a busy server takes its time
ATTEMPTS = 5


def url(password: str, port: int, database: str = NAME) -> str:
    """The address of a database on the embedded server."""
    return f"postgresql://{NAME}:{password}@127.0.0.1:{port}/{database}"


def ensure_running(place: Place, *, durable: bool, settings: Mapping[str, str]) -> str:
    """Make the cluster if there is none, start its server if it's not running; the database's address.

    Call under the folder's lock. `settings` count when this starts the server.
    """
    password = kept_secret(place.folder / "password")
    if not place.cluster.is_dir():
        _initialise(place, password, durable=durable)
    version = (place.cluster / "PG_VERSION").read_text().strip()
    if version != str(MAJOR_VERSION):
        raise PostgresError(
            f"{place.cluster} was made by PostgreSQL {version}, and this is {MAJOR_VERSION}. Bring the data over "
            "with pg_dump and psql, or remove the folder to begin a new database."
        )
    settings = {**SETTINGS, **({} if durable else NOT_DURABLE), **settings}
    problem = ""
    for attempt in range(ATTEMPTS):
        port = _settled_port(place) or _start(place, settings)
        try:
            _ensure_database(password, port)
            return url(password, port)
        except psycopg.OperationalError as error:  # a server that was just killed still looks alive
            problem = str(error)
            time.sleep(0.2 * (attempt + 1))
    raise PostgresError(f"PostgreSQL does not answer: {problem}")


def stop(place: Place) -> None:
    """Stop the server if it's running; its clients are disconnected. Call under the folder's lock."""
    if _settled_port(place) is None:
        return
    for mode in ("fast", "immediate"):
        seconds = str(PROGRAM_SECONDS // 2)
        done = place.run(
            "pg_ctl", "stop", "-D", place.cluster, "-m", mode, "-w", "-t", seconds, timeout=PROGRAM_SECONDS
        )
        if done.returncode == 0:
            return
    raise PostgresError(f"PostgreSQL did not stop: {done.stdout.strip()}")


def _initialise(place: Place, password: str, *, durable: bool) -> None:
    """Run initdb. What an interrupted run left is removed, and an interrupted run's process, should it still
    live, has another folder than this one."""
    say(f"Making a new database in {place.folder} …")
    for old in place.folder.glob("initdb-*"):
        shutil.rmtree(old, ignore_errors=True)
    work = place.folder / f"initdb-{secrets.token_hex(4)}"
    work.mkdir(mode=0o700)
    password_file = work / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    place.give(password_file)
    place.give(work)
    done = place.run(
        "initdb",
        *("-D", work / "cluster", "--username", NAME, "--pwfile", password_file, "--auth", "scram-sha-256"),
        *(
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--locale-provider",
            "builtin",
            "--builtin-locale",
            "C.UTF-8",
        ),
        "--no-instructions",
        *(() if durable else ("--no-sync",)),
        timeout=PROGRAM_SECONDS,
    )
    if done.returncode != 0:
        raise PostgresError(f"initdb failed:\n{done.stdout.strip()}")
    (work / "cluster").rename(place.cluster)
    shutil.rmtree(work)


def _start(place: Place, settings: Mapping[str, str]) -> int:
    """Start the server on a free port."""
    for attempt in range(ATTEMPTS):
        port = _free_port()
        _write_settings(place.folder / "server.conf", {**settings, "port": str(port)})
        if place.log.exists():
            place.log.replace(place.log.with_suffix(".log.old"))
        # A relative path, for pg_ctl hands its options through a shell; they are read in the folder given to `run`.
        done = place.run(
            *("pg_ctl", "start", "-D", place.cluster, "-l", place.log, "-o", "--config-file=server.conf"),
            *("-w", "-t", str(PROGRAM_SECONDS // 2)),
            timeout=PROGRAM_SECONDS,
        )
        settled = _settled_port(place)
        if settled is not None:
            return settled
        # Somebody was quicker to take the port, or the processes of a killed server are still about to end.
        time.sleep(0.2 * attempt)
    raise PostgresError(f"PostgreSQL does not start: {done.stdout.strip()}\n{_last_lines(place.log)}")


def _write_settings(path: Path, settings: Mapping[str, str]) -> None:
    lines = []
    for name, value in settings.items():
        quoted = value.replace("\\", "\\\\").replace("'", "''")
        lines.append(f"{name} = '{quoted}'\n")
    new = path.with_suffix(".new")
    new.write_text("".join(lines), encoding="utf-8")
    new.chmod(0o644)
    new.replace(path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:]) if log.exists() else ""


@dataclass(frozen=True)
class _Running:
    port: int | None
    ready: bool


def _settled_port(place: Place) -> int | None:
    """The running server's port; None when none is running. Waits while one is starting or stopping."""
    deadline = time.monotonic() + READY_SECONDS
    while (state := _state(place)) is not None:
        if state.ready and state.port is not None:
            return state.port
        if time.monotonic() > deadline:
            raise PostgresError(
                f"PostgreSQL is neither ready nor gone after {READY_SECONDS} s:\n{_last_lines(place.log)}"
            )
        time.sleep(0.05)
    return None


def _state(place: Place) -> _Running | None:
    """What postmaster.pid says, if the process that it names is this cluster's server."""
    pid_file = place.cluster / "postmaster.pid"
    try:
        lines = pid_file.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None
    number = lines[0].strip() if lines else ""
    if not number.isdigit() or not psutil.pid_exists(int(number)):
        return None  # left by a killed server: the next one finds out for itself
    if not _is_server(int(number), place.cluster):
        # After a restart of the machine the number may be another process's, and PostgreSQL would refuse to start.
        pid_file.unlink(missing_ok=True)
        return None
    port = lines[3].strip() if len(lines) > 3 else ""
    status = lines[7].strip() if len(lines) > 7 else ""
    return _Running(int(port) if port.isdigit() else None, status == "ready")


def _is_server(pid: int, cluster: Path) -> bool:
    """A server's working directory is its cluster."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and cluster.samefile(process.cwd())
    except (psutil.Error, OSError):
        return False


def _ensure_database(password: str, port: int) -> None:
    with psycopg.connect(url(password, port, "postgres"), autocommit=True, connect_timeout=30) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
