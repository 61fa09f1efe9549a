"""What a condition comes to, as sets: the same for bits of points and for formulas of a solver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from workflow_design.kernel.proof.decisions.rules import Node


class Set(Protocol):
    """Something with "and", "or" and "not"."""

    def __and__(self: S, other: S) -> S: ...
    def __or__(self: S, other: S) -> S: ...
    def __invert__(self: S) -> S: ...


S = TypeVar("S", bound=Set)


class Evaluation(Generic[S]):
    """Follows the language: "and" goes on while it is true, "or" while it is false, and an error ends both. `leaf`
    gives where a leaf is true, and where it ends in an error.
    """

    def __init__(self, everything: S, nothing: S, leaf: Callable[[int], tuple[S, S]]) -> None:
        self.everything, self.nothing = everything, nothing
        self._leaf = leaf
        self._known: dict[int, tuple[S, S]] = {}

    def of(self, node: Node) -> tuple[S, S]:
        """Where a tree is true, and where it ends in an error."""
        kind = node.kind
        if kind == "constant":
            return (self.everything if node.number else self.nothing), self.nothing
        if kind == "leaf":
            if node.number not in self._known:
                self._known[node.number] = self._leaf(node.number)
            return self._known[node.number]
        if kind == "not":
            true, error = self.of(node.parts[0])
            return self.everything & ~(true | error), error
        if kind == "if":
            return self._choice(node)
        if kind == "least":
            return self._least(node)
        going, found, errors = self.everything, self.nothing, self.nothing
        for part in node.parts:
            true, error = self.of(part)
            errors = errors | (going & error)
            if kind == "and":
                going = going & true
            else:
                found = found | (going & true)
                going = going & ~(true | error)
        return (going if kind == "and" else found), errors

    def _choice(self, node: Node) -> tuple[S, S]:
        going, found, errors = self.everything, self.nothing, self.nothing
        *branches, otherwise = node.parts
        for condition, consequence in zip(branches[::2], branches[1::2], strict=True):
            asked, failed = self.of(condition)
            true, error = self.of(consequence)
            errors = errors | (going & (failed | (asked & error)))
            found = found | (going & asked & true)
            going = going & ~(asked | failed)
        true, error = self.of(otherwise)
        return found | (going & true), errors | (going & error)

    def _least(self, node: Node) -> tuple[S, S]:
        counts = [self.everything] + [self.nothing] * node.number
        for part in node.parts:
            true, _ = self.of(part)
            for place in range(node.number, 0, -1):
                counts[place] = counts[place] | (counts[place - 1] & true)
        return counts[node.number], self.nothing


@dataclass
class Outcome(Generic[S]):
    """`asked[i]`, `true[i]`, `taken[i]`: where condition i is evaluated, holds, leads on; `none`: where nothing does;
    `failing`: where an evaluation ends in an error.
    """

    none: S
    failing: S
    asked: list[S] = field(default_factory=list)
    true: list[S] = field(default_factory=list)
    taken: list[S] = field(default_factory=list)
    errors: list[S] = field(default_factory=list)


def outcome(evaluation: Evaluation[S], trees: Sequence[Node], here: S, *, exclusive: bool) -> Outcome[S]:
    """What a split does with its conditions, `here` being all that can come to it."""
    found = Outcome(here, evaluation.nothing)
    taken_by_any = evaluation.nothing
    for tree in trees:
        true, error = evaluation.of(tree)
        asked = found.none if exclusive else here
        found.failing = found.failing | (asked & error)
        found.asked.append(asked)
        found.true.append(true)
        found.errors.append(asked & error)
        found.taken.append(asked & true)
        taken_by_any = taken_by_any | (asked & true)
        if exclusive:
            found.none = asked & ~(true | error)
    if not exclusive:
        found.none = here & ~(taken_by_any | found.failing)
    return found
