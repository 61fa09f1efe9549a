"""What was found of the splits, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workflow_design.kernel.language.render import render_condition
from workflow_design.kernel.problems import Problem, Severity, pointer
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.decisions.splits import Split
from workflow_design.kernel.schemas import canonical_text

NO_DEFAULT = "it is not known whether one of these conditions always holds; with a default something does"
NO_RESULT = "it is not known whether these conditions always come to a result, and don't end in an incident"
TOO_LARGE = "these conditions are too many or too large to be looked at together"
TOO_LATE = "these conditions were not looked at, since all of them together take too long"

_SHOWN = 6
_LONGEST = 80
_EVENTS = {"completed": "", "timeout": " timed out", "error": " failed"}


def _short(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def after(split: Split) -> str:
    """How a sentence about a split begins."""
    if split.task is None:
        return "At the start"
    return f'After "{split.graph.tasks[split.task].key}"{_EVENTS[split.event]}'


def target(split: Split, index: int) -> str:
    """Where a transition leads to."""
    end = split.graph.transitions[index].target
    return "the end" if end is None else f'"{split.graph.tasks[end].key}"'


def condition(split: Split, index: int) -> str:
    """The condition of a transition in words."""
    rule = split.graph.transitions[index].condition
    return "no condition" if rule is None else _short(render_condition(rule))


def values(data: Mapping[str, Any], names: Iterable[str]) -> str:
    """`amount is 1000 and region is not set`, of the fields that are read."""
    parts = []
    for name in dict.fromkeys(path.partition(".")[0] for path in names):
        if name in ("_task", "_ticket"):
            continue
        if name not in data:
            parts.append(f"{name} is not set")
        elif data[name] is None:
            parts.append(f"{name} is null")
        elif isinstance(data[name], str):
            parts.append(f'{name} is "{_short(data[name])}"' if data[name] else f"{name} is empty")
        else:
            parts.append(f"{name} is {_short(canonical_text(data[name]))}")
    if len(parts) > _SHOWN:
        parts = [*parts[:_SHOWN], "so on"]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else "whatever the ticket holds"


class Reports:
    """Makes the problems of one definition."""

    def __init__(self, ground: Ground) -> None:
        self._several = len(ground.tickets) > 1

    def _problem(
        self,
        severity: Severity,
        code: str,
        split: Split,
        message: str,
        transition: int,
        data: dict[str, Any] | None = None,
    ) -> Problem:
        task = None if split.task is None else split.graph.tasks[split.task].key
        path = pointer("transitions", transition)
        if split.graph.transitions[transition].condition is not None:
            path += "/condition"
        if transition >= split.graph.document_transitions:
            path = "/transitions"
        return Problem(severity, code, message, path, task=task, transition=transition, counterexample=data)

    def _ticket(self, ticket: str) -> str:
        return f' in a ticket of the type "{ticket}"' if self._several and ticket else ""

    def gap(self, split: Split, ticket: str, data: dict[str, Any], names: Iterable[str]) -> Problem:
        ways = [f"{condition(split, index)} (to {target(split, index)})" for index, _ in split.conditions]
        listed = "; ".join(ways[:4]) + ("; …" if len(ways) > 4 else "")
        message = (
            f"{after(split)}, no way on is open{self._ticket(ticket)} when {values(data, names)}: none of these holds "
            f"then: {listed}. Add a default, or widen a condition."
        )
        return self._problem("error", "gap", split, message, split.conditions[0][0], data)

    def error(self, split: Split, ticket: str, data: dict[str, Any], names: Iterable[str], transition: int) -> Problem:
        message = (
            f"{after(split)}, the condition to {target(split, transition)} comes to no result{self._ticket(ticket)} "
            f"when {values(data, names)}, and an incident stops the ticket: {condition(split, transition)}. "
            "Say what holds then."
        )
        return self._problem("error", "condition_fails", split, message, transition, data)

    def overlap(self, split: Split, earlier: int, later: int, data: dict[str, Any], names: Iterable[str]) -> Problem:
        message = (
            f"{after(split)}, two ways of equal priority are open when {values(data, names)}: to "
            f"{target(split, earlier)} ({condition(split, earlier)}) and to {target(split, later)} "
            f"({condition(split, later)}). The first in the list is taken: give them different priorities, make the "
            "last one the default, or narrow a condition."
        )
        return self._problem("warning", "overlap", split, message, later, data)

    def dead(self, split: Split, transition: int) -> Problem:
        if split.graph.transitions[transition].is_default:
            message = (
                f"{after(split)}, the default (to {target(split, transition)}) is never taken: another way is always "
                "open. Remove it, or narrow a condition."
            )
        else:
            why = "its condition is never true" + (
                ", or an earlier way is taken whenever it is" if split.exclusive else ""
            )
            message = (
                f"{after(split)}, the way to {target(split, transition)} is never taken: {why} "
                f"({condition(split, transition)}). Remove it, or change a condition."
            )
        return self._problem("warning", "dead_condition", split, message, transition)

    def unproved(self, split: Split, what: str, rules: Iterable[int]) -> Problem:
        shown = ", ".join(condition(split, index) for index in list(rules)[:3])
        message = f"{after(split)}, {what}: {shown}."
        return self._problem("unproved", "decision_unproved", split, message, split.conditions[0][0])
