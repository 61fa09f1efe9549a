"""What the proof says of random splits, held against the evaluator on sampled tickets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from workflow_design.kernel.engine.routing import RoutingError, choose
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.language import EvaluationError
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof.decisions import finish, quick, solve
from workflow_design.kernel.proof.net import net_of
from workflow_design.kernel.schemas import compile_schema

from .decisions_cases import Case

SECONDS = 2.0
ASK = 0


def decided(bundle: dict[str, Any]) -> list[Problem]:
    """All that is said of the decisions of a bundle, the solver's answers included."""
    problems, questions = quick(bundle, net_of(compile_graph(bundle)))
    return problems + finish(questions, [solve(question.payload, SECONDS) for question in questions])


@dataclass
class Comparison:
    """Counts what came out, and keeps what can't be."""

    mix: Counter[str] = field(default_factory=Counter)
    contradicted: list[Any] = field(default_factory=list)

    def add(self, seed: int, samples: int, *, undecidable: bool = False) -> None:
        case = Case(Random(seed), undecidable=undecidable)
        problems = decided(case.bundle)
        codes = {problem.code for problem in problems}
        severities = {problem.severity for problem in problems}
        verdict = "unproved" if "unproved" in severities else "refuted" if "error" in severities else "proved"
        self.mix[verdict] += 1
        self.mix.update(f"code {code}" for code in codes)
        self.mix.update(f"field {kind}" for kind, _ in case.fields.values())
        self.mix.update(f"operator {name}" for name in case.used)
        self.mix["default"] += case.default
        tickets = case.tickets(samples)
        seen = Seen(case, tickets[0] if tickets else {})
        for problem in problems:
            if problem.counterexample is not None:
                self.mix["counterexamples"] += 1
                if not seen.shows(problem):
                    self.contradicted.append((seed, "not replayed", problem))
        for data in tickets:
            self.mix["tickets"] += 1
            outcome, taken, both = seen.outcome(data)
            if outcome and outcome not in codes and verdict != "unproved":
                self.contradicted.append((seed, outcome, data))
            # An overlap is a warning: where nothing is decided, that there is none isn't claimed.
            if not undecidable and verdict != "unproved" and both and "overlap" not in codes:
                self.contradicted.append((seed, "overlap", data))
            for problem in problems:
                if problem.code == "dead_condition" and problem.transition in taken:
                    self.contradicted.append((seed, "not dead", problem.transition, data))

    @property
    def share_decided(self) -> float:
        """Of all cases, how many were proved or refuted."""
        whole = self.mix["proved"] + self.mix["refuted"] + self.mix["unproved"]
        return (self.mix["proved"] + self.mix["refuted"]) / whole


class Seen:
    """What the engine does with data after the task "ask"."""

    def __init__(self, case: Case, any_ticket: dict[str, Any]) -> None:
        self.graph = compile_graph(case.bundle)
        self.task = self.graph.tasks[ASK]
        self.exits = self.task.exits["completed"]
        self.checker = compile_schema(case.bundle["tasks"][ASK]["output_schema"])
        self.any_ticket = any_ticket

    def outcome(self, data: dict[str, Any]) -> tuple[str, list[int], bool]:
        """("gap", "condition_fails" or "", what is taken, whether two of equal priority are true)."""
        about = {"key": "ask", "outcome": "completed", "assignee": 7}
        seen = {**data, "_ticket": {"id": 1}, "_task": about}
        try:
            taken = choose(self.graph, self.task.split, self.exits, seen, [])
        except RoutingError as error:
            return ("gap" if error.code == "no_transition" else "condition_fails"), [], False
        both = False
        if self.task.split == "exclusive":
            priority = self.graph.transitions[taken[0]].priority
            others = [
                index
                for index in self.exits
                if index not in taken
                and self.graph.transitions[index].priority == priority
                and not self.graph.transitions[index].is_default
                and not self.graph.transitions[taken[0]].is_default
            ]
            for index in others:
                rule = self.graph.rule(index)
                try:
                    both = both or rule is None or rule.condition.evaluate(seen)
                except EvaluationError:
                    continue
        return "", taken, both

    def shows(self, problem: Problem) -> bool:
        """Whether the counterexample is a possible output and does what the problem says."""
        assert problem.counterexample is not None
        outcome, _, both = self.outcome(problem.counterexample)
        read = {name for index in self.exits if (rule := self.graph.rule(index)) for name in rule.condition.reads}
        unread = {name: value for name, value in self.any_ticket.items() if name not in read}
        fits = self.checker.is_valid({**unread, **problem.counterexample})
        return fits and (both if problem.code == "overlap" else outcome == problem.code)
