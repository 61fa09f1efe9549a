"""The conditions of one split over everything that a ticket can hold there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

from workflow_design.kernel.language import Condition, EvaluationError
from workflow_design.kernel.language.budget import Budget
from workflow_design.kernel.language.limits import MAX_OPERATIONS
from workflow_design.kernel.proof.decisions.cells import Cell, Held, cells_of
from workflow_design.kernel.proof.decisions.costs import Size, cost, size_of, walks
from workflow_design.kernel.proof.decisions.cuts import NOTHING, Cuts, cuts_of, divides
from workflow_design.kernel.proof.decisions.grid import place_of
from workflow_design.kernel.proof.decisions.parts import ABSENT, Numbers
from workflow_design.kernel.proof.decisions.rules import (
    IF_FALSE,
    IF_TRUE,
    Leaf,
    Node,
    TooLargeError,
    Trees,
)
from workflow_design.kernel.proof.decisions.sets import Evaluation
from workflow_design.kernel.proof.decisions.space import MAX_POINTS, Space
from workflow_design.kernel.proof.decisions.tables import (
    EQUAL,
    ERROR,
    FALSE,
    GREATER,
    LESS,
    OPEN,
    ORDERED,
    TRUE,
    Pair,
    Table,
    pair_of,
)

MAX_TABLE = 5_000
MAX_ENTRIES = 50_000
MAX_BITS = 1 << 29
"""Nodes × points; a tenth of a second."""


@dataclass(slots=True)
class Model:
    """Fields with their cells, leaves with their tables, and one tree a condition."""

    names: list[str]
    cells: list[list[Cell]]
    leaves: list[Leaf]
    tables: list[Table]
    trees: list[Node]
    space_or_none: Space | None
    orders: dict[tuple[int, int], int] = field(default_factory=dict)
    may_fail: bool = False
    """Whether an evaluation may end in an error that no cell shows."""

    @property
    def space(self) -> Space:
        """All cells of all fields at once. Raises TooLargeError."""
        if self.space_or_none is None:
            raise TooLargeError
        return self.space_or_none


def model_of(rules: Sequence[Any], held: Callable[[str], Held]) -> Model:
    """The model of some conditions. Raises TooLargeError."""
    trees = Trees()
    made = [trees.tree(rule) for rule in rules]
    return _Builder(trees, made, held).model()


class _Builder:
    """Makes a model: cells for each field, tables for each leaf, then the dimensions."""

    def __init__(self, trees: Trees, made: list[Node], held: Callable[[str], Held]) -> None:
        self.leaves, self.uses = trees.leaves, trees.uses
        self.trees, self.nodes = made, trees.nodes
        self.names = list(dict.fromkeys(name for leaf in self.leaves for name in leaf.names or ()))
        self.number = {name: place for place, name in enumerate(self.names)}
        self.held = [held(name) for name in self.names]
        self.sizes: dict[str, Size] = {}
        self.spent = [0] * len(self.leaves)
        self.untried: set[int] = set()
        self.divides = [divides(leaf.rule) for leaf in self.leaves]
        self.tests = [Condition({"!!": [leaf.rule]}) for leaf in self.leaves]
        self.results = [Condition(leaf.rule) if leaf.given else None for leaf in self.leaves]

    def model(self) -> Model:
        pairs = [pair_of(leaf) for leaf in self.leaves]
        cuts = [
            cuts_of(leaf) if leaf.names and len(leaf.names) == 1 and not pair else NOTHING
            for leaf, pair in zip(self.leaves, pairs, strict=True)
        ]
        self.cells = [self._cells(place, cuts, pairs) for place in range(len(self.names))]
        self.finite = {
            name for name, cells in zip(self.names, self.cells, strict=True) if all(c.known == "one" for c in cells)
        }
        tables = [self._table(place, cuts[place], pairs[place]) for place in range(len(self.leaves))]
        self._merge(tables)
        return self._with_dimensions(tables, pairs)

    def _cells(self, place: int, cuts: list[Cuts], pairs: list[Pair | None]) -> list[Cell]:
        name = self.names[place]
        mine = [cut for cut, leaf in zip(cuts, self.leaves, strict=True) if leaf.names == (name,)]
        mine += [pair.cuts for pair in pairs if pair and name in (pair.left, pair.right)]
        cells = cells_of(self.held[place], mine)
        if not cells or len(cells) * len(mine) > 40 * MAX_TABLE:
            raise TooLargeError
        return cells

    def _test(self, place: int, data: dict[str, Any]) -> str:
        budget = Budget()
        try:
            true = self.tests[place].evaluate(data, budget)
            result = self.results[place]
            if result and self.leaves[place].given & (IF_TRUE if true else IF_FALSE):
                result.evaluate(data)
        except EvaluationError:
            return ERROR
        self.spent[place] = max(self.spent[place], MAX_OPERATIONS - budget.operations)
        if self.divides[place] and _has_zero(data):
            self.untried.add(place)  # of −0, which is equal to 0, another quotient comes
            return OPEN
        return TRUE if true else FALSE

    def _table(self, place: int, cuts: Cuts, pair: Pair | None) -> Table:
        leaf = self.leaves[place]
        if leaf.names is None:
            return Table((), {(): OPEN})
        if not leaf.names:
            return Table((), {(): self._test(place, {})})
        fields = tuple(self.number[name] for name in leaf.names)
        if pair:
            return self._pair_table(place, pair)
        if len(fields) == 1:
            along = self._along(place, cuts, leaf.names[0], self.cells[fields[0]])
            return Table(fields, {(number,): value for number, value in enumerate(along)})
        combinations = 1
        for one in fields:
            combinations *= len(self.cells[one])
        if combinations > MAX_TABLE:
            self.untried.add(place)
            return Table((), {(): OPEN})
        values = {}
        for chosen in product(*(range(len(self.cells[one])) for one in fields)):
            cells = [self.cells[one][number] for one, number in zip(fields, chosen, strict=True)]
            if all(cell.alone for cell in cells):
                values[chosen] = self._test(place, _data(leaf.names, cells))
            else:
                values[chosen] = OPEN
        return Table(fields, values)

    def _along(self, place: int, cuts: Cuts, name: str, cells: list[Cell]) -> Iterator[str]:
        """What a leaf comes to in the cells of its field. Along numbers it is evaluated where it can change alone."""
        part: Numbers | None = None
        starts: list[int] = []
        passed, value = 0, OPEN
        for cell in cells:
            if not (cell.alone or _claims(cuts, cell)):
                yield OPEN
                continue
            find = cuts.whole if cell.whole else cuts.doubles
            if cell.part is None or find is None:
                yield self._test(place, data_of((name, cell.value)))
                continue
            if begins := cell.part is not part:
                part = cell.part
                starts = sorted(start for one in find for start in one(part))
            now = bisect_right(starts, place_of(cell.low, cell.whole))
            if begins or now != passed:
                passed, value = now, self._test(place, data_of((name, cell.value)))
            yield value

    def _pair_table(self, place: int, pair: Pair) -> Table:
        first, second = self.number[pair.left], self.number[pair.right]
        if len(self.cells[first]) * len(self.cells[second]) > MAX_TABLE:
            self.untried.add(place)
            return Table((), {(): OPEN})
        values: dict[tuple[int, ...], str] = {}
        for one, left in enumerate(self.cells[first]):
            for other, right in enumerate(self.cells[second]):
                known = pair.known(left, right)
                if not known:
                    known = self._test(place, data_of((pair.left, left.value), (pair.right, right.value)))
                values[one, other] = known
        return Table((first, second), values, meaning=pair.meaning)

    def _merge(self, tables: list[Table]) -> None:
        """Cells that no leaf tells apart become one; not those of fields that are compared with others."""
        several = (leaf.names for leaf in self.leaves if leaf.names and len(leaf.names) > 1)
        together = {self.number[name] for names in several for name in names}
        for place, cells in enumerate(self.cells):
            mine = [table for table in tables if table.fields == (place,)]
            if place in together or not mine:
                continue
            merged: dict[tuple[str, ...], int] = {}
            kept: list[Cell] = []
            for number, cell in enumerate(cells):
                key = tuple(table.values[number,] for table in mine)
                if key not in merged:
                    merged[key] = len(kept)
                    kept.append(cell)
                else:
                    kept[merged[key]].merged.append(cell)
            for table_place, table in enumerate(mine):
                table.values = {(number,): key[table_place] for key, number in merged.items()}
            self.cells[place] = kept

    def _with_dimensions(self, tables: list[Table], pairs: list[Pair | None]) -> Model:
        sizes = [len(cells) for cells in self.cells]
        orders: dict[tuple[int, int], int] = {}
        for table, pair in zip(tables, pairs, strict=True):
            if pair and ORDERED in table.values.values():
                one, other = table.fields
                key = (min(one, other), max(one, other))
                if key not in orders:
                    orders[key] = len(sizes)
                    sizes.append(3)
                table.order = orders[key]
                if one > other:
                    table.meaning = (table.meaning[2], table.meaning[1], table.meaning[0])
            if OPEN in table.values.values():
                table.free = len(sizes)
                sizes.append(2)
        entries = sum(len(table.values) for table in tables)
        if entries > MAX_ENTRIES:
            raise TooLargeError
        space = Space(sizes) if prod(sizes) <= min(MAX_POINTS, MAX_BITS // (self.nodes + entries)) else None
        model = Model(self.names, self.cells, self.leaves, tables, self.trees, space, orders)
        total = 0
        for place, leaf in enumerate(self.leaves):
            steps = self._steps(place, leaf)
            if steps is None:
                model.may_fail = True
            else:
                total += steps * self.uses[place]
        model.may_fail = model.may_fail or total > MAX_OPERATIONS
        return model

    def _steps(self, place: int, leaf: Leaf) -> int | None:
        tried = leaf.names is not None and self.finite.issuperset(leaf.names) and place not in self.untried
        if tried and not any(walks(name) for name in leaf.names or ()):
            return self.spent[place]
        return cost(leaf, self._size)

    def _size(self, name: str) -> Size:
        if name not in self.sizes:
            self.sizes[name] = size_of(self.held[self.number[name]]) if name in self.number else Size(others=True)
        return self.sizes[name]


def _claims(cuts: Cuts, cell: Cell) -> bool:
    if cell.known == "others":
        return cuts.others
    return getattr(cuts, cell.known) is not None


def data_of(*values: tuple[str, Any]) -> dict[str, Any]:
    """Data that holds values at their paths; absent ones aren't there."""
    data: dict[str, Any] = {}
    for path, value in values:
        if value is ABSENT:
            continue
        *before, last = path.split(".")
        part = data
        for step in before:
            below = part.setdefault(step, {})
            part = below if isinstance(below, dict) else {}
        part[last] = deepcopy(value) if isinstance(value, list | dict) else value  # no two values are one and the same
    return data


def _has_zero(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_has_zero(part) for part in (value.values() if isinstance(value, dict) else value))
    return type(value) in (int, float) and value == 0


def _data(names: Sequence[str], cells: Sequence[Cell]) -> dict[str, Any]:
    return data_of(*((name, cell.value) for name, cell in zip(names, cells, strict=True)))


def evaluation_of(model: Model) -> Evaluation[int]:
    """Conditions as sets of the points of the model's space."""
    return Evaluation(model.space.everything, 0, lambda number: _leaf(model, model.tables[number]))


def _leaf(model: Model, table: Table) -> tuple[int, int]:
    space = model.space
    sets: dict[str, int] = {}
    if len(table.fields) == 1:  # the usual case: one look at each kind of value
        by_value: dict[str, list[int]] = {}
        for (cell,), value in table.values.items():
            by_value.setdefault(value, []).append(cell)
        sets = {value: space.where(table.fields[0], cells) for value, cells in by_value.items()}
    else:
        for cells, value in table.values.items():
            points = space.everything
            for one, cell in zip(table.fields, cells, strict=True):
                points &= space.where(one, [cell])
            sets[value] = sets.get(value, 0) | points
    true = sets.get(TRUE, 0)
    if table.free is not None:
        true |= sets[OPEN] & space.where(table.free, [1])
    if table.order is not None:
        means = [order for order in (LESS, EQUAL, GREATER) if table.meaning[order]]
        true |= sets[ORDERED] & space.where(table.order, means)
    return true, sets.get(ERROR, 0)


def possible(model: Model) -> int:
    """The points that can be: without orders of two fields that their cells forbid."""
    points = model.space.everything
    for (first, second), dimension in model.orders.items():
        for one, left in enumerate(model.cells[first]):
            for other, right in enumerate(model.cells[second]):
                if not left.measure or left.measure != right.measure or -1 in (left.high, right.high):
                    continue
                orders = []
                if left.low >= right.high:
                    orders.append(LESS)
                if left.high <= right.low:
                    orders.append(GREATER)
                if left.high < right.low or right.high < left.low:
                    orders.append(EQUAL)
                if orders:
                    there = model.space.where(first, [one]) & model.space.where(second, [other])
                    bad = there & model.space.where(dimension, orders)
                    if bad != there:
                        points &= ~bad
    return points
