"""Summaries that people and logs may keep: without what opens doors, and short."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

HIDDEN = "********"
# Parts of names whose values are secrets, compared without case, dashes and underscores.
SECRET_NAMES = re.compile(
    r"authorization|cookie|password|passwd|passphrase|secret|token|apikey|accesskey|privatekey|sharedkey|accountkey"
    r"|credential|signature|sessionid|^auth$|^pwd$|^pin$|^otp$|^sig$|^jwt$|^bearer$"
)
# Parameters of URLs that are keys by custom; in JSON they are ordinary names.
SECRET_PARAMETERS = {"key", "code"}
# The name of name=value and name: value within texts, and what follows it; of an Authorization header, the word before
# the secret goes with it.
NAME = re.compile(r"""(?<![\w.-])([A-Za-z][\w.-]{1,60})["']?\s{0,20}[=:]\s{0,20}["']?""")
VALUE = re.compile(r"""(?:(?:Basic|Bearer|Digest|Token)\s{1,20})?[^\s"'&,;<>]{1,5000}""", re.IGNORECASE)
# Shorter ones would hide parts of ordinary words.
SHORTEST_SECRET = 4
MAX_DEPTH = 20
MAX_ITEMS = 100
MAX_TEXT = 2000
MAX_BODY_TEXT = 4000


def redact(value: Any, *, secrets: Iterable[str] = ()) -> Any:
    """A copy of a JSON value, or of headers, in which values with a secret's name, and every occurrence of one of
    `secrets`, read `********`. Long texts and lists are cut, deep values left out.
    """
    known = sorted((secret for secret in secrets if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)
    return _redacted(value, known, MAX_DEPTH)


def redact_url(url: str, *, secrets: Iterable[str] = ()) -> str:
    """`url` with the values of secret parameters hidden, and without user information."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    query = [
        (name, HIDDEN if is_secret_name(name) or name.lower() in SECRET_PARAMETERS else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    host = parts.netloc.rpartition("@")[2]
    text = urlunsplit((parts.scheme, host, parts.path, urlencode(query, safe="*/:,"), ""))
    return str(redact(text, secrets=secrets))


def summary(headers: Mapping[str, str], body: bytes, *, secrets: Iterable[str] = ()) -> dict[str, Any]:
    """`{"headers", "body"}` of a request or an answer, redacted: the body as JSON where it is JSON and not long, else
    the beginning of its text; null when there is none.
    """
    known = list(secrets)
    return {"headers": redact(dict(headers), secrets=known), "body": _body(body, known)}


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether what has this name is a secret."""
    return SECRET_NAMES.search(re.sub(r"[-_. ]", "", name.lower())) is not None


def _body(body: bytes, secrets: list[str]) -> Any:
    if not body:
        return None
    try:
        value = redact(json.loads(body, parse_int=_storable), secrets=secrets)
    except (ValueError, RecursionError):
        # More than is kept, so that a secret across the end is whole when it is looked for.
        text = body[: MAX_BODY_TEXT * 4].decode("utf-8", errors="replace")
        return str(redact(text, secrets=secrets))
    written = json.dumps(value, ensure_ascii=False)
    return value if len(written) <= MAX_BODY_TEXT else f"{written[:MAX_BODY_TEXT]}…"


def _storable(digits: str) -> int | float:
    """An integer that fits into 64 bits, else the nearest double."""
    return int(digits) if len(digits) <= 18 else float(digits)


def _without_pairs(text: str) -> str:
    parts, end = [], 0
    for pair in NAME.finditer(text):
        if pair.start() >= end and is_secret_name(pair[1]) and (value := VALUE.match(text, pair.end())) is not None:
            parts += [text[end : pair.end()], HIDDEN]
            end = value.end()
    return "".join([*parts, text[end:]])


def _redacted(value: Any, secrets: list[str], depth: int) -> Any:
    if isinstance(value, str):
        return _text(value, secrets)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {
            _text(str(name), secrets): HIDDEN if is_secret_name(str(name)) else _redacted(one, secrets, depth - 1)
            for name, one in list(value.items())[:MAX_ITEMS]
        }
    return [_redacted(one, secrets, depth - 1) for one in value[:MAX_ITEMS]]


def _text(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    # More than is kept: what is hidden makes it shorter.
    text = text[: 2 * MAX_TEXT]
    if "=" in text or ":" in text:
        text = _without_pairs(text)
    # What PostgreSQL does not store: NUL, and halves of characters.
    text = text.replace("\0", "\ufffd").encode("utf-8", errors="replace").decode("utf-8")
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
