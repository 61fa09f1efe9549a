"""What can change in a model of conditions, and what stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from itertools import chain, islice, product
from typing import Any

from workflow_design.kernel.language import Condition, EvaluationError
from workflow_design.kernel.proof.decisions.cells import Cell
from workflow_design.kernel.proof.decisions.model import Model, data_of
from workflow_design.kernel.proof.decisions.space import Space
from workflow_design.kernel.proof.decisions.tables import EQUAL, GREATER, LESS

MAX_TRIED = 200


class Axes:
    """The dimensions of a model by what can change along them: `fair` certainly takes every value again and again, as
    people and the world choose; `loose` may, as far as is known.
    """

    def __init__(self, model: Model, changing: Set[str], written: Set[str]) -> None:
        self.model = model
        self.space: Space = model.space
        roots = [name.partition(".")[0] for name in model.names]
        self.loose = [place for place, root in enumerate(roots) if root in written]
        self.fair = [place for place, root in enumerate(roots) if root in changing]
        self.mixed: list[tuple[int, int, int]] = []
        fields = len(model.names), set(self.loose), set(self.fair)
        for (one, other), dimension in model.orders.items():
            if {one, other} & fields[1]:
                self.loose.append(dimension)
            if {one, other} & fields[2]:
                self.fair.append(dimension)
                self.mixed.append((one, other, dimension))
        for place, table in enumerate(model.tables):
            if table.free is None:
                continue
            names = model.leaves[place].names
            if names is None or any(name.partition(".")[0] in written for name in names):
                self.loose.append(table.free)
            if names and all(name.partition(".")[0] in changing for name in names) and self._turns(place):
                self.fair.append(table.free)

    def over(self, points: int, dimensions: Iterable[int]) -> int:
        """All points that differ from one of these in nothing but some dimensions."""
        space = self.space
        for dimension in dimensions:
            stride = space.strides[dimension]
            size = space.sizes[dimension]
            folded = 0
            for value in range(size):
                folded |= (points & space.where(dimension, [value])) >> (value * stride)
            points = 0
            for value in range(size):
                points |= folded << (value * stride)
        return points

    def available(self) -> int:
        """The points at which what changes certainly can come to be, whatever the rest is there."""
        points = self.space.everything
        for place in self.fair:
            if place < len(self.model.names):
                good = [n for n, cell in enumerate(self.model.cells[place]) if _occurs(cell)]
                points &= self.space.where(place, good)
        for one, other, dimension in self.mixed:
            points &= ~self._unsure(one, other, dimension)
        return points

    def _unsure(self, one: int, other: int, dimension: int) -> int:
        """Where an order of two fields is open, and not every value of the one leaves a value of the other for it."""
        space, bad = self.space, 0
        for a, left in enumerate(self.model.cells[one]):
            for b, right in enumerate(self.model.cells[other]):
                orders = [
                    order
                    for order in (LESS, EQUAL, GREATER)
                    if not (_ordered(left, right, order, one in self.fair, other in self.fair))
                ]
                if orders:
                    bad |= space.where(one, [a]) & space.where(other, [b]) & space.where(dimension, orders)
        return bad

    def _turns(self, place: int) -> bool:
        """Whether a leaf of which nothing is known is true of some values that can be written, and false of others."""
        leaf, model = self.model.leaves[place], self.model
        test = Condition({"!!": [leaf.rule]})
        tried = [
            list(chain.from_iterable(map(_values, model.cells[model.names.index(name)]))) for name in leaf.names or ()
        ]
        seen = set()
        for values in islice(product(*tried), MAX_TRIED):
            try:
                seen.add(test.evaluate(data_of(*zip(leaf.names or (), values, strict=True))))
            except EvaluationError:
                continue
        return len(seen) == 2


def _values(cell: Cell) -> Iterator[Any]:
    """Values of a cell that can be written; of numbers also some next to each other."""
    for value, source in cell.tried:
        near = [value + 1, value + 2, value + 0.5] if type(value) in (int, float) else []
        yield from (
            one for one in (value, *near) if (one is value or cell.low <= one <= cell.high) and source.gives(one)
        )


def _occurs(cell: Cell) -> bool:
    return any(source.gives(value) for value, source in cell.tried)


def _ordered(left: Cell, right: Cell, order: int, left_moves: bool, right_moves: bool) -> bool:
    """Whether for every value of what stays there is one of what moves in this order to it."""
    if not left.measure or left.measure != right.measure:
        return True  # there is no order of these: the dimension says nothing
    if left_moves and right_moves:
        return True
    moving, still = (left, right) if left_moves else (right, left)
    if order == EQUAL:
        covers = moving.low <= still.low and still.high <= moving.high and (still.whole or not moving.whole)
        return covers and all(source.gives(value) for value, source in moving.tried)
    above = (order == GREATER) == left_moves
    if not (moving.high > still.high if above else moving.low < still.low):
        return False
    end = moving.high if above else moving.low
    return moving.measure == "day" or any(source.gives(end) for _, source in moving.tried)
