"""Web servers and workers, as users run them, that are killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bench.client import Client

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90
STOP_SECONDS = 20


class Program:
    """One program: a process and those that it starts, in a session of their own. Its log goes on over its lives."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path, port: int = 0) -> None:
        self.name = name
        self.port = port
        self.log = log
        self._command = command
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL for all of it."""
        assert self._process is not None
        self._signal(signal.SIGKILL)
        self._process.wait(STOP_SECONDS)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def ended(self) -> int | None:
        """The exit code of one that has ended by itself."""
        assert self._process is not None
        return self._process.poll()

    def stop(self) -> int:
        """SIGTERM, and what it ends with."""
        if self._process is None:
            return 0
        self._signal(signal.SIGCONT)
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def answers(self, path: str) -> bool:
        """Whether a web server says 200."""
        try:
            with Client(self.port, "localhost") as client:
                return client.call("GET", path)[0] == 200
        except OSError:
            return False

    def wait(self, path: str = "/health/") -> None:
        """Until a web server answers."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers(path):
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} does not answer:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def web_server(number: int, port: int, environment: Mapping[str, str], folder: Path) -> Program:
    """One process of granian, as `manage.py run` starts it."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "4", "--http", "1", "--no-ws", "--log-level", "warning"]
    command += ["--respawn-failed-workers", "ticketflower.wsgi:application"]
    return Program(f"web {number}", command, environment, folder / f"web-{number}.log", port)


def worker(number: int, environment: Mapping[str, str], folder: Path) -> Program:
    """One `manage.py run_worker`."""
    command = [sys.executable, "manage.py", "run_worker"]
    return Program(f"worker {number}", command, environment, folder / f"worker-{number}.log")
