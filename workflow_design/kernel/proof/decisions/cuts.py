"""Where the truth of a leaf can change along the values of the one field that it reads.

For each kind of values the answer is a list of cuts, or None: of such values nothing is claimed. Whatever lies between
two cuts next to each other is treated alike by the leaf, for the reasons given at each case.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from workflow_design.kernel.language import Condition, EvaluationError
from workflow_design.kernel.language.compiler import is_literal
from workflow_design.kernel.language.limits import SAFE_INTEGER
from workflow_design.kernel.language.values import number
from workflow_design.kernel.proof.decisions.grid import first_above, first_from, first_where, place_of
from workflow_design.kernel.proof.decisions.parts import Numbers
from workflow_design.kernel.proof.decisions.rules import Leaf, operation, path_of

STRICT = frozenset({"===", "!=="})
EQUALITY = frozenset({"==", "!=", "===", "!=="})
ORDER = frozenset({"<", "<=", ">", ">="})
QUANTIFIERS = frozenset({"some", "all", "none"})

Starts = Callable[[Numbers], list[int]]
"""The places at which something new begins, within some numbers."""


@dataclass(frozen=True)
class Cuts:
    """`whole`, `doubles`: of numbers; `texts`: texts that stand alone; `dates`: texts by which dates are ordered;
    `items`: what a list's item is to the leaf; `others`: whether all other lists and objects are alike to it.
    """

    whole: tuple[Starts, ...] | None = None
    doubles: tuple[Starts, ...] | None = None
    texts: frozenset[str] | None = None
    dates: frozenset[str] | None = None
    items: Callable[[Any], Hashable] | None = None
    others: bool = False


NOTHING: Cuts = Cuts()


def _alike(item: Any) -> Hashable:
    return None


def cuts_of(leaf: Leaf) -> Cuts:
    """The cuts of a leaf that reads one path."""
    name, operands = operation(leaf.rule)
    if name == "var" and path_of(leaf.rule):
        # 0, the empty text and the empty list are false; whether another list is empty isn't known.
        return Cuts((_at(0),), (_at(0),), frozenset({""}), frozenset(), _alike)
    if name == "missing":
        return Cuts((), (), frozenset({""}), frozenset(), _alike, True)
    if name in EQUALITY or name in ORDER:
        return _compared(name, operands[: 3 if name in ("<", "<=") else 2])
    if name == "in" and len(operands) > 1:
        return _contained(operands[0], operands[1])
    if name in QUANTIFIERS and len(operands) > 1 and path_of(operands[0]):
        body = _item_test(operands[1])
        # What is no list is treated as an empty one.
        return Cuts((), (), frozenset(), frozenset(), body) if body else NOTHING
    return NOTHING


def _compared(name: str, operands: list[Any]) -> Cuts:
    constants = [operand for operand in operands if not isinstance(operand, dict | list)]
    rules = [operand for operand in operands if isinstance(operand, dict | list)]
    if len(rules) != 1 or not constants:
        return NOTHING
    ((rule,), direct) = (rules, path_of(rules[0]) is not None)
    numbers = [number(value) for value in constants if _is_number(value)]
    texts = [value for value in constants if isinstance(value, str)]
    booleans = [value for value in constants if isinstance(value, bool)]
    strict, order = name in STRICT, name in ORDER
    # Numbers: null counts as 0 with < and its like, and equals no number; what else is converted isn't looked at.
    whole = doubles = None
    if strict or not (texts or booleans):
        bounds = numbers + ([0] if order and None in constants else [])
        whole, doubles = _number_starts(rule, bounds)
    if not direct:
        return Cuts(whole, doubles)
    # Texts: order of texts is never decided; a text equals no other value strictly, and null not at all.
    loose_text = frozenset(texts) if not order and (strict or not (numbers or booleans)) else None
    # Dates: no date is a number, so that all comparisons with numbers, true, false and null are false. Between two
    # texts dates keep the order of texts, which in ASCII is Python's.
    dates = _dates(texts)
    items = _alike if strict or (not order and constants == [None]) else None
    return Cuts(whole, doubles, loose_text, dates, items, items is not None)


def _contained(needle: Any, whole: Any) -> Cuts:
    if isinstance(whole, list) and is_literal(whole) and isinstance(needle, dict):
        if any(isinstance(value, list) for value in whole):
            return NOTHING
        numbers, doubles = _number_starts(needle, [number(value) for value in whole if _is_number(value)])
        if not path_of(needle):
            return Cuts(numbers, doubles)
        texts = frozenset(value for value in whole if isinstance(value, str))
        return Cuts(numbers, doubles, texts, _dates(texts), _alike, True)
    if path_of(whole) and not isinstance(needle, dict | list):
        test = _item_test({"===": [{"var": ""}, needle]})
        return Cuts((), (), None, None, test)  # a number contains nothing; a part of a text isn't looked for
    return NOTHING


def _dates(texts: Iterable[str]) -> frozenset[str] | None:
    """None for what cuts through the days before the year 1, which may be written in more than one way."""
    known = frozenset(texts)
    return known if all(text.isascii() and text >= "0001-01-01" for text in known) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def divides(rule: Any) -> bool:
    """Whether a rule has a division in it: nothing else tells −0 from 0, which are one value to schemas."""
    name, operands = operation(rule)
    return name == "/" or any(divides(part) for part in (rule if isinstance(rule, list) else operands))


def _item_test(body: Any) -> Callable[[Any], Hashable] | None:
    if isinstance(body, list) or divides(body):
        return None
    condition = Condition({"!!": [body]})

    def test(item: Any) -> Hashable:
        try:
            return condition.evaluate(item)
        except EvaluationError:
            return item if isinstance(item, str) else repr(item)

    return test


def _number_starts(rule: Any, bounds: list[Any]) -> tuple[tuple[Starts, ...] | None, tuple[Starts, ...] | None]:
    """For whole numbers and doubles: where `rule`, which rises or falls with its field, passes each bound."""
    if path_of(rule):
        starts = tuple(_at(bound) for bound in bounds)
        return starts, starts
    course = _course(rule)
    if course is None:
        return None, None
    path, slope, whole_only = course
    starts = tuple(_passing(rule, path, bound, slope) for bound in bounds)
    return starts, None if whole_only else starts


def _at(bound: float) -> Starts:
    def starts(numbers: Numbers) -> list[int]:
        return [first_from(bound, numbers.whole), first_above(bound, numbers.whole)]

    return starts


def _passing(rule: Any, path: str, bound: float, slope: int) -> Starts:
    """Found by the evaluator itself, rounding included: a double's sum and product never fall when an operand rises."""
    reached = Condition({">=" if slope > 0 else "<=": [rule, bound]})
    passed = Condition({">" if slope > 0 else "<": [rule, bound]})

    def starts(numbers: Numbers) -> list[int]:
        low, high = place_of(numbers.low, numbers.whole), place_of(numbers.high, numbers.whole)
        return [
            first_where(lambda value: test.evaluate(at_path(path, value)), low, high, numbers.whole)  # noqa: B023
            for test in (reached, passed)
        ]

    return starts


def at_path(path: str, value: Any) -> dict[str, Any]:
    """Data that holds one value."""
    for step in reversed(path.split(".")):
        value = {step: value}
    data: dict[str, Any] = value
    return data


def _course(rule: Any) -> tuple[str, int, bool] | None:
    """(the path, 1: it rises with it, −1: it falls, whether that is known of whole numbers only)."""
    if path := path_of(rule):
        return path, 1, False
    name, operands = operation(rule)
    if name not in ("+", "-", "*", "min", "max") or not 1 <= len(operands) <= 10:
        return None
    rules = [operand for operand in operands if isinstance(operand, dict | list)]
    constants = [operand for operand in operands if not isinstance(operand, dict | list)]
    if len(rules) != 1 or not (below := _course(rules[0])):
        return None
    if name in ("min", "max"):
        return below if all(_is_number(value) for value in constants) else None
    if any(type(value) is not int or abs(value) > SAFE_INTEGER for value in constants):
        return None
    path, slope, _ = below
    if name == "*":
        if 0 in constants:
            return None
        slope *= -1 if sum(value < 0 for value in constants) % 2 else 1
    elif name == "-":
        if len(operands) > 2:
            return None
        slope *= -1 if len(operands) == 1 or operands[1] is rules[0] else 1
    return path, slope, True
