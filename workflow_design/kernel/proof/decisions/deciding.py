"""Every split of a definition: decided at once, or asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any

from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof.decisions.cells import Held
from workflow_design.kernel.proof.decisions.facts import Facts
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.decisions.model import Model, model_of
from workflow_design.kernel.proof.decisions.rules import TooLargeError
from workflow_design.kernel.proof.decisions.splits import Claims, Findings, Split, judge, splits_of
from workflow_design.kernel.proof.decisions.words import Reports
from workflow_design.kernel.proof.net import Net

MAX_SECONDS = 1.0
"""For all splits of a definition; the rest is unproved."""

_NO_DEFAULT = "it is not known whether these conditions always lead on; a default would"
_NO_RESULT = "it is not known whether these conditions always come to a result"
_TOO_LARGE = "these conditions are too many or too large to be looked at together"
_TOO_LATE = "these conditions were not looked at, since all of them together take too long"


class Deciding:
    """The splits of one bundle."""

    def __init__(self, bundle: Mapping[str, Any], net: Net) -> None:
        self.net = net
        self.ground = Ground(bundle, net)
        self.facts = Facts(self.ground)
        self.reports = Reports(self.ground)
        self.until = monotonic() + MAX_SECONDS
        self.problems: list[Problem] = []

    def run(self) -> None:
        for split in splits_of(self.net.graph):
            rules = [rule for _, rule in split.conditions]
            if not rules or (len(split.exits) == 1 and rules[0] is True):
                continue
            indexes = [index for index, rule in split.conditions if rule is not True]
            if monotonic() > self.until:
                self.problems.append(self.reports.unproved(split, _TOO_LATE, indexes))
                continue
            try:
                self._split(split, rules, indexes)
            except TooLargeError:
                self.problems.append(self.reports.unproved(split, _TOO_LARGE, indexes))

    def _split(self, split: Split, rules: list[Any], indexes: list[int]) -> None:
        found: list[tuple[str, Model, Findings]] = []
        seen: list[list[Held]] = []
        for ticket in self.ground.tickets:
            held = partial(self.ground.held, split.task, split.event, ticket)
            model = model_of(rules, held)
            domains = [held(name) for name in model.names]
            if domains in seen:
                continue
            seen.append(domains)
            found.append((ticket, *self._judged(split, rules, ticket, held, model)))
        self._report(split, found, indexes)

    def _judged(
        self, split: Split, rules: list[Any], ticket: str, held: Callable[[str], Held], model: Model
    ) -> tuple[Model, Findings]:
        fill = partial(self.ground.filled, split.task, split.event, ticket)
        findings = judge(split, model, Claims(split, fill, None), with_fact=False)
        if not (findings.gap or findings.error or findings.overlaps or findings.open):
            return model, findings
        fact = self.facts.after(split.task, split.event)
        if fact is None:
            return model, findings
        claims = Claims(split, fill, fact)
        try:
            model = model_of([*rules, fact], held)
        except TooLargeError:
            return model, judge(split, model, claims, with_fact=False)
        return model, judge(split, model, claims, with_fact=True)

    def _report(self, split: Split, found: list[tuple[str, Model, Findings]], indexes: list[int]) -> None:
        said: set[Any] = set()
        for ticket, model, findings in found:
            if findings.error and "error" not in said:
                said.add("error")
                transition, data = findings.error
                self.problems.append(self.reports.error(split, ticket, data, model.names, transition))
            if findings.gap is not None and "gap" not in said:
                said.add("gap")
                self.problems.append(self.reports.gap(split, ticket, findings.gap, model.names))
            for pair, data in findings.overlaps.items():
                if pair not in said:
                    said.add(pair)
                    self.problems.append(self.reports.overlap(split, *pair, data, model.names))
        for index in sorted(set.intersection(*(findings.dead for _, _, findings in found))):
            self.problems.append(self.reports.dead(split, index))
        opened = set().union(*(findings.open for _, _, findings in found))
        if "gap" in opened and "gap" not in said:
            self.problems.append(self.reports.unproved(split, _NO_DEFAULT, indexes))
        if "error" in opened and "error" not in said:
            self.problems.append(self.reports.unproved(split, _NO_RESULT, indexes))
