"""What checking one value can cost, as a bound that holds for every value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_EVALUATIONS = 10_000
MAX_STEPS = 10**9
DATA_LEVELS = 100


@dataclass(slots=True)
class Node:
    """One schema inside a schema."""

    path: str
    own: int = 1
    """How many comparisons its own keywords may cost."""
    pattern_bytes: int = 0
    """Size of its own patterns, compiled: each character of a text may cost them that many steps."""
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


class Weight(NamedTuple):
    """What checking costs at most: steps for each value, steps of pattern engines for each character."""

    value: int
    character: int


_Cost = tuple[int, int, int]
"""Checks, steps, steps of pattern engines."""


def weigh(order: list[Node], root: Node) -> Weight:
    """What `root` costs at most, whatever the data; `order` has every node before those that it applies to the same
    value. Raises TooBranchingError.

    A schema costs what it does itself, what every schema costs that it applies to the same value, and the most that
    one child can cost: no value is checked more often than that. Where schemas refer to each other in a circle, each
    level of data passes it once, if no schema of the circle leads back into it twice; if one does, the work doubles
    with every round.
    """
    costs: dict[int, _Cost] = {}
    rank = {id(node): place for place, node in enumerate(order)}
    for circle in _circles(order):
        inside = {id(node) for node in circle}
        chains: dict[int, _Cost] = {}
        # Those that a node applies to the same value come first.
        for node in sorted(circle, key=lambda node: -rank[id(node)]):
            chains[id(node)] = _chain(node, inside, chains, costs)
        rounds = DATA_LEVELS + 1 if len(circle) > 1 or _leads_to(circle[0], inside) else 1
        worst = [min(rounds * max(chain[what] for chain in chains.values()), MAX_STEPS) for what in range(3)]
        for place in inside:
            costs[place] = (worst[0], worst[1], worst[2])
    times, steps, engine = costs[id(root)]
    if times > MAX_EVALUATIONS:
        raise TooBranchingError(
            f"its references repeat too much: one value could be checked {MAX_EVALUATIONS:,} times and more"
        )
    return Weight(steps, engine)


def _chain(node: Node, inside: set[int], chains: dict[int, _Cost], costs: dict[int, _Cost]) -> _Cost:
    """What `node` costs with all that it applies to the same value, its circle's next round aside."""
    alternatives = [costs[id(child)] for child in node.one_below if id(child) not in inside]
    parts: list[_Cost] = [(1, node.own, node.pattern_bytes)]
    parts.extend(costs[id(other)] for other in (*node.all_below, *node.in_place) if id(other) not in inside)
    parts.extend(chains[id(other)] for other in node.in_place if id(other) in inside)
    back = sum(id(other) in inside for other in (*node.all_below, *node.in_place))
    if back + any(id(child) in inside for child in node.one_below) > 1:
        raise TooBranchingError("refers to itself more than once for one value: the work doubles with every level")
    most = [max((cost[what] for cost in alternatives), default=0) for what in range(3)]
    total = [min(sum(part[what] for part in parts) + most[what], MAX_STEPS) for what in range(3)]
    return total[0], total[1], total[2]


def _targets(node: Node) -> list[Node]:
    return [*node.one_below, *node.all_below, *node.in_place]


def _leads_to(node: Node, places: set[int]) -> bool:
    return any(id(other) in places for other in _targets(node))


def _circles(nodes: list[Node]) -> list[list[Node]]:
    """The nodes in groups that lead to each other, a group after those that it leads to (Tarjan's algorithm)."""
    found: list[list[Node]] = []
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[Node] = []
    on_path: set[int] = set()
    for start in nodes:
        if id(start) in number:
            continue
        walk = [(start, iter(_targets(start)))]
        number[id(start)] = low[id(start)] = len(number)
        path.append(start)
        on_path.add(id(start))
        while walk:
            node, targets = walk[-1]
            for other in targets:
                if id(other) not in number:
                    number[id(other)] = low[id(other)] = len(number)
                    path.append(other)
                    on_path.add(id(other))
                    walk.append((other, iter(_targets(other))))
                    break
                if id(other) in on_path:
                    low[id(node)] = min(low[id(node)], number[id(other)])
            else:
                walk.pop()
                if walk:
                    above = id(walk[-1][0])
                    low[above] = min(low[above], low[id(node)])
                if low[id(node)] == number[id(node)]:
                    size = next(back for back in range(1, len(path) + 1) if path[-back] is node)
                    group = path[-size:]
                    del path[-size:]
                    on_path.difference_update(map(id, group))
                    found.append(group)
    return found
