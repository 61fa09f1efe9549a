"""What leaves come to in cells, and what the comparison of two fields does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow_design.kernel.language import Condition
from workflow_design.kernel.proof.decisions.cells import Cell
from workflow_design.kernel.proof.decisions.cuts import EQUALITY, ORDER, Cuts, cuts_of
from workflow_design.kernel.proof.decisions.parts import ABSENT
from workflow_design.kernel.proof.decisions.rules import Leaf, operation, path_of

TRUE, FALSE, ERROR, OPEN, ORDERED = "true", "false", "error", "open", "ordered"
"""What a leaf comes to in some cells; OPEN: either, as far as is known; ORDERED: as two fields are ordered."""
LESS, EQUAL, GREATER = range(3)


@dataclass(slots=True)
class Table:
    """What a leaf comes to by the cells of its `fields`. `free`: the dimension that says it where it is open;
    `order`: the dimension of the order of two fields, with what each order means.
    """

    fields: tuple[int, ...]
    values: dict[tuple[int, ...], str]
    free: int | None = None
    order: int | None = None
    meaning: tuple[bool, bool, bool] = (False, False, False)


@dataclass(frozen=True)
class Pair:
    """A comparison of two fields. `nothing`: what each is where it isn't there."""

    name: str
    left: str
    right: str
    nothing: tuple[Any, Any]
    meaning: tuple[bool, bool, bool]

    @property
    def cuts(self) -> Cuts:
        """null counts as 0 in an order; so do numbers that stand for what isn't there."""
        bounds = {0, *(value for value in self.nothing if type(value) in (int, float))}
        leaf = Leaf({"in": [{"var": "x"}, sorted(bounds)]}, 0, ("x",))
        found = cuts_of(leaf)
        return Cuts(found.whole, found.doubles, frozenset(), frozenset())

    def known(self, left: Cell, right: Cell) -> str:
        """OPEN or ORDERED; "" where any value of each cell shows what the comparison comes to."""
        if left.alone and right.alone:
            return ""
        first, second = _bounds(left, self.nothing[0]), _bounds(right, self.nothing[1])
        if first is None or second is None:
            return OPEN
        if "null" in (first[0], second[0]) and self.name in EQUALITY:
            return ""  # nothing but null equals null
        kinds = {first[0], second[0]}
        if kinds in ({"day"}, {"number"}, {"null", "number"}):
            return "" if first[2] < second[1] or second[2] < first[1] else ORDERED if len(kinds) == 1 else OPEN
        if kinds == {"null", "day"}:
            return ""  # a date is no number
        return "" if self.name in ("===", "!==") and kinds == {"number", "day"} else OPEN


def _bounds(cell: Cell, nothing: Any) -> tuple[str, float, float] | None:
    if cell.measure:
        return cell.measure, cell.low, cell.high
    value = nothing if cell.value is ABSENT else cell.value
    if cell.known == "one" and value is None:
        return "null", 0, 0
    if cell.known == "one" and type(value) in (int, float):
        return "number", value, value
    return None


def pair_of(leaf: Leaf) -> Pair | None:
    """The comparison that a leaf is, if it is one of two fields."""
    name, operands = operation(leaf.rule)
    if name not in EQUALITY | ORDER or len(operands) != 2 or leaf.names is None or len(leaf.names) != 2:
        return None
    left, right = path_of(operands[0]), path_of(operands[1])
    if not left or not right or {left, right} != set(leaf.names):
        return None
    test = Condition({name: [{"var": "a"}, {"var": "b"}]})
    less, equal, greater = (test.evaluate({"a": one, "b": other}) for one, other in ((0, 1), (0, 0), (1, 0)))
    return Pair(name, left, right, (_default(operands[0]), _default(operands[1])), (less, equal, greater))


def _default(rule: Any) -> Any:
    raw = rule["var"]
    return raw[1] if isinstance(raw, list) and len(raw) > 1 else None
