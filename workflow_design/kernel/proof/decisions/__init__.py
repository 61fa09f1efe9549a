"""Whether conditions always lead on: gaps, overlaps, conditions that are never true, and what data a run ends with.

Three steps, so that a solver never runs in the process that asks: `quick` decides nearly everything in milliseconds and
gives the rest as questions; `solve` answers one of them, in a child process; `finish` turns the answers into problems.
`docs/decisions.md` tells what is decided and how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof.decisions.deciding import Deciding, Question
from workflow_design.kernel.proof.decisions.finishing import problems_of
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.net import Net

__all__ = ["Question", "finish", "quick", "solve"]


def quick(bundle: Mapping[str, Any], net: Net, ground: Ground | None = None) -> tuple[list[Problem], list[Question]]:
    """What is decided at once, in bounded time, and what is left to `solve`; `net` is that of the compiled bundle,
    `ground` theirs where it is made already.
    """
    deciding = Deciding(bundle, ground or Ground(bundle, net))
    deciding.run()
    return deciding.problems, deciding.questions


def solve(question: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The answer to the `payload` of a question, JSON too, within about that time. It loads z3: never in a process that
    serves requests.
    """
    from workflow_design.kernel.proof.decisions.solver import answer

    return answer(question, seconds)


def finish(questions: Sequence[Question], answers: Sequence[dict[str, Any] | None]) -> list[Problem]:
    """The problems that the answers show, one for each question in its order; None: there was none in time."""
    return problems_of(questions, answers)
