"""Operators that work on values alone, named as in JSONLogic. Semantics: json-logic-js 2.0.5.

Each takes exactly as many operands as its signature says (a missing one is UNDEFINED, a surplus one is ignored) or,
in VARIADIC, the list of them, and the budget of the evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, fmod, inf, isinf, isnan, nan
from typing import Any, Final

from workflow_design.kernel.language.budget import Budget
from workflow_design.kernel.language.units import alike, fuse, split
from workflow_design.kernel.language.values import (
    UNDEFINED,
    comparable,
    join,
    loosely_equal,
    parse_float,
    strictly_equal,
    to_number,
    to_string,
)


def subtract(left: Any, right: Any, budget: Budget) -> float:
    if right is UNDEFINED:
        return -to_number(left, budget)
    return to_number(left, budget) - to_number(right, budget)


def divide(left: Any, right: Any, budget: Budget) -> float:
    dividend, divisor = to_number(left, budget), to_number(right, budget)
    if divisor:
        return dividend / divisor
    if not dividend or isnan(dividend):
        return nan
    return copysign(inf, dividend) * copysign(1.0, divisor)


def remainder(left: Any, right: Any, budget: Budget) -> float:
    dividend, divisor = to_number(left, budget), to_number(right, budget)
    if isinf(dividend) or not divisor:
        return nan
    return fmod(dividend, divisor)


def add(operands: list[Any], budget: Budget) -> float:
    total = 0.0
    for operand in operands:
        total += parse_float(operand, budget)
    return total


def multiply(operands: list[Any], budget: Budget) -> Any:
    """One operand is given back as it is; of none json-logic-js throws, here it is undefined."""
    if not operands:
        return UNDEFINED
    product = operands[0]
    for operand in operands[1:]:
        product = parse_float(product, budget) * parse_float(operand, budget)
    return product


def smallest(operands: list[Any], budget: Budget) -> float:
    return _extreme(operands, budget, inf, -1.0)


def largest(operands: list[Any], budget: Budget) -> float:
    return _extreme(operands, budget, -inf, 1.0)


def _extreme(operands: list[Any], budget: Budget, start: float, direction: float) -> float:
    best = start
    for operand in operands:
        value = to_number(operand, budget)
        if isnan(value):
            return nan
        if (value - best) * direction > 0 or (
            value == best == 0 and copysign(1.0, value) == direction  # −0 is smaller than 0
        ):
            best = value
    return best


def contains(needle: Any, haystack: Any, budget: Budget) -> bool:
    """Nothing is in an empty text, not even an empty one: so says json-logic-js."""
    if isinstance(haystack, str):
        budget.read(len(haystack))
        part, whole = alike(to_string(needle, budget), haystack, budget)
        return part in whole if whole else False
    if isinstance(haystack, list):
        budget.spend(len(haystack) >> 2)
        return any(strictly_equal(needle, item, budget) for item in haystack)
    return False


def concatenate(operands: list[Any], budget: Budget) -> str:
    return join(operands, "", budget)


def substring(source: Any, start: Any, length: Any, budget: Budget) -> str:
    """Positions count UTF-16 units, as in JavaScript; a negative length counts from the end."""
    text = split(to_string(source, budget), budget)
    begin = _position(to_number(start, budget) if start is not UNDEFINED else 0.0)
    if begin < 0:
        begin = max(len(text) + begin, 0)
    rest = text[begin:]
    if length is UNDEFINED:
        return fuse(rest)
    left, right = comparable(length, 0, budget)
    if left < right:
        # JavaScript adds the length to a number, but writes it before a text ("5" + "-2"), which is no number
        left = len(rest) + length if isinstance(length, (int, float)) else 0.0
    return fuse(rest[: max(_position(left), 0)])


def _position(value: float) -> int:
    """JavaScript's ToIntegerOrInfinity, kept within what a string can be long."""
    if isnan(value):
        return 0
    return int(min(max(value, -1e9), 1e9))


def merge(operands: list[Any], budget: Budget) -> list[Any]:
    merged: list[Any] = []
    for operand in operands:
        if isinstance(operand, list):
            budget.spend(len(operand))
            merged += operand
        else:
            merged.append(operand)
    return merged


def starts_with(text: Any, prefix: Any, budget: Budget) -> bool:
    return isinstance(text, str) and str.startswith(*_ends(text, prefix, budget))


def ends_with(text: Any, suffix: Any, budget: Budget) -> bool:
    return isinstance(text, str) and str.endswith(*_ends(text, suffix, budget))


def _ends(text: str, affix: Any, budget: Budget) -> tuple[str, str]:
    part = to_string(affix, budget)
    budget.read(len(part))
    return alike(text, part, budget)


def unequal(left: Any, right: Any, budget: Budget) -> bool:
    return not loosely_equal(left, right, budget)


def strictly_unequal(left: Any, right: Any, budget: Budget) -> bool:
    return not strictly_equal(left, right, budget)


BINARY: Final[dict[str, Callable[[Any, Any, Budget], Any]]] = {
    "==": loosely_equal,
    "===": strictly_equal,
    "!=": unequal,
    "!==": strictly_unequal,
    "-": subtract,
    "/": divide,
    "%": remainder,
    "in": contains,
    "startsWith": starts_with,
    "endsWith": ends_with,
}
VARIADIC: Final[dict[str, Callable[[list[Any], Budget], Any]]] = {
    "+": add,
    "*": multiply,
    "min": smallest,
    "max": largest,
    "cat": concatenate,
    "merge": merge,
}
