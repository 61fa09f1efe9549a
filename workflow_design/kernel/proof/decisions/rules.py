"""A condition as a tree of "and", "or", "not" and "if" over leaves, of which only the truth counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import floor
from typing import Any, Literal

from workflow_design.kernel.language.compiler import is_literal
from workflow_design.kernel.language.paths import dotted_path
from workflow_design.kernel.language.reads import Reads
from workflow_design.kernel.language.values import truthy
from workflow_design.kernel.schemas import canonical_text

Kind = Literal["constant", "leaf", "not", "and", "or", "if", "least"]
MAX_LEAVES = 2_000
MAX_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Node:
    """`number`: of the leaf; how many `parts` must be true at least; `if` has condition, consequence, …, else."""

    kind: Kind
    number: int = 0
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A rule without "and" and the like. `names`: the paths that it reads, None where that can't be told. `given`: when
    its value is the result of the whole condition, which, if it is a number, must be a finite one (IF_FALSE, IF_TRUE).
    """

    rule: Any
    given: int
    names: tuple[str, ...] | None


IF_FALSE, IF_TRUE = 1, 2


NEVER_A_NUMBER = frozenset(
    {"==", "!=", "===", "!==", "<", "<=", ">", ">=", "some", "all", "none", "in", "missing", "var"}
)
"""Or one of the data, which is finite."""


class TooLargeError(Exception):
    """More than can be looked at."""


@dataclass(slots=True)
class Trees:
    """The trees of several conditions over the same leaves. `uses[i]`: how often leaf i occurs."""

    leaves: list[Leaf] = field(default_factory=list)
    uses: list[int] = field(default_factory=list)
    nodes: int = 0
    _known: dict[tuple[str, int], int] = field(default_factory=dict)

    def tree(self, rule: Any, given: int = IF_FALSE | IF_TRUE) -> Node:
        """Raises TooLargeError."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise TooLargeError
        if not isinstance(rule, dict):
            if is_literal(rule):
                return Node("constant", int(rule is None or truthy(rule)))
            return self._leaf(rule, given)
        ((name, raw),) = rule.items()
        operands = raw if isinstance(raw, list) else [raw]
        if not operands:
            return self._leaf(rule, given)
        if name == "!":
            return Node("not", 0, (self._inner(operands[0]),))
        if name == "!!":
            return self._inner(operands[0])
        if name in ("and", "or"):
            # "and" gives its first false operand, "or" its first true one, both else the last.
            first = given & (IF_FALSE if name == "and" else IF_TRUE)
            parts = tuple(self._inner(operand, first) for operand in operands[:-1])
            return Node("and" if name == "and" else "or", 0, (*parts, self._inner(operands[-1], given)))
        if name in ("if", "?:"):
            last = len(operands) - 1
            parts = tuple(
                self._inner(operand, given if place % 2 == 1 or place == last else 0)
                for place, operand in enumerate(operands)
            )
            return Node("if", 0, parts if len(parts) % 2 else (*parts, Node("constant", 0)))
        if name == "missing" and (paths := _paths(operands)):
            return Node("or", 0, tuple(self._leaf({"missing": [path]}, 0) for path in paths))
        if name == "missing_some" and len(operands) > 1 and isinstance(operands[1], list):
            paths, needed = _paths([operands[1]]), operands[0]
            if paths and isinstance(needed, int | float) and not isinstance(needed, bool):
                least = max(1, len(paths) - floor(needed) + (needed == floor(needed)))
                least = min(least, len(paths) + 1)  # never, whatever else is asked
                return Node("least", least, tuple(self._leaf({"missing": [path]}, 0) for path in paths))
        return self._leaf(rule, given)

    def _inner(self, rule: Any, given: int = 0) -> Node:
        """A part of a rule: a null in it is false."""
        return Node("constant", 0) if rule is None else self.tree(rule, given)

    def _leaf(self, rule: Any, given: int) -> Node:
        name, operands = operation(rule)
        if name in NEVER_A_NUMBER and not (name == "var" and any(isinstance(one, dict) for one in operands[1:])):
            given = 0
        key = canonical_text(rule), given
        number = self._known.get(key)
        if number is None:
            if len(self.leaves) >= MAX_LEAVES:
                raise TooLargeError
            number = self._known[key] = len(self.leaves)
            self.leaves.append(Leaf(rule, given, names_in(rule)))
            self.uses.append(0)
        self.uses[number] += 1
        return Node("leaf", number)


def _paths(operands: list[Any]) -> list[str] | None:
    listed = operands[0] if isinstance(operands[0], list) else operands
    return listed if listed and all(isinstance(path, str) and path for path in listed) else None


def names_in(rule: Any) -> tuple[str, ...] | None:
    """The paths that a rule reads, in order; None where that can't be told."""
    reads = Reads()
    reads.rule(rule)
    return None if reads.everything else tuple(sorted(reads.paths))


def path_of(rule: Any) -> str | None:
    """The dotted path that `{"var": path}` reads, with a plain default or none; None for any other rule."""
    if not isinstance(rule, dict) or rule.keys() != {"var"}:
        return None
    raw = rule["var"]
    operands = raw if isinstance(raw, list) else [raw]
    if not operands or not is_literal(operands[0]) or isinstance(operands[0], list):
        return None
    if len(operands) > 1 and (isinstance(operands[1], dict | list)):
        return None
    return dotted_path(operands[0]) or None


def operation(rule: Any) -> tuple[str, list[Any]]:
    """Operator and operands; an empty name for what is no operation."""
    if not isinstance(rule, dict):
        return "", []
    ((name, raw),) = rule.items()
    return name, raw if isinstance(raw, list) else [raw]


def leaves_below(node: Node) -> Iterator[int]:
    """The numbers of the leaves of a tree."""
    if node.kind == "leaf":
        yield node.number
    for part in node.parts:
        yield from leaves_below(part)
