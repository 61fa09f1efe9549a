"""What is known of a value before any run: its JSON types, and where it is one of few, which.

Always more than what can occur, never less: a finding made from it is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from operator import or_
from re import ASCII, compile
from typing import Any, Literal

from workflow_design.kernel.problems import pointer
from workflow_design.kernel.schemas import canonical_text

BOOLEAN, NUMBER, TEXT, LIST, OBJECT, NULL = (1 << bit for bit in range(6))
ANYTHING = 63
_NAMES = {
    "boolean": BOOLEAN,
    "integer": NUMBER,
    "number": NUMBER,
    "string": TEXT,
    "array": LIST,
    "object": OBJECT,
    "null": NULL,
}
_KINDS = {type(None): NULL, bool: BOOLEAN, int: NUMBER, float: NUMBER, str: TEXT, list: LIST, dict: OBJECT}
_WORDS = {
    BOOLEAN: "true or false",
    NUMBER: "a number",
    TEXT: "text",
    LIST: "a list",
    OBJECT: "an object",
    NULL: "null",
}
_FORMS = {"date": "a date", "date-time": "a date with time"}
_MAX_BRANCHES = 200
_MAX_HOPS = 20

Options = Mapping[Hashable, Any]
Membership = Literal["known", "unlisted", "none"]


@dataclass(frozen=True, slots=True)
class Type:
    """`kinds` are the JSON types it may have (an absent value is null whatever they say); `options` the only values
    it may be; `form` `date` or `date-time`. `members` are all the keys of an object, `schemas` the JSON Schemas (with
    the schema around each) of which it fits one.
    """

    kinds: int = ANYTHING
    options: Options | None = None
    form: str | None = None
    members: Mapping[str, Type] | None = None
    schemas: tuple[tuple[Any, Any], ...] = ()

    @property
    def present(self) -> int:
        """Its kinds, where it is there at all."""
        return self.kinds & ~NULL

    @property
    def words(self) -> str:
        """The type as people read it: "text or a number"."""
        if self.form in _FORMS:
            return _FORMS[self.form]
        return " or ".join(word for kind, word in _WORDS.items() if self.present & kind) or "null"


UNKNOWN = Type()


def kind_of(value: Any) -> int:
    """The kind of a JSON value."""
    return _KINDS[type(value)]


def key_of(value: Any) -> Hashable:
    """Equal for values that are strictly equal, and only for those."""
    if type(value) is str:
        return TEXT, value
    kind = kind_of(value)
    return (kind, canonical_text(value)) if kind in (LIST, OBJECT) else (kind, value)


def literal(value: Any) -> Type:
    """The type of a value that is written out."""
    return Type(kind_of(value), None if isinstance(value, list | dict) else {key_of(value): value})


def either(types: Iterable[Type]) -> Type:
    """What is known of a value that has one of these types; of no types, null."""
    found = list(types)
    if len(found) == 1:
        return found[0]
    if not found:
        return Type(NULL, {})
    options: dict[Hashable, Any] | None = {}
    for one in found:
        if one.options is None:
            options = None
            break
        options.update(one.options)  # type: ignore[union-attr]
    forms = {one.form for one in found}
    members = found[0].members if all(one.members is found[0].members for one in found) else None
    schemas = tuple(pair for one in found for pair in one.schemas) if all(one.schemas for one in found) else ()
    return Type(
        reduce(or_, (one.kinds for one in found)),
        options,
        forms.pop() if len(forms) == 1 else None,
        members,
        schemas,
    )


class Types:
    """The types that schemas say, each worked out once: valid as long as the schemas live."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], Type] = {}

    def of(self, schema: Any, root: Any) -> Type:
        """The type of the values that `schema`, a part of `root`, admits."""
        key = (id(schema), id(root))
        found = self._known.get(key)
        if found is None:
            branches = [_MAX_BRANCHES]
            found = self._known[key] = replace(_read(schema, root, branches), schemas=((schema, root),))
        return found

    def items(self, whole: Type) -> Type:
        """The type of the items of a list."""
        parts = []
        for schema, root in whole.schemas:
            part = _resolved(schema, root)
            if not isinstance(part, dict) or "items" not in part or "prefixItems" in part:
                return UNKNOWN
            parts.append(self.of(part["items"], root))
        return either(parts) if parts else UNKNOWN

    def member(self, whole: Type, name: str) -> tuple[Membership, Type]:
        """The type of an object's member, and whether there is one: `known`; `unlisted`, where its schema lists
        others but doesn't forbid it; `none`.
        """
        if whole.members is not None:
            found = whole.members.get(name)
            return ("none", UNKNOWN) if found is None else ("known", found)
        parts: list[Type] = []
        verdict: Membership = "none"
        for schema, root in whole.schemas:
            part = _resolved(schema, root)
            listed = part.get("properties") if isinstance(part, dict) else None
            if not isinstance(listed, dict) or not part.keys().isdisjoint(_MORE_MEMBERS):
                return "known", UNKNOWN
            if name in listed:
                parts.append(self.of(listed[name], root))
            elif part.get("additionalProperties", True) is not False:
                verdict = "unlisted"
        if parts:
            return "known", either(parts)
        return (verdict, UNKNOWN) if whole.schemas else ("known", UNKNOWN)

    def listed(self, whole: Type) -> list[str]:
        """The names of the members that are known."""
        if whole.members is not None:
            return list(whole.members)
        parts = [_resolved(schema, root) for schema, root in whole.schemas]
        return [name for part in parts if isinstance(part, dict) for name in part.get("properties", ())]


_MORE_MEMBERS = frozenset(
    {"patternProperties", "allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas", "$dynamicRef"}
)


def _resolved(schema: Any, root: Any) -> Any:
    """What `schema` refers to; True (anything) where that isn't a plain pointer."""
    for _ in range(_MAX_HOPS):
        target = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(target, str):
            return schema
        schema = _at(root, target)
    return True


def _at(root: Any, target: str) -> Any:
    if not target.startswith("#") or (len(target) > 1 and target[1] != "/") or "%" in target:
        return True
    for step in target.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(root, dict) and name in root:
            root = root[name]
        else:
            return True
    return root


def _read(schema: Any, root: Any, branches: list[int]) -> Type:
    branches[0] -= 1
    part = _resolved(schema, root)
    if not isinstance(part, dict) or branches[0] < 0:
        return UNKNOWN
    kinds = ANYTHING
    named = part.get("type")
    names = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    if names:
        kinds = reduce(or_, (_NAMES.get(name, 0) for name in names if isinstance(name, str)), 0)
    options: Options | None = None
    listed = [part["const"]] if "const" in part else part.get("enum")
    if isinstance(listed, list):
        options = {key_of(option): option for option in listed}
        kinds &= reduce(or_, {kind_of(option) for option in listed}, 0)
    for key in ("anyOf", "oneOf"):
        if isinstance(part.get(key), list):
            kinds &= reduce(or_, (_read(one, root, branches).kinds for one in part[key]), 0)
    if isinstance(part.get("allOf"), list):
        for one in part["allOf"]:
            kinds &= _read(one, root, branches).kinds
    form = part.get("format")
    known = kinds & ~NULL == TEXT and isinstance(form, str) and form in _FORMS
    # Nothing fits a schema that contradicts itself; that is another's to say.
    return Type(kinds or ANYTHING, options, form if known else None)


_DATE = compile(r"\d{4}-\d\d-\d\d", ASCII)
_DATE_TIME = compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", ASCII)


def _is(parse: Callable[[str], Any], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def form_of(text: str) -> str | None:
    """`date`, `date-time` or None: what a text that is written out looks like."""
    if _DATE.fullmatch(text) and _is(date.fromisoformat, text):
        return "date"
    if _DATE_TIME.fullmatch(text) and _is(datetime.fromisoformat, text[:19].upper()):
        return "date-time"
    return None


def escaped(path: str, *steps: str | int) -> str:
    """The pointer of what lies below `path`."""
    return path + pointer(*steps)
