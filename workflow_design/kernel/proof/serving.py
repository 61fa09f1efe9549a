"""The child's side of `process`: questions come in, answers go out, a line of JSON each, within limits."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import Any

try:
    import resource
except ImportError:  # Windows has no such limits: there the parent's deadline is the only one
    resource = None  # type: ignore[assignment]

MEMORY = 1_000_000_000
"""Bytes of address space that the child may use; z3 itself takes a twentieth."""


def serve(solve: Callable[[Any, float], Any]) -> None:
    """Answer questions until there are no more: `solve(question, seconds)` gives what is sent back.

    The input ends when the parent does. After an exception nothing is known of the state that `solve` works on, so the
    process tells it and ends; the parent starts another one.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    _limit_memory()
    _send(answers, {"ready": True})
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        _limit_processor(asked["seconds"])
        try:
            _send(answers, {"id": asked["id"], "answer": solve(asked["question"], asked["seconds"])})
        except Exception as error:  # noqa: BLE001 - the parent writes it to its log
            _send(answers, {"id": asked["id"], "failed": f"{type(error).__name__}: {error}"[:500]})
            return


def _send(answers: Any, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message).encode() + b"\n")
    answers.flush()


def _limit_memory() -> None:
    if resource is not None:
        for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
            with suppress(OSError, ValueError):  # macOS takes no limit of addresses
                resource.setrlimit(kind, (most, most))


def _limit_processor(seconds: float) -> None:
    """The kernel ends this process should neither `solve` nor the parent see to its deadline."""
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = ceil(used.ru_utime + used.ru_stime + 2 * seconds) + 2
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
