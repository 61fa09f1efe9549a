"""What is sent: a method, headers and a body that can't become anything else on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.http_client.addresses import Target
from core.http_client.bodies import ENCODINGS
from core.http_client.failures import bad_request

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
WITH_BODY = {"POST", "PUT", "PATCH"}
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}", re.ASCII)
HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]{0,8192}")
# The client's own: they say where a message ends, to whom it goes, or how the answer may be packed.
OWN_HEADERS = {
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
# Calls that may arrive twice: by their method, or because they carry a key by which the other side knows them again.
REPEATABLE = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}
KEYS = {"idempotency-key", "webhook-id"}


def header_lines(
    method: str, target: Target, headers: Mapping[str, str], body: bytes | None
) -> list[tuple[bytes, bytes]]:
    """All headers of a call, names in lower case. CallFailed (`bad_request`) for what can't be sent."""
    if method not in METHODS:
        raise bad_request("This method can't be used.")
    lines = {"host": target.authority.encode("ascii"), "user-agent": b"TicketFlower", "accept": b"*/*"}
    for name, value in headers.items():
        key = name.lower()
        if not HEADER_NAME.fullmatch(name) or key in OWN_HEADERS:
            raise bad_request(f"The header {name[:50]!r} can't be set.")
        text = value.strip(" \t")
        if not HEADER_VALUE.fullmatch(text):
            raise bad_request(f"The value of the header {name[:50]!r} can't be sent.")
        try:
            lines[key] = text.encode("utf-8")
        except UnicodeEncodeError:
            raise bad_request(f"The value of the header {name[:50]!r} can't be sent.") from None
    lines["accept-encoding"] = ENCODINGS.encode("ascii")
    if body or method in WITH_BODY:
        lines["content-length"] = str(len(body or b"")).encode("ascii")
    return [(name.encode("ascii"), line) for name, line in lines.items()]


def is_repeatable(method: str, headers: Mapping[str, str]) -> bool:
    """Whether the other side takes a second arrival of the call for the first."""
    return method in REPEATABLE or any(name.lower() in KEYS for name in headers)
