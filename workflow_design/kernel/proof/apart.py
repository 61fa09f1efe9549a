"""Conditions that are never true together, as far as their form shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple

MAX_CONDITIONS = 60
"""Of more conditions of one split nothing is claimed: all pairs are compared."""

_OPPOSITE = {"===": "!==", "==": "!="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _Fact(NamedTuple):
    """What the value of an expression is when a condition is true; the fields that don't apply are None.

    `values`: one of these texts or constants, strictly; `low`, `high`: as a number it lies between them (`open`: not
    on that bound); `truthy`: how it counts.
    """

    values: frozenset[tuple[str, Any]] | None = None
    low: tuple[float, bool] | None = None
    high: tuple[float, bool] | None = None
    truthy: bool | None = None


def apart(conditions: Sequence[Any]) -> bool:
    """Whether no two of the conditions can be true of the same data. False where that doesn't meet the eye."""
    if len(conditions) > MAX_CONDITIONS:
        return False
    parts = [_parts(condition) for condition in conditions]
    return all(_exclude(one, other) for place, one in enumerate(parts) for other in parts[:place])


def _parts(condition: Any) -> list[Any]:
    """What must all be true for the condition to be."""
    name, operands = _operation(condition)
    if name == "and" and operands:
        return [part for operand in operands for part in _parts(operand)]
    return [condition]


def _operation(rule: Any) -> tuple[str | None, list[Any]]:
    if not isinstance(rule, dict) or len(rule) != 1:
        return None, []
    ((name, raw),) = rule.items()
    return name, raw if isinstance(raw, list) else [raw]


def _exclude(one: list[Any], other: list[Any]) -> bool:
    known = [(_text(part), *_fact(part)) for part in one]
    for part in other:
        text, (subject, fact) = _text(part), _fact(part)
        for text_before, subject_before, fact_before in known:
            if _denies(text, part, text_before) or _denies(text_before, _rule(text_before), text):
                return True
            if subject is not None and subject == subject_before and _disjoint(fact, fact_before):
                return True
    return False


def _denies(text: str, rule: Any, other: str) -> bool:
    """Whether `other` is the same comparison with the opposite operator, or the rule that this one negates."""
    name, operands = _operation(rule)
    if name in _OPPOSITE and len(operands) == 2:
        return _text({_OPPOSITE[name]: operands}) == other
    return name == "!" and len(operands) == 1 and _text(operands[0]) == other


def _text(rule: Any) -> str:
    return json.dumps(rule, sort_keys=True)


def _rule(text: str) -> Any:
    return json.loads(text)


def _fact(rule: Any) -> tuple[str | None, _Fact]:
    """(the expression that is spoken of, as text; what its value is)."""
    name, operands = _operation(rule)
    if name == "var":
        return _text(rule), _Fact(truthy=True)
    if name in ("!", "!!") and len(operands) == 1:
        return _text(operands[0]), _Fact(truthy=name == "!!")
    if len(operands) != 2:
        return None, _Fact()
    left, right = operands
    if name == "===":
        if _is_constant(left):
            left, right = right, left
        if _is_constant(right) and not _is_constant(left):
            return _text(left), _equal(right)
    elif name == "in" and isinstance(right, list) and all(isinstance(item, str) for item in right):
        if not _is_constant(left):
            return _text(left), _Fact(values=frozenset(("str", item) for item in right))
    elif name in _MIRRORED:
        if _is_number(left):
            left, right, name = right, left, _MIRRORED[name]
        if _is_number(right) and not _is_constant(left):
            bound = (float(right), name in ("<", ">"))
            return _text(left), _Fact(high=bound) if name in ("<", "<=") else _Fact(low=bound)
    return None, _Fact()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2**53


def _is_constant(value: Any) -> bool:
    return value is None or isinstance(value, (str, bool)) or _is_number(value)


def _equal(value: Any) -> _Fact:
    if _is_number(value):
        bound = (float(value), False)
        return _Fact(frozenset({("number", float(value))}), bound, bound)
    return _Fact(frozenset({(type(value).__name__, value)}), truthy=value if isinstance(value, bool) else None)


def _disjoint(one: _Fact, other: _Fact) -> bool:
    if one.values is not None and other.values is not None and not one.values & other.values:
        return True
    if one.truthy is not None and other.truthy is not None and one.truthy != other.truthy:
        return True
    return _above(one, other) or _above(other, one)


def _above(one: _Fact, other: _Fact) -> bool:
    """Whether all numbers of `one` are greater than all of `other`."""
    low, low_open = one.low or (-inf, False)
    high, high_open = other.high or (inf, False)
    return low > high or (low == high and (low_open or high_open))
