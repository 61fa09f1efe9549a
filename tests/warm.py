"""Processes of tests that begin where Python has started and Django is set up, which takes most of a second.

    with log.open("wb") as output:
        process = warm.start("tests.worker_process", ["--concurrency", "1"], os.environ, output)
    process.terminate()
    assert process.wait(10) == 0

The first call starts a template, which has one thread and no connection and forks for each. What it forks calls
`main(arguments)` of the module, and what that imports at its top is there already. Else it is a process like any
other: in a session of its own, with the settings of its environment, and (Linux) asked to stop when we are gone.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import django
from django.conf import Settings, settings
from django.core.signals import setting_changed
from django.db import connections

from core.launcher import PR_SET_PDEATHSIG

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = "tests.server_settings"
POLL_SECONDS = 0.01


@dataclass
class Process:
    """What `start` gives: the part of subprocess.Popen that tests need."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative for the signal that ended it; None while it runs."""
        if self.returncode is None:
            self.returncode = _template().ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Its exit code when it has ended; subprocess.TimeoutExpired after so many seconds."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing, where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    target: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    output: IO[bytes],
    errors: IO[bytes] | None = None,
) -> Process:
    """A process that calls `main(arguments)` of the module `target`. `environment` is all that it has of one; what it
    writes goes to `output`, its errors too unless they have a file of their own."""
    order = {"target": target, "arguments": list(arguments), "environment": dict(environment)}
    return Process(_template().ask(order, output.fileno(), (errors or output).fileno()))


class Template:
    """The process that forks; it ends when nobody holds the other end of its socket."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(its.fileno())],
                cwd=ROOT,
                env={**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS},
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for those that wait for it
            )

    def ask(self, order: dict[str, Any], *files: int) -> Any:
        """Its answer."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(order).encode() + b"\n"], files)
            answer, _ = _line(self._socket)
            assert answer, "The template has ended: see its last words above."
            return json.loads(answer)

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


@cache
def _template() -> Template:
    template = Template()
    atexit.register(template.close)
    return template


def _line(connection: socket.socket) -> tuple[bytes, list[int]]:
    """The next line, of which the other end sends one at a time, and the files sent with it; b"" at the end."""
    parts = [b""]
    files: list[int] = []
    while not parts[-1].endswith(b"\n"):
        part, more, _, _ = socket.recv_fds(connection, 1 << 16, 2)
        if not part:
            return b"", files
        parts.append(part)
        files += more
    return b"".join(parts), files


def _serve(control: socket.socket) -> dict[str, Any] | None:
    """Fork as is ordered until the end. In a process that was forked, what it is to be."""
    while (line := _line(control))[0]:
        order, files = json.loads(line[0]), line[1]
        if "ended" in order:
            pid, status = os.waitpid(order["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            import_module(order["target"])
            gc.freeze()
            answer = os.fork()
            if answer == 0:
                control.close()
                return {**order, "files": files}
            for file in files:
                os.close(file)
        control.sendall(json.dumps(answer).encode() + b"\n")
    return None


def _become(order: dict[str, Any]) -> None:
    """What a process does between its fork and its work."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    for number, file in enumerate(order["files"], 1):
        os.dup2(file, number)
        os.close(file)
    gc.enable()
    os.environ.clear()
    os.environ.update(order["environment"])
    _read_settings()
    import_module(order["target"]).main(order["arguments"])


def _read_settings() -> None:
    """Settings as the environment is now, in place of the template's."""
    before = settings._wrapped  # type: ignore[misc]
    for name in ("ticketflower.settings", SETTINGS):
        sys.modules.pop(name, None)
    settings._wrapped = Settings(os.environ["DJANGO_SETTINGS_MODULE"])
    connections.settings["default"].update(connections.configure_settings(settings.DATABASES)["default"])
    for name in set(dir(before)) - {"DATABASES"}:
        if getattr(settings, name, None) != getattr(before, name):
            setting_changed.send(sender=Settings, setting=name, value=getattr(settings, name, None), enter=True)
    django.setup()  # the logging


def main(control: int) -> None:
    """Be the template at this end of its socket."""
    gc.disable()  # what is loaded stays
    django.setup()
    if order := _serve(socket.socket(fileno=control)):
        _become(order)


if __name__ == "__main__":
    main(int(sys.argv[1]))
