"""Whether every run of a definition can end, and reads what is there: definition in, problems out.

`flow` and `data` take what decisions come to for free: a condition may be true or false whatever a ticket holds, so
that what they say holds for all values. `decisions` looks at the values, and `loops` at those that stay as they are
while a run goes round. `docs/checks.md` lists the codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow_design.kernel import structure
from workflow_design.kernel.graph import Graph
from workflow_design.kernel.limits import MAX_PROBLEMS
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof import decisions
from workflow_design.kernel.proof.data import check_reads
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.flow import Flow, flow
from workflow_design.kernel.proof.loops import check_loops
from workflow_design.kernel.proof.messages import flow_problems
from workflow_design.kernel.proof.net import Net, net_of
from workflow_design.kernel.proof.process import solve_all
from workflow_design.kernel.proof.writers import check_writers

__all__ = ["Proof", "check", "prove"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What is wrong with a definition by itself. `proved`: no ticket of it can get stuck, as far as `assumptions`
    hold, sentences about the world outside.
    """

    problems: list[Problem]
    proved: bool
    assumptions: list[str]

    @property
    def decided(self) -> bool:
        """Whether nothing is open that more time could have told."""
        return not any(problem.severity == "unproved" for problem in self.problems)


def prove(bundle: Mapping[str, Any]) -> Proof:
    """All that can be said of a bundle in normal form by itself: structure, flow, data, decisions and loops.

    Takes up to some seconds, most of them in another process: nobody should wait for a lock meanwhile. What can't be
    decided in time is `unproved`.
    """
    made = structure.made_of(bundle)
    problems = structure.check(bundle, made)
    broken = any(problem.severity == "error" for problem in problems)
    net = _net(made)
    if net is not None:
        found = flow(net)
        ground = Ground(bundle, net, made.fields.fields)
        problems += _flow_and_data(ground, found)
        if not broken:  # else conditions and schemas may be no such thing
            problems += _decisions(ground)
            problems += check_loops(bundle, found, _never_taken(problems), ground)
    proved = net is not None and all(problem.severity == "warning" for problem in problems)
    return Proof(problems, proved, structure.assumptions(bundle))


def check(bundle: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with flow and data alone; nothing where it is no graph or has no task, which the structure checks
    say.
    """
    net = _net(structure.made_of(bundle))
    return [] if net is None else _flow_and_data(Ground(bundle, net), flow(net))


def _net(made: structure.Made) -> Net | None:
    return net_of(made.graph) if isinstance(made.graph, Graph) else None


def _flow_and_data(ground: Ground, found: Flow) -> list[Problem]:
    return [*flow_problems(found), *check_writers(found), *check_reads(ground.bundle, ground.known, MAX_PROBLEMS)]


def _never_taken(problems: list[Problem]) -> set[int]:
    return {
        problem.transition
        for problem in problems
        if problem.code == "dead_condition" and problem.transition is not None
    }


def _decisions(ground: Ground) -> list[Problem]:
    problems, questions = decisions.quick(ground.bundle, ground.net, ground)
    answers = solve_all([question.payload for question in questions])
    return [*problems, *decisions.finish(questions, answers)]
