"""What evaluating a leaf may cost at most, in the steps of the language's budget; None where it may end in an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workflow_design.kernel.language.compiler import weight
from workflow_design.kernel.proof.decisions.cells import Held
from workflow_design.kernel.proof.decisions.cuts import EQUALITY, ORDER, QUANTIFIERS, STRICT
from workflow_design.kernel.proof.decisions.parts import Lists, One, Texts
from workflow_design.kernel.proof.decisions.rules import Leaf, operation, path_of

LONGEST_TEXT = 20_000
"""Characters of a text whose schema says nothing: an assumption that is told where it matters."""
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "min", "max"})
_PARTS_OF_TEXT = frozenset({"in", "startsWith", "endsWith"})
_CONVERTING = (ORDER | EQUALITY | _ARITHMETIC | _PARTS_OF_TEXT) - STRICT
_LOGIC = frozenset({"and", "or", "!", "!!", "if", "?:"})
_LITERAL = 256  # characters of a list of texts as one text, and more: nobody compares so


@dataclass(slots=True)
class Size:
    """How large what a field holds may be: characters, items of a list; `others`: or anything."""

    text: int = 0
    items: int = 0
    others: bool = False


def size_of(held: Held) -> Size:
    """The size of the largest value that is held."""
    size = Size()
    for part, _ in held.parts:
        if isinstance(part, Texts):
            size.text = max(size.text, LONGEST_TEXT if part.longest is None else part.longest)
        elif isinstance(part, Lists):
            size.items = max(size.items, part.longest)
        elif isinstance(part, One) and isinstance(part.value, str):
            size.text = max(size.text, len(part.value))
        elif isinstance(part, One) and isinstance(part.value, list | dict):
            size.others = True
        elif not isinstance(part, One):
            size.others = size.others or not hasattr(part, "low")
    return size


def cost(leaf: Leaf, size: Callable[[str], Size]) -> int | None:
    """The most steps that the leaf takes, whatever the fields hold; None where it may come to no result."""
    if leaf.root and operation(leaf.rule)[0] in _ARITHMETIC:
        return None  # the result may be no number
    return _cost(leaf.rule, size, "")


def _cost(rule: Any, size: Callable[[str], Size], inside: str) -> int | None:
    if isinstance(rule, str):
        return len(rule) >> 5
    if isinstance(rule, list):
        if any(isinstance(item, dict | list) for item in rule):
            return None
        return len(rule) + sum(len(item) >> 5 for item in rule if isinstance(item, str))
    name, operands = operation(rule)
    if not name:
        return 0
    if path := path_of(rule):
        found = size(path)
        wide = inside in ORDER or inside in _PARTS_OF_TEXT
        if (found.others or found.items) and inside in _CONVERTING and not (inside == "in" and not found.others):
            return None
        return 1 + (found.text >> 5) + found.items + (5 * found.text if wide else 0)
    if name in ("missing", "missing_some"):
        listed = operands[0] if operands and isinstance(operands[0], list) else operands
        return 4 * len(listed) + 4 if all(isinstance(one, str) for one in listed) and name == "missing" else None
    if name in QUANTIFIERS and len(operands) > 1:
        path = path_of(operands[0])
        if not path or size(path).others or not isinstance(operands[1], dict):
            return None
        item = _cost(operands[1], lambda _: Size(text=_LITERAL), "")
        return None if item is None else size(path).items * (weight(operands[1]) + item)
    if name not in _LOGIC and name not in _CONVERTING and name not in STRICT:
        return None
    # Only where neither text is ASCII alone, both are rewritten to be compared.
    plain = any(isinstance(operand, str) and operand.isascii() for operand in operands)
    numeric = any(isinstance(operand, int | float) for operand in operands)
    around = "==" if (plain or numeric) and (name in ORDER or name in _PARTS_OF_TEXT) else name
    whole = 0
    for operand in operands:
        part = _cost(operand, size, "in" if name == "in" else around)
        if part is None:
            return None
        whole += part
    return whole
