"""Every split of a definition: decided at once, or asked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import partial
from time import thread_time
from typing import Any

from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof.decisions.asking import MAX_ASKED, payload_of, worth_asking
from workflow_design.kernel.proof.decisions.cells import Held
from workflow_design.kernel.proof.decisions.facts import Facts
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.decisions.model import Model, model_of
from workflow_design.kernel.proof.decisions.plain import compared_field, goes_both_ways
from workflow_design.kernel.proof.decisions.rules import TooLargeError, names_in
from workflow_design.kernel.proof.decisions.splits import Claims, Findings, Split, judge, splits_of
from workflow_design.kernel.proof.decisions.state import check_forms, check_state
from workflow_design.kernel.proof.decisions.transforms import check_computing, check_transforms
from workflow_design.kernel.proof.decisions.words import NO_DEFAULT, NO_RESULT, TOO_LARGE, TOO_LATE, Reports

MAX_SECONDS = 1.0
"""Of the processor, for all splits of a definition; the rest is unproved."""
MAX_ROUNDS = 3
"""How often it is looked again at what is left, once some ways are known never to be taken."""


@dataclass(frozen=True)
class Question:
    """What is left open of one split. `payload` is JSON: what a solver is asked; the rest is for its answer."""

    payload: dict[str, Any]
    split: Split
    ticket: str
    model: Model
    claims: Claims
    reports: Reports
    alone: bool
    """Whether it speaks of all tickets, not of those of one type."""


class Deciding:
    """The splits of one bundle."""

    def __init__(self, bundle: Mapping[str, Any], ground: Ground, until: float | None = None) -> None:
        self.bundle = bundle
        self.net = ground.net
        self.ground = ground
        self.facts = Facts(self.ground)
        self.reports = Reports(self.ground)
        self.until = thread_time() + MAX_SECONDS if until is None else until
        self.problems: list[Problem] = []
        self.questions: list[Question] = []
        self.never: set[int] = set()

    def run(self) -> None:
        """Fills `problems` and `questions`. What is behind ways that are never taken isn't said, nor what it writes."""
        self._look()
        for _ in range(MAX_ROUNDS):
            if not self.never & self.net.possible or not (self.questions or any(map(_grave, self.problems))):
                return
            net = copy(self.net)
            net.possible = self.net.possible - self.never
            again = Deciding(self.bundle, Ground(self.bundle, net, self.ground.fields), self.until)
            again._look()
            if thread_time() > self.until:
                return
            self.net, self.ground, self.never = net, again.ground, again.never
            self.problems, self.questions = again.problems, again.questions

    def _look(self) -> None:
        for split in splits_of(self.net.graph):
            if split.task is not None and split.task not in self.ground.reached:
                continue
            rules = [rule for _, rule in split.conditions]
            if not rules or (len(split.exits) == 1 and rules[0] is True):
                continue
            indexes = [index for index, rule in split.conditions if rule is not True]
            if thread_time() > self.until:
                self.problems.append(self.reports.unproved(split, TOO_LATE, indexes))
                continue
            try:
                self._split(split, rules, indexes)
            except TooLargeError:
                self.problems.append(self.reports.unproved(split, TOO_LARGE, indexes))
        self.problems += check_state(self.ground)
        self.problems += check_transforms(self.ground)
        self.problems += check_computing(self.ground)
        self.problems += check_forms(self.ground)

    def _split(self, split: Split, rules: list[Any], indexes: list[int]) -> None:
        names = {path for rule in rules for path in names_in(rule) or ()}
        names |= self.facts.names(split.task, split.event)  # ticket types may differ in what has led here alone
        tickets: list[tuple[str, dict[str, Held]]] = []
        for ticket in self.ground.tickets:
            holds = {name: self.ground.held(split.task, split.event, ticket, name) for name in sorted(names)}
            if any(not hold.parts for hold in holds.values()):
                continue  # no ticket of this type comes here
            if not any(holds == other for _, other in tickets):
                tickets.append((ticket, holds))
        field = compared_field(split, rules)
        found = [
            (ticket, [], Findings())
            if field is not None and goes_both_ways(rules[0], field, holds[field])
            else (ticket, *self._judged(split, rules, ticket, len(tickets) == 1))
            for ticket, holds in tickets
        ]
        if not found:
            self.never.update(split.exits)
            return
        self.never |= set.intersection(*(findings.dead for _, _, findings in found))
        self._report(split, found, indexes)

    def _judged(self, split: Split, rules: list[Any], ticket: str, alone: bool) -> tuple[list[str], Findings]:
        """What it reads, what there is to say of it; first without what has led here: most splits don't need that."""
        held = partial(self.ground.held, split.task, split.event, ticket)
        fill = partial(self.ground.filled, split.task, split.event, ticket)
        model = model_of(rules, held)
        claims = Claims(split, fill, None)
        findings = None if model.space_or_none is None else judge(split, model, claims, with_fact=False)
        with_fact = False
        fact = self.facts.after(split.task, split.event) if findings is None or findings.anything else None
        if fact is not None:
            claims = Claims(split, fill, fact)
            may_fail = model.may_fail
            with suppress(TooLargeError):
                model, with_fact = model_of([*rules, fact], held), True
            model.may_fail = may_fail  # the fact isn't evaluated here
            findings = None if model.space_or_none is None else judge(split, model, claims, with_fact=with_fact)
        asks = self._asks(split, model, findings)
        if asks:
            payload = payload_of(split, model, asks, with_fact=with_fact)
            self.questions.append(Question(payload, split, ticket, model, claims, self.reports, alone))
        return model.names, findings or Findings(open={"error"} if model.may_fail else set())

    def _asks(self, split: Split, model: Model, findings: Findings | None) -> list[str]:
        if findings is not None:
            if "gap" not in findings.open or not worth_asking(model):
                return []
            findings.open.discard("gap")
            return ["gap"]
        listed = [split.graph.transitions[index] for index, _ in split.conditions]
        asks = ["gap" if split.default is None else "default", "error"]
        asks += [f"taken {place}" for place in range(len(listed))]
        if split.exclusive:
            asks += [
                f"overlap {place} {place + 1}"
                for place in range(len(listed) - 1)
                if listed[place].priority == listed[place + 1].priority
            ]
        return asks[:MAX_ASKED]

    def _report(self, split: Split, found: list[tuple[str, list[str], Findings]], indexes: list[int]) -> None:
        said: set[Any] = set()
        for ticket, names, findings in found:
            if findings.error and "error" not in said:
                said.add("error")
                transition, data = findings.error
                self.problems.append(self.reports.error(split, ticket, data, names, transition))
            if findings.gap is not None and "gap" not in said:
                said.add("gap")
                self.problems.append(self.reports.gap(split, ticket, findings.gap, names))
            for pair, data in findings.overlaps.items():
                if pair not in said:
                    said.add(pair)
                    self.problems.append(self.reports.overlap(split, *pair, data, names))
        for index in sorted(set.intersection(*(findings.dead for _, _, findings in found))):
            self.problems.append(self.reports.dead(split, index))
        opened = set().union(*(findings.open for _, _, findings in found))
        if "gap" in opened and "gap" not in said:
            self.problems.append(self.reports.unproved(split, NO_DEFAULT, indexes))
        if "error" in opened and "error" not in said:
            self.problems.append(self.reports.unproved(split, NO_RESULT, indexes))


def _grave(problem: Problem) -> bool:
    return problem.severity != "warning"
