"""A PostgreSQL that is killed and started again. It is durable: fsync is on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from core.postgres import running
from core.postgres.place import Place, find_place

START_SECONDS = 120
GONE_SECONDS = 30


class Database:
    """The server whose data lie in `folder`; it comes back at the address that it had."""

    def __init__(self, place: Place, url: str) -> None:
        self._place = place
        self.url = url

    def kill(self) -> None:
        """End every process of it by SIGKILL, at once."""
        postmaster = psutil.Process(int((self._place.cluster / "postmaster.pid").read_text().split()[0]))
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        deadline = time.monotonic() + GONE_SECONDS
        while any(_lives(process) for process in processes):
            if time.monotonic() > deadline:
                raise AssertionError("PostgreSQL does not die.")
            time.sleep(0.01)
        # PostgreSQL takes the number of a process that ended, and whom nobody has reaped, for a living server's.
        (self._place.cluster / "postmaster.pid").unlink(missing_ok=True)

    def start(self) -> None:
        """Start it again, and wait until it has recovered."""
        cluster, deadline = self._place.cluster, time.monotonic() + START_SECONDS
        command = ("start", "-D", cluster, "-l", self._place.log, "-o", "--config-file=server.conf")
        while True:
            # Somebody's connection may have the port for a moment.
            done = self._place.run("pg_ctl", *command, "-w", "-t", str(START_SECONDS), timeout=START_SECONDS + 10)
            if done.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL does not start again: {done.stdout}")
            time.sleep(0.2)

    def settings(self, *names: str) -> list[str]:
        """What the server says of these settings."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return [connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0] for name in names]  # type: ignore[index]


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def database(folder: Path) -> Iterator[Database]:
    """The server, until the block ends."""
    with running(folder) as url:
        yield Database(find_place(folder), url)
