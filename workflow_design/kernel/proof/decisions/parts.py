"""The values that a schema admits, as a few parts; always all of them, sometimes more.

What is read: type, enum, const, bounds of numbers, the formats date and date-time, lists of few values, alternatives.
Other keywords only make the set smaller, so that leaving them out errs on the safe side; a counterexample is checked
against the whole schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from workflow_design.kernel.proof.decisions.grid import LARGEST, first_above, first_from, number_at
from workflow_design.kernel.schemas import canonical_text, check_schema, compile_schema
from workflow_design.kernel.schemas.moving import references

MAX_BRANCHES = 16
MAX_HOPS = 5


class _Absent:
    """A field that isn't there."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class One:
    """This value alone."""

    value: Any


@dataclass(frozen=True, slots=True)
class Numbers:
    """The doubles, or the whole ones of them, from `low` to `high`."""

    low: float
    high: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts of at most `longest` characters; None: nothing says so. `form`: `date`, `date-time` or none."""

    longest: int | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of at most `longest` of these items; None: nothing says how many."""

    items: tuple[Any, ...]
    longest: int | None


@dataclass(frozen=True, slots=True)
class Others:
    """Lists and objects of which nothing is known."""


Part = One | Numbers | Texts | Lists | Others
_TYPES = ("null", "boolean", "number", "string", "array", "object")


def parts_of(schema: Any, root: Any = None) -> list[Part]:
    """The parts of a schema that can be stored, `root` if it is only a part of that; none where nothing fits it."""
    return list(_read(schema, schema if root is None else root, [MAX_BRANCHES]))


def everything() -> list[Part]:
    """Every value that there is."""
    return list(_read(True, True, [1]))


def _read(schema: Any, root: Any, branches: list[int]) -> Iterator[Part]:
    for _ in range(MAX_HOPS):
        target = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(target, str):
            break
        schema = _definition(root, target)
    if schema is False:
        return
    part = schema if isinstance(schema, dict) and "$ref" not in schema else {}
    listed = [part["const"]] if "const" in part else part.get("enum")
    if isinstance(listed, list):
        yield from _listed(part, listed, root)
        return
    alternatives = part.get("anyOf", part.get("oneOf"))
    if "type" not in part and isinstance(alternatives, list):
        branches[0] -= len(alternatives)
        if branches[0] >= 0:
            for alternative in alternatives:
                yield from _read(alternative, root, branches)
            return
    named = part.get("type", _TYPES)
    names = [named] if isinstance(named, str) else list(named)
    others = False
    for name in dict.fromkeys(names):
        if name == "null":
            yield One(None)
        elif name == "boolean":
            yield One(True)
            yield One(False)
        elif name == "string":
            longest, form = part.get("maxLength"), part.get("format")
            yield Texts(
                int(longest) if isinstance(longest, int | float) else None,
                form if form in ("date", "date-time") else None,
            )
        elif name == "array" and (lists := _lists(part, root, branches)):
            yield lists
        elif name in ("array", "object"):
            others = True
        elif name == "number" or (name == "integer" and "number" not in names):
            yield from _numbers(part, name == "integer")
    if others:
        yield Others()


def _definition(root: Any, target: str) -> Any:
    steps = target.split("/")
    definitions = root.get("$defs") if isinstance(root, dict) else None
    plain = len(steps) == 3 and steps[:2] == ["#", "$defs"] and not {"~", "%"} & set(steps[2])  # else it is escaped
    return definitions.get(steps[2], True) if plain and isinstance(definitions, dict) else True


def _listed(part: dict[str, Any], listed: list[Any], root: Any) -> Iterator[Part]:
    """The values of an enum that fit the schema; a part of a schema that means something else alone keeps all."""
    alone = part is root or not any(references(part))
    fits = compile_schema(part) if alone and not check_schema(part) else None
    seen: set[str] = set()
    for value in listed:
        text = canonical_text(value)
        if text not in seen and (fits is None or fits.is_valid(value)):
            seen.add(text)
            yield One(value)


def _numbers(part: dict[str, Any], whole: bool) -> Iterator[Part]:
    low, high = first_from(-LARGEST, whole), first_from(LARGEST, whole)
    for key, place in (("minimum", first_from), ("exclusiveMinimum", first_above)):
        if (bound := _bound(part, key)) is not None:
            low = max(low, place(bound, whole))
    for key, beyond in (("maximum", first_above), ("exclusiveMaximum", first_from)):
        if (bound := _bound(part, key)) is not None:
            high = min(high, beyond(bound, whole) - 1)
    if low <= high:
        yield Numbers(number_at(low, whole), number_at(high, whole), whole)


def _bound(part: dict[str, Any], key: str) -> float | None:
    bound = part.get(key)
    return bound if isinstance(bound, int | float) and not isinstance(bound, bool) else None


def _lists(part: dict[str, Any], root: Any, branches: list[int]) -> Lists | None:
    branches[0] -= 1  # items may refer to what they are in
    if "items" not in part or "prefixItems" in part or branches[0] < 0:
        return None
    items = list(_read(part["items"], root, branches))
    values = [item.value for item in items if isinstance(item, One)]
    if len(values) < len(items) or any(isinstance(value, list | dict) for value in values):
        return None
    most = part.get("maxItems")
    longest = int(most) if isinstance(most, int | float) else None
    if part.get("uniqueItems") is True:
        longest = len(values) if longest is None else min(longest, len(values))
    return Lists(tuple(values), longest)
