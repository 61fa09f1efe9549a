"""Whether conditions always lead on: gaps, overlaps, conditions that are never true, and what data a run ends with.

Three steps, so that a solver never runs in the process that asks: `quick` decides nearly everything in milliseconds and
gives the rest as questions; `solve` answers one of them, in a child process; `finish` turns the answers into problems.
`docs/decisions.md` tells what is decided and how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.proof.net import Net

__all__ = ["Question", "finish", "quick", "solve"]


@dataclass(frozen=True)
class Question:
    """What `quick` leaves open of one split. `payload` is JSON: what `solve` is asked."""

    payload: dict[str, Any]
    task: int | None
    event: str


def quick(bundle: Mapping[str, Any], net: Net) -> tuple[list[Problem], list[Question]]:
    """What is decided at once, and what is left to `solve`; `net` is that of the compiled bundle."""
    problems = []
    for task, _, exits in _splits(net):
        transitions = [net.graph.transitions[index] for index in exits]
        conditional = [way for way in transitions if way.condition is not None]
        if conditional:
            key = None if task is None else net.graph.tasks[task].key
            message = "It is not known whether these conditions always lead on."
            path = pointer("transitions", conditional[0].index, "condition")
            problems.append(
                Problem("unproved", "decision_unproved", message, path, task=key, transition=conditional[0].index)
            )
    return problems, []


def solve(question: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The answer to the payload of a question, within about that time."""
    return {"results": []}


def finish(questions: Sequence[Question], answers: Sequence[dict[str, Any] | None]) -> list[Problem]:
    """The problems that the answers show; None for one that there is no answer to."""
    return []


def _splits(net: Net) -> list[tuple[int | None, str, tuple[int, ...]]]:
    found: list[tuple[int | None, str, tuple[int, ...]]] = [(None, "completed", net.graph.starts)]
    for task in net.graph.tasks:
        found += [(task.index, event, exits) for event, exits in task.exits.items()]
    return found
