"""Files that tell whether the process that made them still lives.

A process says that it is there by holding the lock of a file. The system lets go of the lock when the process
ends, however it ends: nothing has to be cleaned up after a SIGKILL, no process number can be mistaken for a
later process's, and a changed clock does no harm. A forked process holds the locks of its parent too.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

POLL_SECONDS = 0.02


class LockTimeout(Exception):
    """Another process kept the lock for too long."""


def _try_lock(file: IO[bytes]) -> bool:
    """Lock the open file until it is closed; False when somebody else has it locked."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _unlock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def exclusive(path: Path, *, timeout: float) -> Iterator[None]:
    """Hold the lock of the file `path`, alone among all processes and threads. Not reentrant.

    Raises LockTimeout after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    with path.open("ab") as file:
        while not _try_lock(file):
            if time.monotonic() > deadline:
                raise LockTimeout(f"Another process has been holding {path} for {timeout:g} seconds.")
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            # Closing is not enough: a process that was forked meanwhile has the file open too.
            _unlock(file)


class Presence:
    """This process's sign in a folder, from `Presence(folder)` until `leave()` or the end of the process.

    Several may be held by one process. `name` is unique and can't be guessed.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = secrets.token_hex(16)
        self._path = folder / self.name
        self._pid = os.getpid()
        self._file = self._path.open("xb")
        _try_lock(self._file)

    def leave(self) -> None:
        """Take the sign away; in a forked process, only let go of it."""
        self._file.close()
        if self._pid == os.getpid():
            self._path.unlink(missing_ok=True)


def look(folder: Path) -> tuple[list[str], list[str]]:
    """The names of those who are present in `folder`, and of those who died without leaving.

    The dead stay until `forget`. The caller sees to it that nobody comes or leaves meanwhile (`exclusive`).
    """
    present: list[str] = []
    dead: list[str] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        with path.open("ab") as file:
            (dead if _try_lock(file) else present).append(path.name)
    return present, dead


def forget(folder: Path, name: str) -> None:
    """Remove the sign of a process that died."""
    (folder / name).unlink(missing_ok=True)
