"""The processes that a command starts beside itself, and that end with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType, TracebackType

import psutil

from core.presence import Presence, exclusive, forget, look

# Every child, and what it starts, has the parent's sign in its environment: that is how a later start knows them.
MARK = "TICKETFLOWER_PARENT"
LOCK_SECONDS = 60
POLL_SECONDS = 0.1
END_POLL_SECONDS = 0.02
KILL_SECONDS = 5
_LAUNCHER = Path(__file__).with_name("launcher.py")


def exit_on_signals() -> None:
    """Let SIGTERM, and the end of the terminal, end this process as Ctrl-C does: with its clean-up.

    The first one counts; the clean-up is bounded in time and isn't to be interrupted by a second.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        sys.exit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, leave)


class Children:
    """Processes that live as long as the `with` block, at most.

        with Children(Path(".data/processes")) as children:
            children.start("web server", [sys.executable, "-m", "granian", …])
            name, code = children.wait()

    At the end each is asked to stop, and killed after `grace_seconds`. Where this process is killed itself, they
    are asked at once by the system (Linux), or ended by the next `Children` of the same `folder`.
    """

    def __init__(self, folder: Path, *, grace_seconds: float = 15) -> None:
        self._folder = folder
        self._grace_seconds = grace_seconds
        self._children: dict[str, psutil.Popen] = {}

    def __enter__(self) -> Children:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            _end_leftovers(self._folder, self._grace_seconds)
            self._presence = Presence(self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._stop()
        finally:
            with self._alone():
                self._presence.leave()

    def start(self, name: str, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> int:
        """Start `command` with `env` added to the environment; its process id. `name` is for people.

        Call it in the main thread: for Linux a child's parent is a thread.
        """
        prefix: list[str | Path] = []
        flags = 0
        if sys.platform == "linux":
            prefix = [sys.executable, "-I", "-S", _LAUNCHER, str(os.getpid())]
        elif sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP
        child = psutil.Popen(
            [*prefix, *command],
            env={**os.environ, **(env or {}), MARK: self._presence.name},
            stdin=subprocess.DEVNULL,
            creationflags=flags,
            start_new_session=True,  # Ctrl-C comes to this process, which then stops the others in order
        )
        self._children[name] = child
        return int(child.pid)

    def ended(self) -> tuple[str, int] | None:
        """Name and exit code of a child that has ended by itself."""
        for name, child in self._children.items():
            code = child.poll()
            if code is not None:
                return name, int(code)
        return None

    def wait(self) -> tuple[str, int]:
        """Wait until one child ends by itself: its name and exit code."""
        while (first := self.ended()) is None:
            time.sleep(POLL_SECONDS)
        return first

    def _stop(self) -> None:
        try:
            for child in self._children.values():
                _ask_to_stop(child)
            _wait(self._children.values(), self._grace_seconds)
        finally:  # a second Ctrl-C too: no more waiting
            _kill([*self._children.values(), *_marked({self._presence.name})])

    def _alone(self) -> AbstractContextManager[None]:
        return exclusive(self._folder.with_name(f"{self._folder.name}.lock"), timeout=LOCK_SECONDS)


def _end_leftovers(folder: Path, grace_seconds: float) -> None:
    """End what parents that were killed have left."""
    _present, dead = look(folder)
    if not dead:
        return
    leftovers = _marked(set(dead))
    for process in leftovers:
        _ask_to_stop(process)
    _wait(leftovers, grace_seconds)
    _kill(_marked(set(dead)))
    for name in dead:
        forget(folder, name)


def _marked(names: set[str]) -> list[psutil.Process]:
    """The running processes with one of the parents `names` in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) in names and _runs(process):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # it has ended, or is none of ours
    return found


def _ask_to_stop(process: psutil.Process) -> None:
    try:
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        pass


def _kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    _wait(processes, KILL_SECONDS)


def _wait(processes: Collection[psutil.Process], seconds: float) -> None:
    """Until all have ended, at most so long. A zombie has: whoever is to take note of it may never do so."""
    deadline = time.monotonic() + seconds
    while any(map(_runs, processes)) and time.monotonic() < deadline:
        time.sleep(END_POLL_SECONDS)
    psutil.wait_procs(processes, timeout=0)  # takes note of those that are ours


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
