"""Schemas that become part of another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Below these, names stand for schemas; below those, there is data and no schema.
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_DATA = frozenset({"const", "enum", "default", "examples"})


def moved(schema: Any, place: str) -> Any:
    """`schema` as it has to be to lie at `place` (`#/properties/amount`) of another: its references lead there too."""
    if isinstance(schema, list):
        return [moved(part, place) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for key, value in schema.items():
        if key in ("$ref", "$dynamicRef") and isinstance(value, str) and (value == "#" or value.startswith("#/")):
            value = place + value[1:]
        elif key in _NAMED and isinstance(value, dict):
            value = {name: moved(part, place) for name, part in value.items()}
        elif key not in _DATA:
            value = moved(value, place)
        found[key] = value
    return found


def references(schema: Any) -> Iterator[str]:
    """Where a schema and all its parts refer to."""
    todo = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        if not isinstance(part, dict):
            continue
        for key, value in part.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            elif key in _NAMED and isinstance(value, dict):
                todo += value.values()
            elif key not in _DATA:
                todo.append(value)
