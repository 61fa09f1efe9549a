"""YAML 1.2 (core schema), as far as it is JSON: read event by event, so that no input can exhaust stack or memory."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

import yaml

from workflow_design.kernel.limits import MAX_DOCUMENT_BYTES
from workflow_design.kernel.schemas.values import MAX_DEPTH

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = {"", "~", "null", "Null", "NULL"}
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)
MAX_DIGITS = 400
MAX_NODES = 500_000
"""Keys and values; each costs some microseconds."""


class DocumentSyntaxError(ValueError):
    """The text is no document that can be read. `line` and `column` count from 1; None where no place is known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        place = f" (line {line}, column {column})" if line is not None else ""
        super().__init__(message + place)
        self.message = message
        self.line = line
        self.column = column


def parse_yaml(data: bytes) -> Any:
    """The JSON value that a YAML text says.

    YAML 1.2 core: only true and false are booleans, `yes`, `on` and dates are text, octal is 0o17. Refused with
    DocumentSyntaxError: more than 10,485,760 bytes, other encodings than UTF-8, more than one document, tags, anchors
    and aliases, keys that come twice or aren't text, more than 100 levels or 500,000 keys and values, NaN and
    infinities, NUL and half surrogates.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentSyntaxError(f"The document has more than {MAX_DOCUMENT_BYTES:,} bytes.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise DocumentSyntaxError("The document isn't UTF-8.", line, column) from None
    try:
        return _Reader().read(yaml.parse(text, Loader=_LOADER))
    except yaml.reader.ReaderError as error:
        before_text = text[: error.position]
        line = before_text.count("\n") + 1
        raise DocumentSyntaxError(
            f"The character U+{_code(error.character):04X} is not allowed.",
            line,
            error.position - (before_text.rfind("\n") + 1) + 1,
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = ", ".join(part for part in (error.context, error.problem) if part)
        place = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise DocumentSyntaxError(f"This isn't YAML: {words}.", *place) from None


def _code(character: Any) -> int:
    return character if isinstance(character, int) else ord(character[0])


class _Reader:
    """Builds the value from events; `open` holds the lists and objects that aren't closed yet."""

    def __init__(self) -> None:
        self.root: list[Any] = []
        self.open: list[Any] = [self.root]
        self.keys: list[str | None] = [None]
        self.documents = 0
        self.nodes = 0

    def read(self, events: Any) -> Any:
        for event in events:
            self.take(event)
        return self.root[0] if self.root else None

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.check_node(event)
            self.scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self.check_node(event)
            self.begin({}, event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self.check_node(event)
            self.begin([], event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.open.pop()
            self.keys.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise _refusal("Aliases (*name) aren't allowed: write the value out.", event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.begin_document(event)

    def begin_document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _refusal("There is a second document: one upload holds one.", event)
        if event.version not in (None, (1, 2)):
            raise _refusal("Only YAML 1.2 is read.", event)
        if event.tags:
            raise _refusal("Tags aren't allowed.", event)

    def check_node(self, event: Any) -> None:
        if event.anchor is not None:
            raise _refusal("Anchors (&name) aren't allowed: write the value out where it is needed.", event)
        if event.tag is not None:
            raise _refusal("Tags (!name) aren't allowed.", event)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _refusal(f"The document holds more than {MAX_NODES:,} keys and values.", event)

    def begin(self, container: Any, event: Any) -> None:
        if len(self.open) > MAX_DEPTH:
            raise _refusal(f"The document is nested deeper than {MAX_DEPTH} levels.", event)
        if type(self.open[-1]) is dict and self.keys[-1] is None:
            raise _refusal("A key must be text, not a list or an object.", event)
        self.put(container)
        self.open.append(container)
        self.keys.append(None)

    def scalar(self, event: Any) -> None:
        text = event.value
        if "\0" in text or not (text.isascii() or _encodes(text)):
            raise _refusal("NUL characters and half surrogate pairs can't be stored.", event)
        value = _plain(text, event) if event.implicit[0] else text
        if type(self.open[-1]) is dict and self.keys[-1] is None:
            if type(value) is not str:
                raise _refusal(f"The key {text or 'null'} isn't text: put it in quotes.", event)
            if value in self.open[-1]:
                raise _refusal(f'The key "{value[:100]}" comes twice.', event)
            self.keys[-1] = value
        else:
            self.put(value)

    def put(self, value: Any) -> None:
        parent = self.open[-1]
        if type(parent) is dict:
            parent[self.keys[-1]] = value
            self.keys[-1] = None
        else:
            parent.append(value)


def _plain(text: str, event: Any) -> Any:
    """What an unquoted scalar means in the core schema."""
    if text in _NULLS:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        if len(text) > MAX_DIGITS:
            raise _refusal("The number is too long.", event)
        return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not isfinite(number):
            raise _refusal("The number is too large.", event)
        return number
    if _NOT_FINITE.fullmatch(text):
        raise _refusal("Numbers must be finite.", event)
    return text


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refusal(message: str, event: Any) -> DocumentSyntaxError:
    mark = event.start_mark
    return DocumentSyntaxError(message, mark.line + 1, mark.column + 1)
