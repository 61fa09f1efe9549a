"""`python -m bench.sink PORT`: takes POSTs on loopback and answers each at once.

GET tells when each came, by this machine's monotonic clock, as pairs of the body's `i` and seconds, and forgets them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

_came: list[tuple[int, float]] = []
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Sink(asyncio.Protocol):
    """One connection, kept open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            place = head.find(b"content-length:")
            length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            answer = b'{"ok":true}'
            if head.startswith(b"get "):
                answer = json.dumps(_came).encode()
                _came.clear()
            else:
                _came.append((json.loads(body)["i"], time.monotonic()))
            self._transport.write(_HEAD % len(answer) + answer)  # type: ignore[attr-defined]


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", int(sys.argv[1]), backlog=128)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
