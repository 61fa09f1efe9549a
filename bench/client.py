"""A keep-alive HTTP client that costs little, and loads made with it or, where it is installed, with wrk."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType

MAX_SECONDS = 60


@dataclass
class Client:
    """One connection to a server on this machine; every answer is read to its end."""

    port: int
    host: str
    token: str = ""
    _buffer: bytes = field(default=b"", repr=False)

    def __enter__(self) -> Client:
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=MAX_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def call(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body."""
        self.send(method, path, body)
        return self.answer()

    def send(self, method: str, path: str, body: bytes = b"") -> None:
        """Ask, and leave it to `answer` to wait."""
        signed = f"Authorization: Bearer {self.token}\r\n" if self.token else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{signed}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + body)

    def fileno(self) -> int:
        """Readable when the answer comes."""
        return self._socket.fileno()

    def answer(self) -> tuple[int, bytes]:
        """Status and body of what was sent."""
        head = self._until(b"\r\n\r\n").lower()
        length = re.search(rb"content-length: *(\d+)", head)
        if length:
            body = self._take(int(length[1]))
        elif b"chunked" in head:
            body = b""
            while size := int(self._until(b"\r\n"), 16):
                body += self._take(size)
                self._take(2)
            self._take(2)
        else:
            body = b""
        return int(head[9:12]), body

    def _more(self) -> None:
        received = self._socket.recv(262_144)
        if not received:
            raise ConnectionError("The server has closed the connection.")
        self._buffer += received

    def _until(self, mark: bytes) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            self._more()
        found, self._buffer = self._buffer[:end], self._buffer[end + len(mark) :]
        return found

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found


def expect(answer: tuple[int, bytes], *statuses: int) -> bytes:
    """The body of an answer with one of `statuses`; anything else raises AssertionError."""
    status, body = answer
    if status not in statuses:
        raise AssertionError(f"Answered {status}: {body[:500]!r}")
    return body


def get_per_second(port: int, host: str, token: str, path: str, *, seconds: float, connections: int = 8) -> float:
    """How many GETs of one address the server answers, with so many clients at a time."""
    if shutil.which("wrk"):
        return _wrk(port, host, token, path, seconds=max(1, round(seconds)), connections=connections)
    end = time.perf_counter() + seconds

    def ask(_: int) -> int:
        with Client(port, host, token) as client:
            count = 0
            while time.perf_counter() < end:
                expect(client.call("GET", path), 200)
                count += 1
        return count

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(ask, range(connections))) / seconds


def _wrk(port: int, host: str, token: str, path: str, *, seconds: int, connections: int) -> float:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-H", f"Authorization: Bearer {token}"]
    command += ["-H", f"Host: {host}", f"http://127.0.0.1:{port}{path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    if "Non-2xx" in done.stdout:
        raise SystemExit(f"wrk got errors:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])
