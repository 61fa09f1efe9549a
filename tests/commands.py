"""Commands of manage.py for tests, as a person starts them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests import warm
from tests.servers import ROOT, SETTINGS
from tests.workers import until

SECONDS = 90


@dataclass(frozen=True)
class Command:
    """One command; `output` and `errors` are files with what it has written so far."""

    process: subprocess.Popen | warm.Process
    output: Path
    errors: Path

    def said_until(self, line: str) -> str:
        """What it writes up to the line that begins so."""

        def said() -> str | None:
            ended = self.process.poll() is not None
            lines = self.output.read_text().splitlines(keepends=True)
            for number, text in enumerate(lines, 1):
                if text.startswith(line) and text.endswith("\n"):
                    return "".join(lines[:number])
            assert not ended, f"{''.join(lines)}\n{self.errors.read_text()}"
            return None

        return until(said, SECONDS) or ""

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send it this signal; its exit code, and its errors, when it has ended."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS), self.errors.read_text()


class Commands:
    """The commands of one test; what still runs at the end of the `with` block is killed."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._database_url = database_url
        self._folder = folder
        self._started: list[Command] = []

    def __enter__(self) -> Commands:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for command in self._started:
            command.process.kill()
            command.process.wait(SECONDS)

    def start(self, *arguments: str, from_the_shell: bool = False, **environment: str) -> Command:
        """Start `manage.py` with these arguments, and with `environment` added to this process's. It is forked from a
        process that has Django set up, or a whole new one as `from_the_shell`."""
        settings = {**os.environ, **SETTINGS, "DATABASE_URL": self._database_url, **environment}
        paths = [self._folder / f"command-{len(self._started)}.{name}" for name in ("output", "errors")]
        with paths[0].open("wb") as output, paths[1].open("wb") as errors:
            process = (
                subprocess.Popen(
                    [sys.executable, "manage.py", *arguments], cwd=ROOT, env=settings, stdout=output, stderr=errors
                )
                if from_the_shell
                else warm.start("tests.manage_process", arguments, settings, output, errors)
            )
        command = Command(process, *paths)
        self._started.append(command)
        return command


def free_port() -> str:
    """A port of 127.0.0.1 at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
