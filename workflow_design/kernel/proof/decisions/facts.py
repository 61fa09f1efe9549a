"""What must have been true on every way to a task, as far as nothing has changed it since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workflow_design.kernel.graph.model import Event
from workflow_design.kernel.proof.decisions.ground import Ground

MAX_WAYS = 6
MAX_HOPS = 8
MAX_CONDITIONS = 60

Alternative = dict[str, Any]
"""Rules that all hold, by their text."""


class Facts:
    """The conditions that have led to a task. One way at least was taken; of what lies before, at most so much is
    looked at that it stays small.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._graph = ground.net.graph

    def after(self, task: int | None, event: Event) -> Any:
        """A rule that holds whenever `task` comes to `event`; None where nothing is known."""
        ways = self._after(task, event, MAX_HOPS, frozenset())
        if any(not way for way in ways):
            return None
        return {"or": [{"and": [rule for _, rule in way]} for way in ways]}

    def _after(self, task: int | None, event: Event, hops: int, seen: frozenset[int]) -> list[list[tuple[int, Any]]]:
        """Alternatives, each a list of (transition, rule)."""
        if task is None or hops == 0 or task in seen:
            return [[]]
        changed = self._graph.tasks[task].outputs if event == "completed" else frozenset()
        return [
            [(index, rule) for index, rule in way if self._lasts(index, changed)]
            for way in self._opening(task, hops, seen | {task})
        ]

    def _opening(self, task: int, hops: int, seen: frozenset[int]) -> list[list[tuple[int, Any]]]:
        incoming = [index for index in self._graph.tasks[task].incoming if index in self._ground.net.possible]
        if len(incoming) > MAX_WAYS or not incoming:
            return [[]]
        ways: list[list[tuple[int, Any]]] = []
        for index in incoming:
            way = self._graph.transitions[index]
            taken = [(number, rule) for number, rule in self._taken(index) if self._lasts(number, ())]
            for before in self._after(way.source, way.event, hops - 1, seen):
                ways.append([*before, *taken])
        return ways if len(ways) <= MAX_WAYS and sum(map(len, ways)) <= MAX_CONDITIONS else [[]]

    def _taken(self, index: int) -> list[tuple[int, Any]]:
        """What is true when a transition is taken."""
        way = self._graph.transitions[index]
        if way.source is None:
            split, exits = "inclusive", self._graph.starts
        else:
            source = self._graph.tasks[way.source]
            split, exits = source.split, source.exits[way.event]
        if split == "parallel":
            return []
        denied: list[tuple[int, Any]] = []
        for other in exits:
            if other == index:
                break
            condition = self._graph.transitions[other].condition
            denied.append((other, {"!": [True if condition is None else condition]}))
        if way.is_default:
            return denied
        mine = [] if way.condition is None else [(index, way.condition)]
        return [*denied, *mine] if split == "exclusive" else mine

    def _lasts(self, index: int, changed: Iterable[str]) -> bool:
        """Whether what the condition of a transition says stays so, when tasks that write `changed` complete."""
        rule = self._graph.rule(index)
        if rule is None or rule.condition.reads_all:
            return rule is not None and not rule.condition.reads_all
        names = {path.partition(".")[0] for path in rule.condition.reads}
        if "_task" in names or not names.isdisjoint(changed):
            return False
        if self._ground.sequential:
            return True
        return all(name not in self._ground.fields or not self._ground.fields[name].writers for name in names)
