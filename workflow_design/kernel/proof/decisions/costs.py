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
from workflow_design.kernel.schemas import canonical_text

LONGEST_TEXT, LONGEST_LIST = 20_000, 1_000
"""Characters of a text and items of a list whose schemas say nothing: an assumption that is told."""
_LONGEST_DATE = 10
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "min", "max"})
_PARTS_OF_TEXT = frozenset({"in", "startsWith", "endsWith"})
_CONVERTING = (ORDER | EQUALITY | _ARITHMETIC | _PARTS_OF_TEXT) - STRICT
_LOGIC = frozenset({"and", "or", "!", "!!", "if", "?:"})
_ITEM = {"var": ""}


@dataclass(slots=True)
class Size:
    """How large what a field holds may be: characters, items of a list and their characters; `others`: or anything."""

    text: int = 0
    items: int = 0
    item: int = 0
    others: bool = False


def size_of(held: Held) -> Size:
    """The size of the largest value that is held."""
    size = Size()
    for part, _ in held.parts:
        if isinstance(part, Texts):
            unknown = _LONGEST_DATE if part.form == "date" else LONGEST_TEXT
            size.text = max(size.text, unknown if part.longest is None else part.longest)
        elif isinstance(part, Lists):
            size.items = max(size.items, LONGEST_LIST if part.longest is None else part.longest)
            size.item = max(size.item, *(len(item) for item in part.items if isinstance(item, str)), 0)
        elif isinstance(part, One) and isinstance(part.value, str):
            size.text = max(size.text, len(part.value))
        elif isinstance(part, One) and isinstance(part.value, list | dict):
            size.others = True
        elif not isinstance(part, One):
            size.others = size.others or not hasattr(part, "low")
    return size


def walks(path: str) -> bool:
    """Whether a path may lead into a list or a text: through a text of other characters than ASCII that takes long."""
    return any(step == "length" or step.isdecimal() for step in path.split(".")[1:])


def cost(leaf: Leaf, size: Callable[[str], Size]) -> int | None:
    """The most steps that the leaf takes, whatever the fields hold; None where it may come to no result."""
    if leaf.names is None or any(walks(name) for name in leaf.names):
        return None
    if leaf.given and operation(leaf.rule)[0] in _ARITHMETIC:
        return None  # the result may be no number
    return _cost(leaf.rule, size)


def _cost(rule: Any, size: Callable[[str], Size], *, converts: bool = False, splits: bool = False) -> int | None:
    """`converts`: what the rule gives is made a text or a number; `splits`: its characters are looked at one by one."""
    if isinstance(rule, str):
        return len(rule) >> 5
    if isinstance(rule, list):
        if any(isinstance(item, dict | list) for item in rule):
            return None
        return len(rule) + sum(len(item) >> 5 for item in rule if isinstance(item, str))
    name, operands = operation(rule)
    if not name:
        return 0
    path = "" if rule == _ITEM else path_of(rule)
    if path is not None:
        if walks(f".{path}" if path in ("length",) or path.isdecimal() else path):
            return None
        found = size(path)
        if converts and (found.others or found.items):
            return None
        return 1 + (found.text >> 5) + found.items + (5 * found.text if splits else 0)
    if name == "missing":
        listed = operands[0] if operands and isinstance(operands[0], list) else operands
        return 4 * len(listed) + 4 if all(isinstance(one, str) for one in listed) else None
    if name in QUANTIFIERS and len(operands) > 1:
        path = path_of(operands[0])
        if not path or size(path).others or not isinstance(operands[1], dict):
            return None
        longest = size(path).item
        item = _cost(operands[1], lambda _: Size(text=longest))
        return None if item is None else size(path).items * (weight(operands[1]) + item)
    if name not in _LOGIC and name not in _CONVERTING and name not in STRICT:
        return None
    if name in _CONVERTING and not (name in EQUALITY and None in operands):  # null is compared without conversion
        converts = True
        # Only where neither text is ASCII alone, both are rewritten to be compared.
        plain = any(not isinstance(operand, dict) and canonical_text(operand).isascii() for operand in operands)
        splits = splits or (not plain and (name in ORDER or name in _PARTS_OF_TEXT))
    whole = 0
    for place, operand in enumerate(operands):
        searched = name == "in" and place == 1
        part = _cost(
            operand, size, converts=converts and not (searched and not _may_be_other(operand, size)), splits=splits
        )
        if part is None:
            return None
        whole += part
    return whole


def _may_be_other(rule: Any, size: Callable[[str], Size]) -> bool:
    path = path_of(rule)
    return path is None or size(path).others
