"""Reading JSON from outside: everything that later steps could stumble over is refused here, with its reason."""

from __future__ import annotations

import json
import math
from itertools import accumulate
from typing import Any

MAX_DEPTH = 100
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = [{ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}.get(byte, 0) for byte in range(256)]


class BadJSON(ValueError):
    """The bytes are not JSON that we take; `code` says which rule they break."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _check_depth(raw: bytes) -> None:
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    # Without escaped quotes (and backslashes, of which they might be made) every other quote ends a string. Up to the
    # first mistake the parser sees the same strings; further it does not go.
    plain = raw.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in raw else raw
    brackets = b"".join(plain.split(b'"')[::2]).translate(None, _NO_BRACKETS)
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MAX_DEPTH:
        raise BadJSON("too_deep", f"JSON may be nested {MAX_DEPTH} levels deep, not more.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        double = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadJSON("duplicate_key", f'The key "{double[:100]}" stands twice in one object.')
    return found


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadJSON("number", f"The number {text[:40]} is too large.")
    return number


def _int(text: str) -> int | float:
    if len(text) > 15:
        if len(text) > 400:
            raise BadJSON("number", f"The number {text[:40]}… is too large.")
        number = int(text)
        # Beyond 2^53 − 1 an integer is no longer the same number in every reader: it is taken as the double it is to
        # most, and refused when it is past the largest double.
        if abs(number) > 2**53 - 1:
            return _float(text)
        return number
    return int(text)


def _constant(text: str) -> Any:
    raise BadJSON("number", f"{text} is not JSON.")


def check_text(value: Any) -> None:
    """Refuse NUL and lone surrogates in any string of `value` (bounded depth: it has been parsed)."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if "\0" in item:
                raise BadJSON("nul", "Text may not hold the character NUL.")
            try:
                item.encode()
            except UnicodeEncodeError:
                raise BadJSON("surrogate", "Text may not hold half of a surrogate pair.") from None
        elif isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_constant)


def loads(raw: bytes) -> Any:
    """The value of a JSON text in UTF-8; raises BadJSON.

    Refused beside broken JSON: more than 100 levels, a key twice in one object, NaN and numbers past a double,
    NUL and lone surrogates in text.
    """
    _check_depth(raw)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadJSON("encoding", "The body is not UTF-8.") from None
    try:
        value = _decoder.decode(text)
    except BadJSON:
        raise
    except json.JSONDecodeError as error:
        raise BadJSON("parse_error", f"Not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None
    if b"\\u" in raw:
        check_text(value)
    return value
