"""JSON values as JavaScript sees them: truth, conversions and comparisons (ECMA-262, sections 7.1 and 7.2).

Numbers are ints within ±(2^53 − 1) or doubles; every computed number is a double until it is handed out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf, isfinite, nan
from typing import Any, Final, cast

from workflow_design.kernel.language.budget import Budget, too_large
from workflow_design.kernel.language.errors import EvaluationError
from workflow_design.kernel.language.limits import MAX_RESULT, MAX_RESULT_DEPTH, SAFE_INTEGER
from workflow_design.kernel.language.units import alike, fuse, has_half


class _Undefined:
    """JavaScript's undefined: an operand that is not there."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = _Undefined()

_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" + (
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")


def double(value: int) -> float:
    """The double nearest to `value`, infinite where there is none."""
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def number(value: int | float) -> int | float:
    """`value` as a rule sees it: a whole number that is not exact as a double becomes the nearest double."""
    if type(value) is int and not -SAFE_INTEGER <= value <= SAFE_INTEGER:
        return double(value)
    return value


def truthy(value: Any) -> bool:
    """JSONLogic's truth: JavaScript's, but an empty list is false (an empty object is true)."""
    if value is True or value is False:
        return value
    if isinstance(value, (str, list, int)):
        return bool(value)
    if isinstance(value, float):
        return value != 0 and value == value
    return value is not None and value is not UNDEFINED


def to_number(value: Any, budget: Budget) -> float:
    """JavaScript's ToNumber."""
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return double(value)
    if value is None:
        return 0.0
    if isinstance(value, list):
        value = to_string(value, budget)
    if isinstance(value, str):
        return _text_to_number(value, budget)
    return nan


def _text_to_number(text: str, budget: Budget) -> float:
    budget.read(len(text))
    text = text.strip(_SPACE)
    if not text:
        return 0.0
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _RADIX.fullmatch(text):
        return double(int(text, 0))
    return nan


def parse_float(value: Any, budget: Budget) -> float:
    """JavaScript's parseFloat: the number at the beginning of the text, or not-a-number."""
    kind = type(value)
    if kind is float:
        return cast(float, value) + 0.0  # −0 is written "0", which reads as 0
    if kind is int:
        return double(value)
    text = to_string(value, budget)
    budget.read(len(text))
    found = _DECIMAL.match(text.lstrip(_SPACE))
    return float(found[0]) if found else nan


def to_string(value: Any, budget: Budget) -> str:
    """JavaScript's ToString. Raises EvaluationError where a list is too large or too deep to be written."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, list):
        return join(value, ",", budget)
    return "undefined" if value is UNDEFINED else "[object Object]"


def join(items: list[Any], separator: str, budget: Budget, depth: int = 1) -> str:
    """JavaScript's Array.join: what is null or undefined is written as nothing."""
    if depth > MAX_RESULT_DEPTH:
        raise too_deep()
    budget.spend(len(items))
    pieces: list[str] = []
    length = 0
    for item in items:
        if isinstance(item, list):
            piece = join(item, ",", budget, depth + 1)
        else:
            piece = "" if item is None or item is UNDEFINED else to_string(item, budget)
        length += len(piece) + len(separator)
        if length > MAX_RESULT:
            raise too_large()
        pieces.append(piece)
    budget.read(length)
    return fuse(separator.join(pieces))


def number_text(value: int | float) -> str:
    """A number as JavaScript writes it: 1.0 is "1", 1e21 is "1e+21" (Number::toString, radix 10)."""
    value = number(value)
    if isinstance(value, int):
        return str(value)
    if value != value:
        return "NaN"
    if not isfinite(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value.is_integer() and abs(value) <= SAFE_INTEGER:
        return str(int(value))
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1:+d}"


def strictly_equal(left: Any, right: Any, budget: Budget) -> bool:
    """`===`: the same type and value; lists and objects only when they are one and the same."""
    kind, other = type(left), type(right)
    if kind is str and other is str:
        budget.read(len(left))
        return bool(left == right)
    if (kind is int or kind is float) and (other is int or other is float):
        return number(left) == number(right)
    if isinstance(left, str) and isinstance(right, str):  # a StrEnum is its text
        return str.__eq__(left, right) is True
    return left is right


def loosely_equal(left: Any, right: Any, budget: Budget) -> bool:
    """`==` of JavaScript, conversions included."""
    if left is None or left is UNDEFINED:
        return right is None or right is UNDEFINED
    if right is None or right is UNDEFINED:
        return False
    if type(left) is type(right) or (_is_object(left) and _is_object(right)):
        return strictly_equal(left, right, budget)
    left, right = _primitive(left, budget), _primitive(right, budget)
    if isinstance(left, str) and isinstance(right, str):
        return strictly_equal(left, right, budget)
    return to_number(left, budget) == to_number(right, budget)


def comparable(left: Any, right: Any, budget: Budget) -> tuple[Any, Any]:
    """What `<` and its kin compare: two texts by their UTF-16 units, otherwise two doubles."""
    left, right = _primitive(left, budget), _primitive(right, budget)
    if isinstance(left, str) and isinstance(right, str):
        budget.read(min(len(left), len(right)))
        return alike(left, right, budget)
    return to_number(left, budget), to_number(right, budget)


def _is_object(value: Any) -> bool:
    return isinstance(value, (list, Mapping))


def _primitive(value: Any, budget: Budget) -> Any:
    return to_string(value, budget) if _is_object(value) else value


def export(value: Any, budget: Budget, depth: int = 0) -> Any:
    """A copy of `value` as JSON that the caller may keep: undefined is null, 3.0 is 3.

    Raises EvaluationError `not_finite`, `split_character`, `result_size` or `result_depth`; TypeError for data that
    is not JSON.
    """
    budget.hand_out(10)
    if value is None or value is True or value is False or value is UNDEFINED:
        return None if value is UNDEFINED else value
    if isinstance(value, str):
        budget.hand_out(len(value))
        if has_half(value):
            raise EvaluationError("split_character", "The result holds half a character, which is no text.")
        return value
    if isinstance(value, (int, float)):
        return finite(value)
    if depth >= MAX_RESULT_DEPTH:
        raise too_deep()
    if isinstance(value, list):
        return [export(item, budget, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        raise TypeError(f"{type(value).__name__} is not a JSON value")
    copy = {}
    for key, item in value.items():
        budget.hand_out(len(key))
        copy[key] = export(item, budget, depth + 1)
    return copy


def finite(value: int | float) -> int | float:
    """A number that JSON can hold, whole where it is. Raises EvaluationError `not_finite`."""
    value = number(value)
    if isinstance(value, int):
        return value
    if not isfinite(value):
        raise EvaluationError("not_finite", f"The result is {number_text(value)}, which is no JSON number.")
    return int(value) if value.is_integer() and abs(value) <= SAFE_INTEGER else value


def too_deep() -> EvaluationError:
    """The error of a list that was nested without end."""
    return EvaluationError("result_depth", f"The result is nested more than {MAX_RESULT_DEPTH} levels deep.")
