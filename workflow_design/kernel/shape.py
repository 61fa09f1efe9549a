"""How an object of a document is read: every key with its reader and default, in one fixed order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from workflow_design.kernel.limits import MAX_URL
from workflow_design.kernel.problems import Problem, pointer

Entity = dict[str, Any]
"""One object in normal form: every key present, in the fixed order."""
Reader = Callable[[Any, str, list[Problem]], Any]
"""(raw value, its path, where to report) → the value in normal form; what is wrong reads as the default."""

SUGGESTIONS = 100
"""Among more findings than this, none suggests what may have been meant: looking for it takes time."""


def report(problems: list[Problem], code: str, message: str, path: str) -> None:
    """Adds one error."""
    problems.append(Problem("error", code, message, path))


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of one kind of object. `what` names it in messages."""

    what: str
    readers: dict[str, Reader]
    defaults: dict[str, Any]
    required: tuple[str, ...] = ()
    mutable: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "mutable", tuple(key for key, value in self.defaults.items() if isinstance(value, list | dict))
        )

    def fresh(self) -> Entity:
        """The object with every default."""
        normal = self.defaults.copy()
        for key in self.mutable:
            normal[key] = normal[key].copy()
        return normal

    def read(self, raw: Any, path: str, problems: list[Problem]) -> Entity:
        """`raw` in normal form; everything wrong with its shape is added to `problems`."""
        normal = self.fresh()
        if type(raw) is not dict:
            report(problems, "wrong_type", f"must be an object that describes a {self.what}", path)
            return normal
        readers = self.readers
        for key, value in raw.items():
            reader = readers.get(key)
            if reader is not None:
                normal[key] = reader(value, f"{path}/{key}", problems)
            else:
                known = list(readers) if len(problems) < SUGGESTIONS else []
                problems.append(unknown_key(key, path, known, self.what))
        for key in self.required:
            if key not in raw:
                report(problems, "required", "is required", f"{path}/{key}")
        return normal


def unknown_key(key: Any, path: str, known: list[str], what: str) -> Problem:
    """The warning about a key that means nothing, with the nearest one that does."""
    name = key if isinstance(key, str) else str(key)
    near = get_close_matches(name[:100], known, n=1, cutoff=0.6)
    advice = f'; did you mean "{near[0]}"?' if near else ""
    return Problem(
        "warning",
        "unknown_key",
        f'"{name[:100]}" isn\'t a key of a {what} and is ignored{advice}',
        path + pointer(name),
    )


def text(limit: int) -> Reader:
    """Text of at most `limit` characters; null is ""."""

    def read(value: Any, path: str, problems: list[Problem]) -> str:
        if type(value) is str:
            if len(value) <= limit:
                return value
            report(problems, "too_long", f"must have at most {limit:,} characters, has {len(value):,}", path)
        elif value is not None:
            report(problems, "wrong_type", "must be text", path)
        return ""

    return read


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def line(limit: int) -> Reader:
    """One line of text that isn't blank."""
    read_text = text(limit)

    def read(value: Any, path: str, problems: list[Problem]) -> str:
        if value is None:
            report(problems, "required", "is required", path)
            return ""
        answer: str = read_text(value, path, problems)
        if type(value) is str and not value.strip():
            report(problems, "blank", "must not be blank", path)
        elif _CONTROL.search(answer):
            report(problems, "bad_text", "must be one line without control characters", path)
        return answer

    return read


def optional_line(limit: int) -> Reader:
    """One line of text, or null."""
    read_line = line(limit)

    def read(value: Any, path: str, problems: list[Problem]) -> str | None:
        return None if value is None else read_line(value, path, problems)

    return read


def matching(rule: re.Pattern[str], message: str) -> Reader:
    """Text that `rule` matches as a whole."""

    def read(value: Any, path: str, problems: list[Problem]) -> str:
        if type(value) is str and rule.fullmatch(value):
            return value
        if value is None:
            report(problems, "required", "is required", path)
        elif type(value) is not str:
            report(problems, "wrong_type", f"must be text that {message.removeprefix('must ')}", path)
        else:
            report(problems, "bad_key", message, path)
        return value if type(value) is str else ""

    return read


def one_of(options: tuple[str, ...], default: str) -> Reader:
    """One of `options`."""
    known = dict.fromkeys(options)

    def read(value: Any, path: str, problems: list[Problem]) -> str:
        if type(value) is str and value in known:
            return value
        message = f"must be one of: {', '.join(options)}"
        near = get_close_matches(value[:100], options, n=1) if type(value) is str else []
        report(problems, "not_an_option", message + (f'; did you mean "{near[0]}"?' if near else ""), path)
        return default

    return read


def flag(value: Any, path: str, problems: list[Problem]) -> bool:
    """true or false."""
    if type(value) is bool:
        return value
    report(problems, "wrong_type", "must be true or false", path)
    return False


def integer(least: int, most: int, *, default: int | None) -> Reader:
    """An integer from `least` to `most` (1.0 is 1); null where the default is null."""

    def read(value: Any, path: str, problems: list[Problem]) -> int | None:
        if type(value) is int or (type(value) is float and value.is_integer()):
            if least <= value <= most:
                return int(value)
            report(problems, "out_of_range", f"must be from {least:,} to {most:,}", path)
        elif value is not None or default is not None:
            report(problems, "wrong_type", "must be a whole number", path)
        return default

    return read


def number(least: float, most: float, default: float) -> Reader:
    """A number from `least` to `most`, integral ones as integers."""

    def read(value: Any, path: str, problems: list[Problem]) -> float:
        if type(value) is int or type(value) is float:
            if least <= value <= most:
                return int(value) if value == int(value) else value
            report(problems, "out_of_range", f"must be from {least:,} to {most:,}", path)
        else:
            report(problems, "wrong_type", "must be a number", path)
        return default

    return read


def list_of(read_item: Reader, limit: int, *, null_is_empty: bool = True, unique: str = "") -> Reader:
    """A list of at most `limit` items; with `unique`, the word for what may not come twice."""

    def read(value: Any, path: str, problems: list[Problem]) -> list[Any]:
        if type(value) is not list:
            if value is not None or not null_is_empty:
                report(problems, "wrong_type", "must be a list", path)
            return []
        if len(value) > limit:
            report(problems, "too_many", f"must have at most {limit:,} items, has {len(value):,}", path)
            return []
        items = [read_item(item, f"{path}/{index}", problems) for index, item in enumerate(value)]
        if unique:
            seen: set[Any] = set()
            for index, item in enumerate(items):
                if item in seen:
                    report(problems, "duplicate", f"{unique} {item!r} is listed twice", f"{path}/{index}")
                seen.add(item)
        return items

    return read


def http_url(value: Any, path: str, problems: list[Problem]) -> str:
    """An absolute http or https URL without user information, or "" ."""
    answer: str = text(MAX_URL)(value, path, problems)
    if answer and (message := url_problem(answer)):
        report(problems, "bad_url", message, path)
    return answer


def url_problem(value: str) -> str | None:
    """Why `value` isn't an absolute http(s) URL that may be called, or None."""
    if not value.isprintable() or " " in value or "\\" in value:
        return "must be a URL without spaces, backslashes and control characters"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "isn't a valid URL"
    if parts.scheme not in ("http", "https") or not host:
        return "must be an absolute URL that starts with http:// or https://"
    if "@" in parts.netloc:
        return "must not hold a user name or password; name an integration instead"
    return None
