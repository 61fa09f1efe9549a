"""What the validator found, in a person's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.schemas.values import canonical_text

MAX_SHOWN = 100
_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_FORMATS = {
    "date": "a date like 2026-11-20",
    "date-time": "a date and time like 2026-11-20T09:30:00Z",
    "time": "a time like 09:30:00Z",
    "duration": "a duration like P3DT4H",
    "email": "an e-mail address",
    "idn-email": "an e-mail address",
    "uri": "an absolute URL",
    "iri": "an absolute URL",
    "uri-reference": "a URL or a part of one",
    "iri-reference": "a URL or a part of one",
    "uuid": "a UUID",
    "hostname": "a host name",
    "idn-hostname": "a host name",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "regex": "a pattern",
    "json-pointer": "a JSON pointer",
}


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One thing wrong with a value: where (RFC 6901), which keyword, in words that follow the field's name."""

    path: str
    code: str
    message: str


def explain(errors: Iterable[Any], path: str, most: int) -> list[SchemaError]:
    """The validator's errors as ours, at most `most`, each place and message once, in the order of the schema."""
    found: dict[SchemaError, None] = {}
    for error in errors:
        for item in _one(error, path):
            found[item] = None
        if len(found) >= most:
            break
    return list(found)[:most]


def _one(error: Any, path: str) -> list[SchemaError]:
    where = path + pointer(*error.instance_path)
    kind = error.kind
    name = type(kind).__name__
    if name == "Required":
        return [SchemaError(where + pointer(kind.property), "required", "is required")]
    if name in ("AdditionalProperties", "UnevaluatedProperties"):
        return [
            SchemaError(where + pointer(key), kind.name, "isn't a known field") for key in kind.unexpected[:MAX_SHOWN]
        ]
    if name == "FalseSchema" and list(error.schema_path)[-1:] == ["additionalProperties"]:
        # Where no property is named at all, the validator stops at the object.
        return [SchemaError(where, "additionalProperties", "must be empty")]
    return [SchemaError(where, kind.name, _words(kind))]


def _words(kind: Any) -> str:
    maker = _WORDS.get(type(kind).__name__)
    return maker(kind) if maker else f"doesn't fit: {kind.name}"


def _count(word: str, how: str) -> Callable[[Any], str]:
    def words(kind: Any) -> str:
        return f"must have {how} {kind.limit:,} {word}{'' if kind.limit == 1 else 's'}"

    return words


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else canonical_text(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _options(kind: Any) -> str:
    shown = ", ".join(_shown(option) for option in kind.options[:20])
    more = ", …" if len(kind.options) > 20 else ""
    return f"must be one of: {shown}{more}"


def _type(kind: Any) -> str:
    names = [_TYPES.get(name, name) for name in sorted(kind.types, key=lambda name: (name == "null", name))]
    return "must be " + " or ".join(names)


def _branches(kind: Any) -> str:
    """What each alternative wants, where each is one simple thing."""
    wants: dict[str, None] = {}
    for branch in kind.context:
        if len(branch) != 1 or branch[0].instance_path != kind.context[0][0].instance_path:
            return "doesn't fit any of its allowed forms"
        wants[_words(branch[0].kind)] = None
    if not wants or len(wants) > 5 or not all(want.startswith("must be ") for want in wants):
        return "doesn't fit any of its allowed forms"
    return "must be " + " or ".join(want.removeprefix("must be ") for want in wants)


_WORDS: dict[str, Callable[[Any], str]] = {
    "Type": _type,
    "Enum": _options,
    "Constant": lambda kind: f"must be {_shown(kind.expected_value)}",
    "Format": lambda kind: f"must be {_FORMATS.get(kind.format, f'in the form {kind.format}')}",
    "Pattern": lambda kind: f"must match the pattern {_shown(kind.pattern)}",
    "MinLength": _count("character", "at least"),
    "MaxLength": _count("character", "at most"),
    "MinItems": _count("item", "at least"),
    "MaxItems": _count("item", "at most"),
    "AdditionalItems": _count("item", "at most"),
    "MinProperties": _count("key", "at least"),
    "MaxProperties": _count("key", "at most"),
    "Minimum": lambda kind: f"must be at least {_shown(kind.limit)}",
    "Maximum": lambda kind: f"must be at most {_shown(kind.limit)}",
    "ExclusiveMinimum": lambda kind: f"must be more than {_shown(kind.limit)}",
    "ExclusiveMaximum": lambda kind: f"must be less than {_shown(kind.limit)}",
    "MultipleOf": lambda kind: f"must be a multiple of {_shown(kind.multiple_of)}",
    "UniqueItems": lambda kind: "must not hold the same item twice",
    "UnevaluatedItems": lambda kind: "has items that aren't allowed",
    "Contains": lambda kind: "must hold an item of the required kind",
    "FalseSchema": lambda kind: "isn't allowed",
    "Not": lambda kind: "has a form that isn't allowed",
    "AnyOf": _branches,
    "OneOfNotValid": _branches,
    "OneOfMultipleValid": lambda kind: "fits more than one of the forms of which it must fit exactly one",
    "PropertyNames": lambda kind: f"has a key that {_words(kind.error.kind)}",
}


_META = jsonschema_rs.Draft202012Validator(
    {"$ref": "https://json-schema.org/draft/2020-12/schema"}, offline=True, mask="the value"
)


def explain_schema(schema: Any) -> list[Problem]:
    """What makes `schema` no JSON Schema of 2020-12, at the keyword that is wrong."""
    found: dict[str, Problem] = {}
    for error in explain(_META.iter_errors(schema), "", MAX_SHOWN):
        found.setdefault(error.path, Problem("error", "schema_invalid", error.message, error.path))
    return list(found.values())
