"""Child processes that answer questions within a time, and whose end, of whatever cause, costs an answer at most.

z3 can take any time and memory, keeps the interpreter's lock from other threads for long, and crashes: none of this
may happen in a process that serves requests. A child knows nothing but the questions: it inherits no connection, and
of the environment only what Python needs to start.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import BoundedSemaphore, Lock, Timer
from time import monotonic
from typing import Any

log = logging.getLogger("ticketflower.proof")

SECONDS_EACH, SECONDS_TOTAL = 2.0, 10.0
"""For one question, for all questions of a definition."""
CHILDREN = 2
"""Definitions whose questions are answered at the same time; others wait."""
START_SECONDS = 20.0
GRACE_SECONDS = 0.5
"""What a question may take longer than it was told to, before its child is killed."""
IDLE_SECONDS = 120.0
MAX_ANSWER = 10_000_000

_ROOT = Path(__file__).resolve().parents[3]
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG")


class Solvers:
    """Up to `size` children, started when they are needed and kept for `idle` seconds. Threads may share it.

    `module` and its `arguments` are what a child runs; it ends by `serving.serve`.
    """

    def __init__(self, module: str, *arguments: str, size: int = CHILDREN, idle: float = IDLE_SECONDS) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._size = size
        self._idle_seconds = idle
        self._forget()

    def _forget(self) -> None:
        self._turn = BoundedSemaphore(self._size)
        self._lock = Lock()
        self._idle: list[_Child] = []
        self._sweeper: Timer | None = None

    def solve_all(
        self,
        questions: Sequence[Any],
        seconds_each: float = SECONDS_EACH,
        seconds_total: float = SECONDS_TOTAL,
    ) -> list[Any | None]:
        """An answer to each question (JSON values), None where there is none: it took too long, or too much memory.

        Waits up to `seconds_total` for its turn, then takes `seconds_total` at most, starting a child included.
        """
        answers: list[Any | None] = [None] * len(questions)
        if not questions or not self._turn.acquire(timeout=seconds_total):
            return answers
        until = monotonic() + seconds_total
        child: _Child | None = None
        try:
            for place, question in enumerate(questions):
                for _ in range(2):  # again when the child has been ended by something else: that costs nothing then
                    child = child or self._take(until - monotonic())
                    seconds = min(seconds_each, until - monotonic())
                    if child is None or seconds <= 0:
                        return answers
                    answers[place] = child.ask(question, seconds)
                    if child.alive:
                        break
                    lost = child.lost
                    child.end()
                    child = None
                    if not lost:
                        break
            return answers
        finally:
            if child is not None:
                self._give(child)
            self._turn.release()

    def close(self) -> None:
        """End the children that are idle; others end after their question."""
        with self._lock:
            children, self._idle = self._idle, []
            if self._sweeper is not None:
                self._sweeper.cancel()
                self._sweeper = None
        for child in children:
            child.end()

    def processes(self) -> list[int]:
        """The ids of the children that are idle."""
        with self._lock:
            return [child.pid for child in self._idle]

    def _take(self, seconds: float) -> _Child | None:
        """A child that is there, or else a new one; None when none can be started."""
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                return _started(self._command, min(START_SECONDS, seconds))
            if child.running():
                return child
            child.end()

    def _give(self, child: _Child) -> None:
        if not child.alive:
            child.end()
            return
        child.since = monotonic()
        with self._lock:
            self._idle.append(child)
            if self._sweeper is None:
                self._sweep_later()

    def _sweep_later(self) -> None:
        self._sweeper = Timer(self._idle_seconds, self._sweep)
        self._sweeper.daemon = True
        self._sweeper.start()

    def _sweep(self) -> None:
        """Ends children that nobody has needed for a while, and clears away those that have ended."""
        oldest = monotonic() - self._idle_seconds
        with self._lock:
            left = [child for child in self._idle if child.since > oldest and child.running()]
            over = [child for child in self._idle if child not in left]
            self._idle, self._sweeper = left, None
            if left:
                self._sweep_later()
        for child in over:
            child.end()


class _Child:
    """One process. `alive`: it can be asked again; `lost`: it ended, and not because of its deadline."""

    def __init__(self, command: Sequence[str]) -> None:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env=environment,
            close_fds=True,
        )
        self._ids = count()
        self.pid = self._process.pid
        self.since = monotonic()
        self.alive = True
        self.lost = False

    def running(self) -> bool:
        return self._process.poll() is None

    def ready(self, seconds: float) -> bool:
        """Whether it has started, within that time."""
        return self._exchange(b"", seconds) == {"ready": True}

    def ask(self, question: Any, seconds: float) -> Any | None:
        """The answer; None when there is none, and then the child may be of no more use."""
        number = next(self._ids)
        line = json.dumps({"id": number, "question": question, "seconds": seconds}).encode() + b"\n"
        told = self._exchange(line, seconds + GRACE_SECONDS)
        if told is not None and told.get("id") == number and "answer" in told:
            return told["answer"]
        self.alive = False
        if told is not None:
            # Never the question or the answer: they hold what a company has written.
            log.warning("The solver failed: %s", told.get("failed", "its answer is to no question"))
        return None

    def _exchange(self, line: bytes, seconds: float) -> dict[str, Any] | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = False

        def stop() -> None:
            nonlocal late
            late = True
            self._process.kill()

        timer = Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        text = b""
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            text = self._process.stdout.readline(MAX_ANSWER)
        except OSError:
            pass  # it has ended
        finally:
            timer.cancel()
            if not text.endswith(b"\n"):
                self.alive, self.lost = False, not late
        try:
            told = json.loads(text)
        except ValueError:
            told = None
        if isinstance(told, dict) and self.alive:
            return told
        self.alive = False
        return None

    def end(self) -> None:
        """Kill it, if it still runs, and clear it away."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._process.wait()


def _started(command: Sequence[str], seconds: float) -> _Child | None:
    try:
        child = _Child(command)
    except OSError as error:
        log.warning("The solver can't be started: %s", error)
        return None
    if child.ready(seconds):
        return child
    child.end()
    log.warning("The solver did not start.")
    return None


SOLVERS = Solvers("workflow_design.kernel.proof.solver_main")
solve_all = SOLVERS.solve_all

atexit.register(SOLVERS.close)
if hasattr(os, "register_at_fork"):
    # A fork must not share a child with its parent: it starts its own.
    os.register_at_fork(after_in_child=SOLVERS._forget)
