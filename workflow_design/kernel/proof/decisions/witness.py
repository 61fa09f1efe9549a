"""Values for a point, tried on the real evaluator until one does what is claimed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import Any

from workflow_design.kernel.proof.decisions.cells import Cell
from workflow_design.kernel.proof.decisions.grid import number_at, place_of
from workflow_design.kernel.proof.decisions.model import Model, data_of
from workflow_design.kernel.proof.decisions.space import first_point

MAX_POINTS_TRIED = 12
MAX_DATA_TRIED = 150
MAX_VALUES_TRIED = 12


def confirmed(model: Model, points: int, claim: Callable[[dict[str, Any]], Any]) -> Any:
    """What `claim` answers to the first data from these points for which that isn't None; None if for none."""
    for _ in range(MAX_POINTS_TRIED):
        if not points:
            return None
        point = first_point(points)
        points ^= 1 << point
        cells = model.space.values(point)[: len(model.names)]
        for data in islice(_data(model, cells), MAX_DATA_TRIED):
            if (answer := claim(data)) is not None:
                return answer
    return None


def _data(model: Model, numbers: list[int]) -> Iterator[dict[str, Any]]:
    cells = [model.cells[place][number] for place, number in enumerate(numbers)]
    for chosen in tried_in(model, cells, [None] * len(cells)):
        yield data_of(*zip(model.names, chosen, strict=True))


def tried_in(model: Model, cells: list[Cell], first: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Values to try in some cells, one a field; those of `first` first, where it has one."""
    tried: list[list[Any]] = []
    for place, cell in enumerate(cells):
        others = [cells[b if place == a else a] for a, b in model.orders if place in (a, b)]
        values = [value for value, source in cell.tried if source.gives(value)]
        beside = [] if first[place] is None else [first[place]]
        more = [
            value for value in (*beside, *_beside(cell, others)) if any(source.gives(value) for _, source in cell.tried)
        ]
        values = [*more[:1], *values, *more[1:]] if beside else [*values, *more]
        tried.append(_distinct(values)[:MAX_VALUES_TRIED])
    return product(*tried)


def _distinct(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(type(value) is type(other) and value == other for other in found):
            found.append(value)
    return found


def _beside(cell: Cell, others: list[Cell]) -> Iterator[Any]:
    """Values of a cell that are equal to, or next to, what other fields are compared with."""
    for other in others:
        if cell.measure != "number" or other.measure != "number":
            continue
        for bound in (max(cell.low, other.low), min(cell.high, other.high), other.tried[0][0]):
            if not cell.low <= bound <= cell.high or (cell.whole and bound != int(bound)):
                continue
            place = place_of(bound, cell.whole)
            for near in (place, place - 1, place + 1):
                value = number_at(near, cell.whole)
                if cell.low <= value <= cell.high:
                    yield value
