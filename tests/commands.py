"""Commands of manage.py for tests, as a person starts them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from types import TracebackType

from tests.servers import ROOT, SETTINGS

SECONDS = 90


class Commands:
    """The commands of one test; what still runs at the end of the `with` block is killed."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Commands:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=SECONDS)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start `manage.py` with these arguments, and with `environment` added to this process's."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**os.environ, **SETTINGS, "DATABASE_URL": self._database_url, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process


def said_until(process: subprocess.Popen[str], line: str) -> str:
    """What the process writes up to the line that begins so."""
    assert process.stdout is not None
    said = []
    for text in process.stdout:
        said.append(text)
        if text.startswith(line):
            return "".join(said)
    raise AssertionError(f"{''.join(said)}\n{process.communicate()[1]}")


def free_port() -> str:
    """A port of 127.0.0.1 at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
