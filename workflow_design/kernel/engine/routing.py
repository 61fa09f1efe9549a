"""Splits: which transitions get a token when an event occurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workflow_design.kernel.graph import Graph
from workflow_design.kernel.graph.model import Gate
from workflow_design.kernel.language import EvaluationError
from workflow_design.kernel.language.budget import Budget

from .types import Evaluated


class RoutingError(Exception):
    """No way on: a condition can't be evaluated, or none is true and there is no default."""

    def __init__(self, code: str, message: str, transition: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.transition = transition


def choose(
    graph: Graph, split: Gate, exits: Sequence[int], data: dict[str, Any], evaluated: list[Evaluated]
) -> list[int]:
    """The transitions taken of `exits`, which are one event's in the order of evaluation, the default last.

    exclusive: the first that is true; inclusive: every true one; parallel: all. The default when there is no
    other. Every evaluation is appended to `evaluated`. Raises RoutingError when none is taken or a condition
    can't be evaluated: an error is never "false". Together the conditions have the budget of one evaluation, so
    that thousands of them can't take thousands of times as long.
    """
    taken: list[int] = []
    budget = Budget()
    for index in exits:
        if graph.transitions[index].is_default:
            if not taken:
                taken.append(index)
        elif _holds(graph, index, data, evaluated, budget):
            taken.append(index)
            if split == "exclusive":
                break
    if not taken:
        raise RoutingError("no_transition", "No condition was true and there is no default.")
    return taken


def _holds(graph: Graph, index: int, data: dict[str, Any], evaluated: list[Evaluated], budget: Budget) -> bool:
    rule = graph.rule(index)
    if rule is None:
        return True
    try:
        value = rule.condition.evaluate(data, budget)
    except EvaluationError as error:
        raise RoutingError(error.code, f"A condition can't be evaluated: {error.message}", index) from error
    evaluated.append(Evaluated(index, value, _values(rule.paths, data)))
    return value


def _values(paths: Sequence[tuple[str, tuple[str, ...]]], data: dict[str, Any]) -> dict[str, Any]:
    """The values at the paths that a condition reads, absent ones left out."""
    values = {}
    for path, parts in paths:
        value: Any = data
        for part in parts:
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                break
        else:
            values[path] = value
    return values
