"""Which JSON values are taken at all: depth, size, numbers, text. Nothing here recurses, whatever the input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any, NamedTuple

from workflow_design.kernel.problems import Problem, pointer

MAX_DEPTH = 100
MAX_VALUES = 500_000
MAX_INTEGER = 2**53 - 1
"""Beyond ±MAX_INTEGER a JavaScript client, and any double, can't tell neighbouring integers apart."""
MAX_REPORTED = 20


class Measure(NamedTuple):
    """Values, itself included; characters of texts and keys; whether a double in it is integral."""

    values: int
    characters: int
    integral: bool


def check_json(
    value: Any, path: str = "", *, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES
) -> list[Problem]:
    """What makes `value` unfit as JSON of this product, at most 20 findings; [] when it is fit.

    Refused: more than `max_depth` levels of lists and objects or `max_values` values, numbers that are neither
    integers within ±(2^53−1) nor finite doubles, NUL and lone surrogates in text, keys that aren't text, and
    anything that isn't JSON.
    """
    if measure_json(value, max_depth=max_depth, max_values=max_values) is not None:
        return []
    if _too_many(value, max_depth, max_values):
        # Said before each of them is given its place, which takes seconds.
        return [Problem("error", "json_size", f"holds more than {max_values:,} values", path)]
    problems: list[Problem] = []
    for finding in _findings(value, path, max_depth):
        problems.append(finding)
        if len(problems) == MAX_REPORTED:
            break
    return problems


def clean_json(value: Any, path: str = "") -> tuple[Any, list[Problem]]:
    """`value` with every integral double within ±(2^53−1) as an integer (1.0 is 1), and what `check_json` says.

    Parts that don't change are shared with `value`, which is never written to.
    """
    measured = measure_json(value)
    if measured is None:
        return value, check_json(value, path)
    return (_with_integers(value) if measured.integral else value), []


def canonical_text(value: Any) -> str:
    """One text per normal value, the order of keys included: equal texts, equal values."""
    return _encode(value)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def measure_json(value: Any, *, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES) -> Measure | None:
    """How much `value` holds; None when `check_json` has something against it.

    Level by level: the depth is the number of rounds.
    """
    level: list[Any] = [[value]]
    texts: list[str] = []
    depth = -1
    count = 0
    integral = False
    while level:
        depth += 1
        if depth > max_depth:
            return None
        below: list[Any] = []
        for container in level:
            items: Any = container
            if type(container) is dict:
                texts.extend(container)
                items = container.values()
            count += len(items)
            if count > max_values:
                return None
            for item in items:
                kind = type(item)
                if kind is str:
                    texts.append(item)
                elif kind is dict or kind is list:
                    below.append(item)
                elif kind is int:
                    if not -MAX_INTEGER <= item <= MAX_INTEGER:
                        return None
                elif kind is float:
                    if not isfinite(item):
                        return None
                    integral = integral or item.is_integer()
                elif item is not None and kind is not bool:
                    return None
        level = below
    try:
        text = "".join(texts)
    except TypeError:  # a key that isn't text
        return None
    return Measure(count, len(text), integral) if _clean_text(text) else None


def _with_integers(value: Any) -> Any:
    answer: Any = [None]
    todo: list[tuple[Any, Any, Any]] = [(value, answer, 0)]
    while todo:
        part, parent, key = todo.pop()
        if type(part) is dict:
            parent[key] = copy = dict.fromkeys(part)
            todo.extend((child, copy, name) for name, child in part.items())
        elif type(part) is list:
            parent[key] = items = [None] * len(part)
            todo.extend((child, items, index) for index, child in enumerate(part))
        elif type(part) is float and part.is_integer() and abs(part) <= MAX_INTEGER:
            parent[key] = int(part)
        else:
            parent[key] = part
    return answer[0]


def _clean_text(text: str) -> bool:
    if "\0" in text:
        return False
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
    return True


def _too_many(value: Any, max_depth: int, max_values: int) -> bool:
    """Whether there are more than `max_values` values down to the level that is looked at."""
    count, level = 1, [value]
    for _ in range(max_depth):
        containers = [part for part in level if type(part) is dict or type(part) is list]
        count += sum(map(len, containers))
        if count > max_values or not containers:
            break
        level = [item for part in containers for item in (part.values() if type(part) is dict else part)]
    return count > max_values


def _findings(value: Any, path: str, max_depth: int) -> Iterator[Problem]:
    """The findings in document order, each where it lies."""
    todo: list[tuple[Any, str, int]] = [(value, path, 1)]
    while todo:
        part, where, depth = todo.pop()
        kind = type(part)
        if kind is dict or kind is list:
            if depth > max_depth:
                yield Problem("error", "json_depth", f"is nested deeper than {max_depth} levels", where)
                continue
            pairs = list(part.items() if kind is dict else enumerate(part))
            for key, _ in pairs:
                if kind is dict and type(key) is not str:
                    yield Problem("error", "json_type", "has a key that isn't text", where)
                elif kind is dict and not _clean_text(key):
                    yield Problem("error", "json_text", "has a key with characters that can't be stored", where)
            todo.extend((child, where + _step(key), depth + 1) for key, child in reversed(pairs))
        elif kind is str:
            if not _clean_text(part):
                yield Problem("error", "json_text", "has a NUL character or half a surrogate pair in it", where)
        elif kind is int or kind is float:
            if kind is float and not isfinite(part):
                yield Problem("error", "json_number", "must be a finite number", where)
            elif kind is int and abs(part) > MAX_INTEGER:
                yield Problem("error", "json_number", "must be between −9007199254740991 and 9007199254740991", where)
        elif part is not None and kind is not bool:
            yield Problem("error", "json_type", "isn't a JSON value", where)


def _step(key: Any) -> str:
    return pointer(key.encode("utf-8", "replace").decode() if isinstance(key, str) else str(key))
