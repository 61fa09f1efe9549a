"""Real worker processes for tests."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from tests import warm

SECONDS = 30
Found = TypeVar("Found")


def until(look: Callable[[], Found], seconds: float = SECONDS) -> Found:
    """What `look` returns as soon as it is true; AssertionError with the last value after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"after {seconds} s: {found!r}"
        time.sleep(0.05)
    return found


@dataclass(frozen=True)
class WorkerProcess:
    """One worker process."""

    process: warm.Process = field(repr=False)
    log: Path

    def kill(self) -> None:
        """End it by SIGKILL, and wait for that."""
        self.process.kill()
        self.process.wait(SECONDS)

    def freeze(self) -> None:
        """Stop it where it is (SIGSTOP), until SIGCONT."""
        self.process.send_signal(signal.SIGSTOP)
        threads = Path(f"/proc/{self.process.pid}/task")
        if threads.exists():  # elsewhere than on Linux it has stopped when the signal was sent
            until(lambda: all(" T " in (one / "stat").read_text() for one in threads.iterdir()))

    def stop(self) -> int:
        """Ask it to stop (SIGTERM); its exit code."""
        self.process.terminate()
        return self.process.wait(SECONDS)

    def lines(self) -> list[str]:
        """What it has logged."""
        return self.log.read_text().splitlines()


class Workers:
    """The worker processes of one test; they end with the `with` block."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._database_url = database_url
        self._folder = folder
        self._running: list[WorkerProcess] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for worker in self._running:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGCONT)
                worker.kill()

    def start(self, *arguments: str, **environment: str) -> WorkerProcess:
        """Start a worker with these arguments of `run_worker`, and with `environment` added to this process's."""
        log = self._folder / f"worker-{len(self._running)}.log"
        with log.open("wb") as output:
            settings = {**os.environ, "DATABASE_URL": self._database_url, "LOG_LEVEL": "INFO", **environment}
            process = warm.start("tests.worker_process", arguments, settings, output)
        worker = WorkerProcess(process, log)
        self._running.append(worker)
        return worker
