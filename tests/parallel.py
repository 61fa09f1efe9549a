"""Several things at the same moment, for tests of races."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from types import TracebackType
from typing import Any

from django.db import connection

from tests.servers import Answer, Server


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """Run `call(0)` … `call(count - 1)` in as many threads, begun together; their results, exceptions among them."""
    start = Barrier(count, timeout=60)

    def run(number: int) -> Any:
        try:
            start.wait()
            return call(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


class Volleys:
    """Kept-alive connections to several servers: requests go out together, before any answer is read."""

    def __init__(self, servers: list[Server], host: str) -> None:
        self._servers = servers
        self._host = host
        self._lines: list[http.client.HTTPConnection] = []

    def __enter__(self) -> Volleys:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for line in self._lines:
            line.close()

    def send(self, *calls: Call) -> list[Answer]:
        """The answers to `calls`, in their order; one after another they go to one server and to the next."""
        while len(self._lines) < len(calls):
            port = self._servers[len(self._lines) % len(self._servers)].port
            self._lines.append(http.client.HTTPConnection("127.0.0.1", port, timeout=60))
        for line, call in zip(self._lines, calls, strict=False):
            body = b"" if call.body is None else json.dumps(call.body).encode()
            signed = {"Host": self._host, "Authorization": f"Bearer {call.token}", "Content-Type": "application/json"}
            line.request(call.method, call.path, body, {**signed, **call.headers})
        answers = []
        for line, _ in zip(self._lines, calls, strict=False):
            answer = line.getresponse()
            answers.append(Answer(answer.status, answer.headers, answer.read()))
        return answers


@dataclass(frozen=True)
class Call:
    """One request of somebody's. `body` is sent as JSON."""

    token: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
