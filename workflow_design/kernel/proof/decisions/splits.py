"""One split: what its conditions come to together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from workflow_design.kernel.engine.routing import RoutingError, choose
from workflow_design.kernel.graph import Graph
from workflow_design.kernel.graph.model import Event, Gate
from workflow_design.kernel.language import Condition, EvaluationError
from workflow_design.kernel.proof.decisions.model import Model, evaluation_of, possible
from workflow_design.kernel.proof.decisions.sets import outcome
from workflow_design.kernel.proof.decisions.witness import confirmed

MAX_OVERLAPS = 20


@dataclass(frozen=True)
class Split:
    """The exits of a task (None: the start) for one event, in the order of evaluation, the default last."""

    graph: Graph
    task: int | None
    event: Event
    gate: Gate
    exits: tuple[int, ...]

    @cached_property
    def conditions(self) -> list[tuple[int, Any]]:
        """(transition, rule) of all but the default; the rule is true where there is no condition."""
        listed = [self.graph.transitions[index] for index in self.exits]
        return [(way.index, True if way.condition is None else way.condition) for way in listed if not way.is_default]

    @property
    def default(self) -> int | None:
        last = self.graph.transitions[self.exits[-1]]
        return last.index if last.is_default else None

    @property
    def exclusive(self) -> bool:
        return self.gate == "exclusive"


def splits_of(graph: Graph) -> Iterator[Split]:
    """Every split at which something is decided."""
    if graph.starts:
        yield Split(graph, None, "completed", "inclusive", graph.starts)
    for task in graph.tasks:
        if task.split != "parallel":
            for event, exits in task.exits.items():
                yield Split(graph, task.index, event, task.split, exits)


@dataclass
class Findings:
    """`gap`, `error` and the values of `overlaps` are counterexamples; `open`: "gap" or "error" may be, as far as is
    known. `overlaps`: (earlier, later transition); `dead`: transitions that are never taken.
    """

    gap: dict[str, Any] | None = None
    error: tuple[int, dict[str, Any]] | None = None
    overlaps: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    dead: set[int] = field(default_factory=set)
    open: set[str] = field(default_factory=set)

    @property
    def anything(self) -> bool:
        """Whether there is more to say than what is never taken."""
        return self.gap is not None or self.error is not None or bool(self.overlaps or self.open)


class Claims:
    """What the evaluator and the engine themselves make of data. `fill` gives the counterexample that is shown, None
    where the data can't be; `fact` is a rule that is true of what comes here.
    """

    def __init__(self, split: Split, fill: Any, fact: Any) -> None:
        self.split = split
        self._fill = fill
        self._fact = None if fact is None else Condition(fact)

    def _seen(self, data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """(what conditions see, what is shown of it)."""
        shown = self._fill(data)
        if shown is None:
            return None
        task = self.split.task
        about = None
        if task is not None:
            assignee = data.get("_task", {}).get("assignee")
            about = {"key": self.split.graph.tasks[task].key, "outcome": self.split.event, "assignee": assignee}
        seen = {**shown, "_ticket": data.get("_ticket"), "_task": about}
        try:
            if self._fact is not None and not self._fact.evaluate(seen):
                return None
        except EvaluationError:
            return None
        return seen, shown

    def gap(self, data: dict[str, Any]) -> dict[str, Any] | None:
        """The counterexample, if the engine finds no way on."""
        found = self._seen(data)
        return found[1] if found and self._code(found[0]) == ("no_transition", None) else None

    def error(self, data: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        """The transition whose condition can't be evaluated, and the counterexample."""
        found = self._seen(data)
        code, transition = self._code(found[0]) if found else ("", None)
        return (transition, found[1]) if found and transition is not None and code else None

    def overlap(self, data: dict[str, Any], earlier: int, later: int) -> dict[str, Any] | None:
        """The counterexample, if the earlier one is taken and the later one is true too."""
        found = self._seen(data)
        if not found:
            return None
        split = self.split
        try:
            taken = choose(split.graph, split.gate, split.exits, found[0], [])
            rule = split.graph.rule(later)
            both = earlier in taken and (rule is None or rule.condition.evaluate(found[0]))
        except (RoutingError, EvaluationError):
            return None
        return found[1] if both else None

    def _code(self, seen: dict[str, Any]) -> tuple[str, int | None]:
        split = self.split
        try:
            choose(split.graph, split.gate, split.exits, seen, [])
        except RoutingError as error:
            return error.code, error.transition
        return "", None


def judge(split: Split, model: Model, claims: Claims, *, with_fact: bool) -> Findings:
    """What can happen at the points of a model, whose last tree is the fact if there is one. Raises TooLargeError."""
    evaluation = evaluation_of(model)
    here = possible(model)
    if with_fact:
        here &= evaluation.of(model.trees[-1])[0]
    listed = [index for index, _ in split.conditions]
    result = outcome(evaluation, model.trees[: len(listed)], here, exclusive=split.exclusive)
    found = Findings()
    group = _Group(-1, 0)
    for place, index in enumerate(listed):
        if not result.taken[place] and not result.errors[place]:
            found.dead.add(index)
        if split.exclusive:
            priority = split.graph.transitions[index].priority
            if group.priority != priority:
                group = _Group(priority, result.asked[place])
            _overlap(found, model, claims, group, index, result.true[place])
            group.taken.append((index, result.taken[place]))
            group.any |= result.taken[place]
    if split.default is not None:
        if not result.none and not result.failing:
            found.dead.add(split.default)
    elif result.none:
        found.gap = confirmed(model, result.none, claims.gap)
        if found.gap is None:
            found.open.add("gap")
    failing = here if model.may_fail else result.failing
    if failing:
        found.error = confirmed(model, failing, claims.error)
        if found.error is None:
            found.open.add("error")
    return found


@dataclass
class _Group:
    """Conditions of one priority: where the first of them is asked, and where each is taken."""

    priority: int
    before: int
    any: int = 0
    taken: list[tuple[int, int]] = field(default_factory=list)


def _overlap(found: Findings, model: Model, claims: Claims, group: _Group, index: int, true: int) -> None:
    if not group.any & true & group.before or len(found.overlaps) >= MAX_OVERLAPS:
        return
    for other, taken in group.taken:
        both = taken & true & group.before
        if not both:
            continue
        shown = confirmed(model, both, lambda data: claims.overlap(data, other, index))  # noqa: B023
        if shown is not None:
            found.overlaps[other, index] = shown
            return
