"""The most usual split: a number is compared with a constant, and there is a default. It needs no model."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.language import Condition, EvaluationError
from workflow_design.kernel.proof.decisions.cells import Held
from workflow_design.kernel.proof.decisions.cuts import ORDER
from workflow_design.kernel.proof.decisions.grid import first_above, first_from, place_of
from workflow_design.kernel.proof.decisions.parts import ABSENT, Numbers, One
from workflow_design.kernel.proof.decisions.rules import operation
from workflow_design.kernel.proof.decisions.splits import Split

MAX_PARTS = 100
"""A field of more parts is left to the model, which may find it too large."""


def compared_field(split: Split, rules: list[Any]) -> str | None:
    """The field that is compared, if the split is such a one."""
    if split.default is None or len(rules) != 1:
        return None
    name, operands = operation(rules[0])
    if name not in ORDER or len(operands) != 2:
        return None
    variables = [operand for operand in operands if isinstance(operand, dict)]
    if len(variables) != 1 or variables[0].keys() != {"var"} or _bound(operands) is None:
        return None
    path = variables[0]["var"]
    return path if isinstance(path, str) and path and "." not in path else None


def goes_both_ways(rule: Any, field: str, held: Held) -> bool:
    """Whether the comparison certainly comes to a result, and can come to either: then there is nothing to say of the
    split. False where that takes a closer look.
    """
    if len(held.parts) > MAX_PARTS:
        return False
    bound = _bound(operation(rule)[1])
    assert bound is not None
    condition = Condition(rule)
    seen: set[bool] = set()
    try:
        for part, _ in held.parts:
            if isinstance(part, One) and (part.value is ABSENT or part.value is None):
                condition.evaluate({} if part.value is ABSENT else {field: None})
            elif isinstance(part, Numbers):
                low, high = place_of(part.low, part.whole), place_of(part.high, part.whole)
                # One value alone may be none that fits the schema; of two or more that isn't asked.
                if min(first_from(bound, part.whole), high + 1) - low >= 2:
                    seen.add(condition.evaluate({field: part.low}))
                if high - max(first_above(bound, part.whole), low) >= 1:
                    seen.add(condition.evaluate({field: part.high}))
            else:
                return False
    except EvaluationError:
        return False
    return len(seen) == 2


def _bound(operands: list[Any]) -> float | None:
    constant = next((operand for operand in operands if not isinstance(operand, dict)), None)
    return constant if isinstance(constant, int | float) and not isinstance(constant, bool) else None
