"""A model and what is open about it as a question in JSON, and the answer as data to try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from workflow_design.kernel.proof.decisions.cells import Cell, day_text
from workflow_design.kernel.proof.decisions.cuts import EQUALITY, ORDER
from workflow_design.kernel.proof.decisions.grid import LAST_WHOLE
from workflow_design.kernel.proof.decisions.linear import is_linear
from workflow_design.kernel.proof.decisions.model import Model, data_of
from workflow_design.kernel.proof.decisions.rules import Leaf, Node, operation
from workflow_design.kernel.proof.decisions.splits import Split
from workflow_design.kernel.proof.decisions.tables import OPEN
from workflow_design.kernel.proof.decisions.witness import tried_in

MAX_ASKED = 40


def payload_of(split: Split, model: Model, asks: Sequence[str], *, with_fact: bool) -> dict[str, Any]:
    """What `solve` is asked: whether anything is in the sets that `asks` name."""
    return {
        "fields": [
            [[cell.measure, cell.low, cell.high, cell.whole] if cell.measure else None for cell in cells]
            for cells in model.cells
        ],
        "leaves": [_leaf(model, place) for place in range(len(model.leaves))],
        "trees": [_tree(tree) for tree in model.trees],
        "conditions": len(split.conditions),
        "exclusive": split.exclusive,
        "fact": with_fact,
        "asks": list(asks),
    }


def worth_asking(model: Model) -> bool:
    """Whether a solver knows more than the model: of the order of fields, and of sums of whole numbers."""
    return model.space_or_none is None or bool(model.orders) or any(_linear(model, leaf) for leaf in model.leaves)


def _linear(model: Model, leaf: Leaf) -> bool:
    """Whether the leaf compares sums of fields that are whole numbers."""
    name, operands = operation(leaf.rule)
    if name not in EQUALITY | ORDER or len(operands) != 2 or not leaf.names or len(leaf.names) < 2:
        return False
    return all(is_linear(operand) for operand in operands)


def _leaf(model: Model, place: int) -> dict[str, Any]:
    leaf, table = model.leaves[place], model.tables[place]
    fields = list(table.fields)
    linear = _linear(model, leaf) and OPEN in table.values.values()
    return {
        "fields": fields,
        "values": [[list(cells), value] for cells, value in table.values.items()],
        "meaning": list(table.meaning),
        "linear": leaf.rule if linear else None,
        "names": {name: model.names.index(name) for name in leaf.names or ()} if linear else {},
    }


def _tree(node: Node) -> list[Any]:
    return [node.kind, node.number, [_tree(part) for part in node.parts]]


def data_from(model: Model, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Data to try at a point that the solver found: `cells` by field, `numbers` where it says one."""
    cells = [model.cells[place][number] for place, number in enumerate(found["cells"])]
    numbers = found["numbers"]
    exact = [_number(cell, numbers[place]) for place, cell in enumerate(cells)]
    yield from (data_of(*zip(model.names, chosen, strict=True)) for chosen in tried_in(model, cells, exact))


def _number(cell: Cell, number: float | None) -> Any:
    if number is None or not cell.measure:
        return None
    number = min(max(number, cell.low), cell.high)
    if cell.measure == "day":
        return day_text(int(number))
    return int(number) if float(number).is_integer() and abs(number) < LAST_WHOLE else number
