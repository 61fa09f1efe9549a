"""What must have been true on every way to a task, as far as nothing has changed it since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workflow_design.kernel.graph.model import Event
from workflow_design.kernel.language.compiler import weight
from workflow_design.kernel.language.reads import Reads
from workflow_design.kernel.proof.decisions.ground import Ground

MAX_WAYS = 6
MAX_HOPS = 5
MAX_CONDITIONS = 40
MAX_WEIGHT = 2_000
"""Values in one rule; a larger one is left out."""

Way = list[tuple[int, Any]]
"""What holds on a way: (transition whose condition it says something of, rule)."""


class Facts:
    """The conditions that have led to a task. One way at least was taken; of what lies before, at most so much is
    looked at that it stays small.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._graph = ground.net.graph
        self._known: dict[tuple[int, int], list[Way]] = {}
        self._kept: dict[int, Way] = {}
        self._reads: dict[int, tuple[Reads, frozenset[str]] | None] = {}

    def after(self, task: int | None, event: Event) -> Any:
        """A rule that holds whenever `task` comes to `event`; None where nothing is known."""
        ways = self._after(task, event, MAX_HOPS)
        if any(not way for way in ways):
            return None
        return {"or": [{"and": [rule for _, rule in way]} for way in ways]}

    def names(self, task: int | None, event: Event) -> set[str]:
        """The paths that this rule reads."""
        ways = self._after(task, event, MAX_HOPS)
        if any(not way for way in ways):
            return set()
        read = (self._read(index) for way in ways for index, _ in way)
        return {path for found in read if found for path in found[0].paths}

    def _after(self, task: int | None, event: Event, hops: int) -> list[Way]:
        if task is None or hops == 0:
            return [[]]
        changed = self._graph.tasks[task].outputs if event == "completed" else frozenset()
        if (task, hops) not in self._known:
            self._known[task, hops] = self._opening(task, hops)
        return [
            [(index, rule) for index, rule in way if self._lasts(index, task, changed)]
            for way in self._known[task, hops]
        ]

    def _opening(self, task: int, hops: int) -> list[Way]:
        incoming = [index for index in self._graph.tasks[task].incoming if index in self._ground.net.possible]
        if len(incoming) > MAX_WAYS or not incoming:
            return [[]]
        ways: list[Way] = []
        for index in incoming:
            way = self._graph.transitions[index]
            if index not in self._kept:  # asked for once for each number of hops
                self._kept[index] = [said for said in self._taken(index) if self._lasts(said[0], task, ())]
            taken = self._kept[index]
            for before in self._after(way.source, way.event, hops - 1):
                ways.append([*before, *taken])
        return ways if len(ways) <= MAX_WAYS and sum(map(len, ways)) <= MAX_CONDITIONS else [[]]

    def _taken(self, index: int) -> Way:
        """What is true when a transition is taken."""
        way = self._graph.transitions[index]
        if way.source is None:
            split, exits = "inclusive", self._graph.starts
        else:
            source = self._graph.tasks[way.source]
            split, exits = source.split, source.exits[way.event]
        if split == "parallel":
            return []
        denied: Way = []
        for other in exits:
            if other == index:
                break
            condition = self._graph.transitions[other].condition
            denied.append((other, {"!": [True if condition is None else condition]}))
        if way.is_default:
            return denied
        mine = [] if way.condition is None else [(index, way.condition)]
        return [*denied, *mine] if split == "exclusive" else mine

    def _lasts(self, index: int, task: int, changed: Iterable[str]) -> bool:
        """Whether what the condition of a transition says stays so until `task` has ended and written `changed`."""
        found = self._read(index)
        if found is None:
            return False
        names = found[1]
        if "_task" in names or not names.isdisjoint(changed):
            return False
        if self._ground.sequential(task):
            return True
        return all(name not in self._ground.fields or not self._ground.fields[name].writers for name in names)

    def _read(self, index: int) -> tuple[Reads, frozenset[str]] | None:
        """What the condition of a transition reads, with the fields of it; None where it is of no use here."""
        if index not in self._reads:
            rule, reads = self._graph.transitions[index].condition, Reads()
            reads.rule(rule)
            useful = rule is not None and not reads.everything and weight(rule) <= MAX_WEIGHT
            roots = frozenset(path.partition(".")[0] for path in reads.paths)
            self._reads[index] = (reads, roots) if useful else None
        return self._reads[index]
