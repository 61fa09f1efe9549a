"""A system outside: a real HTTP server on loopback that writes down what it is sent and answers as told."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Received:
    """One call as it came; names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Said:
    """One answer. `before` runs between the call and the answer."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] | None = None
    before: Callable[[], Any] | None = None


class Outside:
    """`calls` are those that came; `says(…)` is what the next ones are answered, and then `{}`."""

    def __init__(self) -> None:
        self.calls: list[Received] = []
        self._answers: deque[Said] = deque()

    def __enter__(self) -> Outside:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def host(self) -> str:
        """host:port"""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """Where to call."""
        return f"http://{self.host}/orders"

    def says(self, *answers: Said) -> None:
        """What the next calls are answered, one after another."""
        self._answers.extend(answers)

    def _handler(outside) -> type[BaseHTTPRequestHandler]:  # `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outside.calls.append(Received(self.command, self.path, headers, body))
                said = outside._answers.popleft() if outside._answers else Said(body={})
                if said.before is not None:
                    said.before()
                text = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
                self.send_response(said.status)
                for name, value in {"Content-Type": "application/json", **(said.headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: Any) -> None:
                """Nothing: tests read what they want to know."""

        return Handler
