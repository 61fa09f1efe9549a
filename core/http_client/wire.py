"""One connection: a socket to a checked address, TLS, and HTTP/1.1 read and written by h11.

There is no library's client around it, because what this one promises (an end for the whole call, the address that was
checked, bounded memory) is decided where the socket is.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Iterable

import h11

from core.http_client.addresses import Target
from core.http_client.bodies import Body
from core.http_client.failures import Deadline, bad_answer, bad_request, too_large

Lines = list[tuple[bytes, bytes]]

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
MAX_EARLY_ANSWERS = 10
READ_BYTES = 64 * 1024
HEADERS_TOO_LARGE = 431  # how h11 says so


class Connection:
    """An open connection to `address`, which was checked for `target`. Used by one thread at a time."""

    def __init__(self, target: Target, address: str, tls: ssl.SSLContext | None, deadline: Deadline) -> None:
        self.address = address
        self.opened = self.used = time.monotonic()
        # Whether anything has come back since the last request went out.
        self.heard = False
        self._ended = False
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
        self._socket = _connected(address, target.port, deadline.left())
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self._socket.settimeout(deadline.left())
                self._socket = tls.wrap_socket(self._socket, server_hostname=target.host)
        except BaseException:
            self._socket.close()
            raise

    @property
    def fresh(self) -> bool:
        """Whether it can carry another request: ended as it should, and nothing has come in since, not even an end."""
        if self._http.states != {h11.CLIENT: h11.IDLE, h11.SERVER: h11.IDLE}:
            return False
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return False
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            return not poll.poll(0)
        return not select.select([self._socket], [], [], 0)[0]

    def exchange(
        self,
        method: str,
        path: str,
        headers: Lines,
        body: bytes,
        max_bytes: int,
        deadline: Deadline,
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request; status, headers and body of its answer. OSError or CallFailed: it is to be closed."""
        self.heard = False
        self._write(method, path, headers, body, deadline)
        status, fields = self._read_head(deadline)
        content = Body(fields, max_bytes)
        while not isinstance(event := self._next(deadline), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                content.add(bytes(event.data))
        whole = content.whole()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE and not self._http.trailing_data[0]:
            self._http.start_next_cycle()
        self.used = time.monotonic()
        return status, fields, whole

    def close(self) -> None:
        self._socket.close()

    def _write(self, method: str, path: str, headers: Lines, body: bytes, deadline: Deadline) -> None:
        try:
            parts = [self._http.send(h11.Request(method=method, target=path, headers=headers))]
            if body:
                parts.append(self._http.send(h11.Data(data=body)))
            parts.append(self._http.send(h11.EndOfMessage()))
        except h11.LocalProtocolError as error:
            raise bad_request("The call can't be sent: its headers or its body don't fit.") from error
        rest = memoryview(b"".join(part for part in parts if part))
        try:
            while rest:
                self._socket.settimeout(deadline.left())
                rest = rest[self._socket.send(rest) :]
        except (BrokenPipeError, ConnectionResetError):
            # Who refuses a body early may have answered already; if not, reading says so.
            return

    def _read_head(self, deadline: Deadline) -> tuple[int, dict[str, str]]:
        for _ in range(MAX_EARLY_ANSWERS):
            event = self._next(deadline)
            if isinstance(event, h11.Response):
                if event.http_version not in (b"1.0", b"1.1"):
                    raise bad_answer("another version of HTTP")
                return event.status_code, _fields(event.headers)
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                raise bad_answer("no answer to the request")
        raise bad_answer("too many early answers")

    def _next(self, deadline: Deadline) -> h11.Event:
        while not isinstance(event := self._parsed(), h11.Event):
            if event is h11.PAUSED:
                raise bad_answer("no answer to the request")
            self._socket.settimeout(deadline.left())
            data = self._socket.recv(READ_BYTES)
            self.heard = self.heard or bool(data)
            self._ended = not data
            self._http.receive_data(data)
        if isinstance(event, h11.ConnectionClosed):
            raise ConnectionError("closed without an answer")
        return event

    def _parsed(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as error:
            if self._ended:
                raise ConnectionError("closed within an answer") from error
            if error.error_status_hint == HEADERS_TOO_LARGE:
                raise too_large("headers") from error
            raise bad_answer(str(error)) from error


def _connected(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((address, port))
    except BaseException:
        connection.close()
        raise
    return connection


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    size = 0
    for count, (name, value) in enumerate(headers, 1):
        size += len(name) + len(value)
        if count > MAX_HEADERS or size > MAX_HEADER_BYTES:
            raise too_large("headers")
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields
