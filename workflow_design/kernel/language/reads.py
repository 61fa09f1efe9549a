"""Which variables a rule reads, told without running it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from workflow_design.kernel.language.compiler import is_literal
from workflow_design.kernel.language.paths import dotted_path

LOOPS: Final = frozenset({"map", "filter", "reduce", "all", "some", "none"})


@dataclass(slots=True)
class Reads:
    """Dotted paths, root first. `everything` is set where a path is computed or names the whole data."""

    paths: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)  # read where the rule does not say what an absent value means
    everything: bool = False

    def rule(self, rule: Any, *, outer: bool = True) -> None:
        """Adds what `rule` reads; `outer` is false where its data is an item of a list, whose reads don't count."""
        if isinstance(rule, list):
            for item in rule:
                if isinstance(item, dict | list):
                    self.rule(item, outer=outer)
        if not isinstance(rule, dict):
            return
        ((name, raw),) = rule.items()
        operands = raw if isinstance(raw, list) else [raw]
        if name in LOOPS:
            self.rule(operands[:1], outer=outer)
            self.rule(operands[1:2], outer=False)
            self.rule(operands[2:], outer=outer)
            return
        self.rule(operands, outer=outer)
        if not outer:
            return
        if name == "var":
            self._path(operands[0] if operands else "", has_default=len(operands) > 1)
        elif name in ("missing", "missing_some"):
            listed = operands if name == "missing" else operands[1:2]
            if listed and isinstance(listed[0], list):
                listed = listed[0]
            for path in listed:
                self._path(path, has_default=True)

    def _path(self, path: Any, *, has_default: bool) -> None:
        dotted = dotted_path(path) if is_literal(path) and not isinstance(path, list) else ""
        if not dotted:
            self.everything = True
            return
        self.paths.add(dotted)
        if not has_default:
            self.bare.add(dotted)


def unknown_roots(reads: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """The first keys of `reads` that are not `allowed`, sorted, each once."""
    known = set(allowed)
    return sorted({read.partition(".")[0] for read in reads} - known)
