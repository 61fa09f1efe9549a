"""Rules turned into closures once, so that an evaluation does no looking at the rule. Semantics: json-logic-js 2.0.5.

A closure takes the data and the budget of its evaluation. The rule was checked before: every object in it is one
known operator, and its depth is bounded, so recursion over it is safe.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from workflow_design.kernel.language import paths
from workflow_design.kernel.language.budget import Budget
from workflow_design.kernel.language.limits import SAFE_INTEGER
from workflow_design.kernel.language.operators import BINARY, VARIADIC, contains, substring
from workflow_design.kernel.language.values import UNDEFINED, comparable, number, truthy

Run: TypeAlias = Callable[[Any, Budget], Any]


def compile_rule(rule: Any) -> Run:
    """The closure that evaluates `rule`."""
    if isinstance(rule, dict):
        ((name, operands),) = rule.items()
        return BUILDERS[name](operands if isinstance(operands, list) else [operands])
    if isinstance(rule, list):
        runs = [compile_rule(item) for item in rule]
        return lambda data, budget: [run(data, budget) for run in runs]
    constant = number(rule) if isinstance(rule, int) else rule
    return lambda data, budget: constant


def weight(rule: Any) -> int:
    """What one evaluation of `rule` costs in a loop: its nodes and, for long texts, their length."""
    if isinstance(rule, dict):
        return 1 + sum(weight(item) for item in rule.values())
    if isinstance(rule, list):
        return 1 + sum(weight(item) for item in rule)
    return 1 + (len(rule) >> 4 if isinstance(rule, str) else 0)


def is_literal(rule: Any) -> bool:
    """Whether `rule` is a value without operators."""
    if isinstance(rule, list):
        return all(is_literal(item) for item in rule)
    return not isinstance(rule, dict)


def _operand(operands: Sequence[Any], index: int) -> Run:
    if index < len(operands):
        return compile_rule(operands[index])
    return lambda data, budget: UNDEFINED


def _binary(function: Callable[[Any, Any, Budget], Any]) -> Callable[[list[Any]], Run]:
    def build(operands: list[Any]) -> Run:
        left, right = _operand(operands, 0), _operand(operands, 1)
        return lambda data, budget: function(left(data, budget), right(data, budget), budget)

    return build


def _variadic(function: Callable[[list[Any], Budget], Any]) -> Callable[[list[Any]], Run]:
    def build(operands: list[Any]) -> Run:
        runs = [compile_rule(operand) for operand in operands]
        return lambda data, budget: function([run(data, budget) for run in runs], budget)

    return build


def _with_data(function: Callable[[list[Any], Any, Budget], Any]) -> Callable[[list[Any]], Run]:
    def build(operands: list[Any]) -> Run:
        runs = [compile_rule(operand) for operand in operands]
        return lambda data, budget: function([run(data, budget) for run in runs], data, budget)

    return build


def _comparison(compare: Callable[[Any, Any], bool], *, chained: bool) -> Callable[[list[Any]], Run]:
    def ordered(left: Any, right: Any, budget: Budget) -> bool:
        kind, other = type(left), type(right)
        if (kind is int or kind is float) and (other is int or other is float):
            return compare(left, right)
        return compare(*comparable(left, right, budget))

    def build(operands: list[Any]) -> Run:
        left, middle, right = (_operand(operands, index) for index in range(3))
        if not chained or len(operands) < 3:
            return lambda data, budget: ordered(left(data, budget), middle(data, budget), budget)

        def run(data: Any, budget: Budget) -> bool:
            first, second, third = left(data, budget), middle(data, budget), right(data, budget)
            return ordered(first, second, budget) and (third is UNDEFINED or ordered(second, third, budget))

        return run

    return build


def _in(operands: list[Any]) -> Run:
    """`in` with a list of plain texts or numbers, the usual case, is one look into a set."""
    needle = _operand(operands, 0)
    choices = operands[1] if len(operands) > 1 else None
    kinds = {type(choice) for choice in choices} if isinstance(choices, list) else {dict}
    if kinds - {str} and kinds - {int, float}:
        return _binary(contains)(operands)
    values = frozenset(number(choice) if kinds - {str} else choice for choice in choices or ())

    def run(data: Any, budget: Budget) -> bool:
        value = needle(data, budget)
        return isinstance(value, (str, int, float)) and value in values and not isinstance(value, bool)

    return run


def _substr(operands: list[Any]) -> Run:
    source, start, length = (_operand(operands, index) for index in range(3))
    return lambda data, budget: substring(source(data, budget), start(data, budget), length(data, budget), budget)


def _var(operands: list[Any]) -> Run:
    path = operands[0] if operands else ""
    default = compile_rule(operands[1]) if len(operands) > 1 else compile_rule(None)

    def otherwise(data: Any, budget: Budget) -> Any:
        value = default(data, budget)
        return None if value is UNDEFINED else value

    if isinstance(path, (dict, list)):
        path_of = compile_rule(path)

        def computed(data: Any, budget: Budget) -> Any:
            value = paths.look_up(data, paths.steps_of(path_of(data, budget), budget), budget)
            return otherwise(data, budget) if value is UNDEFINED else value

        return computed

    steps = paths.steps_of(path, Budget())
    if not steps:
        return lambda data, budget: paths.look_up(data, steps, budget)
    first = steps[0]

    def nested(data: Any, budget: Budget) -> Any:
        value = paths.look_up(data, steps, budget)
        return otherwise(data, budget) if value is UNDEFINED else value

    def plain(data: Any, budget: Budget) -> Any:
        if type(data) is not dict:
            return nested(data, budget)
        value = data.get(first, UNDEFINED)
        if value is UNDEFINED:
            return otherwise(data, budget)
        if type(value) is int and not -SAFE_INTEGER <= value <= SAFE_INTEGER:
            return number(value)
        return value

    return nested if len(steps) > 1 else plain


def _if(operands: list[Any]) -> Run:
    runs = [compile_rule(operand) for operand in operands]
    branches = list(zip(runs[::2], runs[1::2], strict=False))
    otherwise = runs[-1] if len(runs) % 2 else compile_rule(None)

    def run(data: Any, budget: Budget) -> Any:
        for condition, consequence in branches:
            if truthy(condition(data, budget)):
                return consequence(data, budget)
        return otherwise(data, budget)

    return run


def _first(wanted: bool) -> Callable[[list[Any]], Run]:
    """`or` gives the first true operand, `and` the first false one, both else the last."""

    def build(operands: list[Any]) -> Run:
        runs = [compile_rule(operand) for operand in operands]

        def run(data: Any, budget: Budget) -> Any:
            value: Any = UNDEFINED
            for operand in runs:
                value = operand(data, budget)
                if (value if value is True or value is False else truthy(value)) is wanted:
                    return value
            return value

        return run

    return build


def _truth(expected: bool) -> Callable[[list[Any]], Run]:
    def build(operands: list[Any]) -> Run:
        operand = _operand(operands, 0)
        return lambda data, budget: truthy(operand(data, budget)) is expected

    return build


def _loop(operands: list[Any]) -> tuple[Run, Run, int]:
    return _operand(operands, 0), _operand(operands, 1), weight(operands[1]) if len(operands) > 1 else 1


def _map(operands: list[Any]) -> Run:
    source, body, cost = _loop(operands)

    def run(data: Any, budget: Budget) -> list[Any]:
        items = source(data, budget)
        if not isinstance(items, list):
            return []
        budget.spend(len(items) * cost)
        return [body(item, budget) for item in items]

    return run


def _filter(operands: list[Any]) -> Run:
    source, body, cost = _loop(operands)

    def run(data: Any, budget: Budget) -> list[Any]:
        items = source(data, budget)
        if not isinstance(items, list):
            return []
        budget.spend(len(items) * cost)
        return [item for item in items if truthy(body(item, budget))]

    return run


def _reduce(operands: list[Any]) -> Run:
    source, body, cost = _loop(operands)
    initial = _operand(operands, 2) if len(operands) > 2 else compile_rule(None)

    def run(data: Any, budget: Budget) -> Any:
        items, accumulator = source(data, budget), initial(data, budget)
        if not isinstance(items, list):
            return accumulator
        budget.spend(len(items) * cost)
        for item in items:
            accumulator = body({"current": item, "accumulator": accumulator}, budget)
        return accumulator

    return run


def _quantifier(stops_at: bool, *, found: bool, empty: bool) -> Callable[[list[Any]], Run]:
    """`all`, `some` and `none`: `found` when an item is `stops_at`, `empty` for no items, else the opposite."""

    def build(operands: list[Any]) -> Run:
        source, body, cost = _loop(operands)

        def run(data: Any, budget: Budget) -> bool:
            items = source(data, budget)
            if not isinstance(items, list) or not items:
                return empty
            for item in items:
                budget.spend(cost)
                if truthy(body(item, budget)) is stops_at:
                    return found
            return not found

        return run

    return build


BUILDERS: Final[dict[str, Callable[[list[Any]], Run]]] = {
    **{name: _binary(function) for name, function in BINARY.items()},
    **{name: _variadic(function) for name, function in VARIADIC.items()},
    "<": _comparison(operator.lt, chained=True),
    "<=": _comparison(operator.le, chained=True),
    ">": _comparison(operator.gt, chained=False),
    ">=": _comparison(operator.ge, chained=False),
    "in": _in,
    "substr": _substr,
    "var": _var,
    "missing": _with_data(paths.missing),
    "missing_some": _with_data(paths.missing_some),
    "if": _if,
    "?:": _if,
    "and": _first(False),
    "or": _first(True),
    "!": _truth(False),
    "!!": _truth(True),
    "map": _map,
    "filter": _filter,
    "reduce": _reduce,
    "all": _quantifier(False, found=False, empty=False),
    "some": _quantifier(True, found=True, empty=False),
    "none": _quantifier(True, found=False, empty=True),
}
OPERATORS: Final = frozenset(BUILDERS)
