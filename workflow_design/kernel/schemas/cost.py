"""What checking one value can cost, as a bound that holds for every value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_EVALUATIONS = 10_000
MAX_STEPS = 10**9
DATA_LEVELS = 100
MAX_MEASURE = 200_000
"""Schemas times levels that may be looked at."""


@dataclass(slots=True)
class Node:
    """One schema inside a schema."""

    path: str
    own: int = 1
    """How many comparisons its own keywords may cost."""
    in_place: list[Node] = field(default_factory=list)
    """Schemas applied to the same value."""
    one_below: list[Node] = field(default_factory=list)
    """Schemas for children of the value, of which each child meets at most one."""
    all_below: list[Node] = field(default_factory=list)
    """Schemas that any child of the value may meet beside others."""


def own_steps(part: dict[str, Any]) -> int:
    """Comparisons that grow with the schema: names looked up, options that are lists or objects."""
    required, dependent, options = part.get("required"), part.get("dependentRequired"), part.get("enum")
    properties = part.get("properties")
    steps = len(properties) // 4 if isinstance(properties, dict) else 0
    steps += len(required) if isinstance(required, list) else 0
    if isinstance(dependent, dict):
        steps += sum(len(names) for names in dependent.values() if isinstance(names, list))
    if isinstance(options, list) and any(isinstance(option, list | dict) for option in options):
        steps += 20 * len(options)
    return steps


class TooBranchingError(ValueError):
    """The references multiply the work on one value; the text says how."""


def weigh(order: list[Node], root: Node) -> int:
    """The most steps that `root` costs for one value, whatever lies below it; `order` has every node before those
    that it applies to the same value. Raises TooBranchingError.

    A schema's cost, for data of one more level each round, is its own, that of every schema applied to the same
    value, and the most that one child can cost: no value is checked more often than the root's cost.
    """
    costs = _Costs(order[::-1])
    for level in range(DATA_LEVELS):
        if level * len(order) > MAX_MEASURE:
            raise TooBranchingError("refers to itself through too many schemas")
        settled = costs.grow()
        times, steps = costs.of(root)
        if times > MAX_EVALUATIONS:
            raise TooBranchingError(
                f"its references repeat too much: one value could be checked {MAX_EVALUATIONS:,} times and more"
            )
        if settled:
            break
    return steps


class _Costs:
    """How many checks and how many steps each schema costs, for data of one more level with each `grow`."""

    def __init__(self, order: list[Node]) -> None:
        """`order` has every node after those that it applies to the same value."""
        self.index = {id(node): place for place, node in enumerate(order)}
        self.times = [1] * len(order)
        self.steps = [node.own for node in order]
        self.inner = [
            (place, node.own, self.places(node.one_below), self.places(node.all_below), self.places(node.in_place))
            for place, node in enumerate(order)
            if node.one_below or node.all_below or node.in_place
        ]

    def places(self, nodes: list[Node]) -> list[int]:
        return [self.index[id(node)] for node in nodes]

    def of(self, node: Node) -> tuple[int, int]:
        place = self.index[id(node)]
        return self.times[place], self.steps[place]

    def grow(self) -> bool:
        """One level more; whether that changed nothing."""
        times, steps = self.times.copy(), self.steps.copy()
        before, steps_before = self.times, self.steps
        for place, own, one_below, all_below, in_place in self.inner:
            count = 1 + (max([before[other] for other in one_below]) if one_below else 0)
            work = own + (max([steps_before[other] for other in one_below]) if one_below else 0)
            for other in all_below:
                count += before[other]
                work += steps_before[other]
            for other in in_place:
                count += times[other]
                work += steps[other]
            # Past the limit the exact number doesn't matter, and it would grow to thousands of digits.
            times[place] = min(count, MAX_EVALUATIONS + 1)
            steps[place] = min(work, MAX_STEPS)
        settled = times == before and steps == steps_before
        self.times, self.steps = times, steps
        return settled
