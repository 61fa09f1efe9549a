"""Reading data by a dotted path: `var`, `missing` and `missing_some`."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

from workflow_design.kernel.language.budget import Budget
from workflow_design.kernel.language.units import split, wide_characters
from workflow_design.kernel.language.values import UNDEFINED, number, to_number, to_string


def steps_of(path: Any, budget: Budget) -> tuple[str, ...]:
    """The keys that `path` names one after the other; none means the whole data."""
    if path is None or path is UNDEFINED or path == "":
        return ()
    text = to_string(path, budget)
    budget.read(len(text))
    return tuple(text.split("."))


def dotted_path(path: Any) -> str:
    """The same as one text; empty for the whole data."""
    return path if type(path) is str else ".".join(steps_of(path, Budget()))


def look_up(data: Any, steps: tuple[str, ...], budget: Budget) -> Any:
    """The value at `steps`, UNDEFINED where there is none (a null on the way is none, at the end it is a value)."""
    for name in steps:
        data = data.get(name, UNDEFINED) if type(data) is dict else _step(data, name, budget)
        if data is UNDEFINED:
            return UNDEFINED
    return number(data) if type(data) is int else data


def _step(data: Any, name: str, budget: Budget) -> Any:
    if isinstance(data, Mapping):
        return data.get(name, UNDEFINED)
    if not isinstance(data, (list, str)):
        return UNDEFINED
    if name == "length":
        budget.read(len(data))
        return len(data) + (wide_characters(data) if isinstance(data, str) else 0)
    if not (name.isascii() and name.isdigit() and len(name) < 16 and (name == "0" or name[0] != "0")):
        return UNDEFINED
    index = int(name)
    if isinstance(data, str):
        data = split(data, budget)
    return data[index] if index < len(data) else UNDEFINED


def missing(operands: list[Any], data: Any, budget: Budget) -> list[Any]:
    """Those of the paths that lead to nothing, to null or to an empty text."""
    paths = operands[0] if operands and isinstance(operands[0], list) else operands
    budget.spend(len(paths) << 2)
    return [path for path in paths if _is_missing(path, data, budget)]


def _is_missing(path: Any, data: Any, budget: Budget) -> bool:
    value = UNDEFINED
    if isinstance(path, list):  # a list of data is a path with its default
        value = path[1] if len(path) > 1 else UNDEFINED
        path = path[0] if path else UNDEFINED
    found = look_up(data, steps_of(path, budget), budget)
    if found is UNDEFINED:
        found = value
    return found is None or found is UNDEFINED or found == ""


def missing_some(operands: list[Any], data: Any, budget: Budget) -> list[Any]:
    """Nothing when at least the first operand's number of the paths in the second are there, else the missing ones."""
    needed = operands[0] if operands else UNDEFINED
    paths = operands[1] if len(operands) > 1 else UNDEFINED
    if paths is UNDEFINED or paths is None:
        return []
    absent = missing(paths if isinstance(paths, list) else [paths], data, budget)
    present = len(paths) - len(absent) if isinstance(paths, (list, str)) else nan
    return [] if present >= to_number(needed, budget) else absent
