"""The body of an answer, unpacked within a limit."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from core.http_client.failures import bad_answer, too_large

# What the client offers; anything else is refused, because its size could not be bounded.
ENCODINGS = "gzip, deflate"
GZIP = zlib.MAX_WBITS | 16


class Body:
    """Takes the parts of a body as they come. Neither what is sent nor what it unpacks to may be longer than
    `max_bytes`, and no more than that is ever held.
    """

    def __init__(self, headers: Mapping[str, str], max_bytes: int) -> None:
        self._encoding = headers.get("content-encoding", "").strip().lower() or "identity"
        if self._encoding not in ("identity", "gzip", "x-gzip", "deflate"):
            raise bad_answer("an encoding that was not offered")
        self._max = max_bytes
        self._sent = 0
        self._unpacked = bytearray()
        self._unpacker: zlib._Decompress | None = None

    def add(self, part: bytes) -> None:
        """The next part, as it was sent."""
        self._sent += len(part)
        if self._sent > self._max:
            raise too_large("body")
        if self._encoding == "identity":
            self._unpacked += part
            return
        unpacker = self._unpacker
        if unpacker is None:
            unpacker = self._unpacker = self._begin(part)
        try:
            self._unpacked += unpacker.decompress(part, self._max + 1 - len(self._unpacked))
        except zlib.error:
            raise bad_answer("a body that can't be unpacked") from None
        if len(self._unpacked) > self._max:
            raise too_large("unpacked body")
        if unpacker.unused_data:
            raise bad_answer("something after the packed body")

    def _begin(self, part: bytes) -> zlib._Decompress:
        if self._encoding != "deflate":
            return zlib.decompressobj(GZIP)
        # "deflate" is to have zlib's head, but some servers send it without.
        return zlib.decompressobj(zlib.MAX_WBITS if part[0] & 15 == 8 else -zlib.MAX_WBITS)

    def whole(self) -> bytes:
        """All of it, when the last part has come."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise bad_answer("a packed body without its end")
        return bytes(self._unpacked)
