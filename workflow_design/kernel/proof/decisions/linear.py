"""Sums of whole numbers, as far as they are exact as doubles."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.proof.decisions.grid import LAST_WHOLE
from workflow_design.kernel.proof.decisions.rules import operation, path_of

Sum = tuple[dict[str, int], int]
"""Factors by path, and a constant."""


def is_linear(rule: Any) -> bool:
    """Whether a rule is a sum of fields, times constants."""
    return linear(rule) is not None


def linear(rule: Any) -> Sum | None:
    """The sum that a rule is where all its fields are whole numbers and no part of it is too large."""
    if type(rule) is int:
        return {}, rule
    if path := path_of(rule):
        return {path: 1}, 0
    name, operands = operation(rule)
    parts = [linear(operand) for operand in operands]
    if name not in ("+", "-", "*") or not parts or any(part is None for part in parts):
        return None
    sums = [part for part in parts if part is not None]
    if name == "+":
        total: Sum = ({}, 0)
        for part in sums:
            total = _added(total, part, 1)
        return total
    if name == "-":
        return (
            _added(sums[0], sums[1], -1) if len(sums) == 2 else _added(({}, 0), sums[0], -1) if len(sums) == 1 else None
        )
    constants = [part[1] for part in sums if not part[0]]
    others = [part for part in sums if part[0]]
    if len(others) > 1:
        return None
    factor = 1
    for constant in constants:
        factor *= constant
    return _added(({}, 0), others[0] if others else ({}, 1), factor)


def _added(left: Sum, right: Sum, factor: int) -> Sum:
    factors = dict(left[0])
    for path, count in right[0].items():
        factors[path] = factors.get(path, 0) + factor * count
    return factors, left[1] + factor * right[1]


def exact(rule: Any, largest: dict[str, float]) -> bool:
    """Whether every part of a sum stays where all whole numbers are doubles, for fields up to `largest` in size."""
    return _size(rule, largest) <= LAST_WHOLE


def _size(rule: Any, largest: dict[str, float]) -> float:
    if type(rule) is int:
        return abs(rule)
    if path := path_of(rule):
        return largest[path]
    name, operands = operation(rule)
    sizes = [_size(operand, largest) for operand in operands]
    if name != "*":
        return sum(sizes)
    product = 1.0
    for size in sizes:
        product *= max(size, 1)
    return product
