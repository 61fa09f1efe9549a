"""A server on the loopback interface that counts connections, keeps what it was sent, and answers as it is told.

with Receiver() as receiver:
    receiver.answer = lambda received: http_answer(503)
    send("POST", receiver.url("/hook"), body=b"{}", seconds=5)
    assert receiver.requests[0].body == b"{}"
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request; names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


def http_answer(status: int = 200, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body


class Receiver:
    """`answer` gets a Received and gives bytes, or their parts one after another; with `keep_alive` off the connection
    is closed after each answer. `tls` makes it an HTTPS server. It listens at `port`, else at one that is free.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.answer: Callable[[Received], bytes | Iterable[bytes]] = lambda received: http_answer()
        self.keep_alive = True
        self.requests: list[Received] = []
        # Set when the test is over: whoever answers slowly is to stop then.
        self.over = threading.Event()
        self._tls = tls
        self._accepted = 0
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listening.getsockname()[1]

    def url(self, path: str = "/") -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}{path}"

    def connections(self) -> int:
        """How many there have been. Connections are accepted in the order they came, so one of our own that has been
        accepted shows that no earlier one is still to come.
        """
        before = self._accepted
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as fence:
            fence.sendall(b"FENCE\r\n\r\n")
            fence.recv(1)
        assert self._accepted > before
        self._accepted -= 1
        return self._accepted

    def __enter__(self) -> Receiver:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        with socket.create_connection(("127.0.0.1", self.port), timeout=10):
            pass
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listening.close()

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            self._accepted += 1
            if self.over.is_set():
                connection.close()
                return
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as stream:
                while (received := _read(stream)) is not None:
                    self.requests.append(received)
                    answer = self.answer(received)
                    for part in [answer] if isinstance(answer, bytes) else answer:
                        stream.sendall(part)
                    if not self.keep_alive:
                        return
        except OSError:
            return
        finally:
            connection.close()


def _read(stream: socket.socket) -> Received | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = stream.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    if head == b"FENCE":
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        if not (part := stream.recv(65536)):
            return None
        body += part
    return Received(method, path, headers, body)
