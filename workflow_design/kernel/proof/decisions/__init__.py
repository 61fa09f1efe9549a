"""Whether conditions always lead on: gaps, overlaps, conditions that are never true, and what data a run ends with.

Three steps, so that a solver never runs in the process that asks: `quick` decides nearly everything in milliseconds and
gives the rest as questions; `solve` answers one of them, in a child process; `finish` turns the answers into problems.
`docs/decisions.md` tells what is decided and how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof.decisions.deciding import Deciding
from workflow_design.kernel.proof.net import Net

__all__ = ["Question", "finish", "quick", "solve"]


@dataclass(frozen=True)
class Question:
    """What `quick` leaves open of one split. `payload` is JSON: what `solve` is asked."""

    payload: dict[str, Any]


def quick(bundle: Mapping[str, Any], net: Net) -> tuple[list[Problem], list[Question]]:
    """What is decided at once, and what is left to `solve`; `net` is that of the compiled bundle."""
    deciding = Deciding(bundle, net)
    deciding.run()
    return deciding.problems, []


def solve(question: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The answer to the payload of a question, within about that time."""
    return {"results": []}


def finish(questions: Sequence[Question], answers: Sequence[dict[str, Any] | None]) -> list[Problem]:
    """The problems that the answers show; None for one that there is no answer to."""
    return []
