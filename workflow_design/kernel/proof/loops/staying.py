"""Whether a split can lead out of a circle, whatever the data holds that doesn't change in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from math import prod
from typing import Any

from workflow_design.kernel.graph.model import Event
from workflow_design.kernel.proof.decisions.cells import Held
from workflow_design.kernel.proof.decisions.facts import Facts
from workflow_design.kernel.proof.decisions.ground import Ground, is_plain
from workflow_design.kernel.proof.decisions.model import Model, evaluation_of, model_of, possible
from workflow_design.kernel.proof.decisions.parts import ABSENT, One
from workflow_design.kernel.proof.decisions.rules import TooLargeError, names_in
from workflow_design.kernel.proof.decisions.sets import outcome
from workflow_design.kernel.proof.decisions.splits import Split
from workflow_design.kernel.proof.loops.axes import Axes
from workflow_design.kernel.proof.loops.changing import Changing
from workflow_design.kernel.proof.loops.cycles import Circle, Circles

MAX_LAST = 12
"""Tasks, or combinations of them, that may have written last, which are looked at one by one."""

Writers = dict[str, frozenset[int]]
"""By field, the tasks of a circle whose value it may have."""


@dataclass
class Stay:
    """What keeps a run in a circle at one split. `never`: nothing does; whatever else is so, it can leave.

    `names`: what is read; `steady`: what of it nothing in the circle writes; `writers`: the tasks of the circle that
    write the rest. `found`: (ticket type, model, points of it at which the run stays, whatever is written).
    """

    split: Split
    never: bool
    writers: frozenset[int]
    names: frozenset[str] = frozenset()
    steady: frozenset[str] = frozenset()
    found: list[tuple[str, Model, int]] = field(default_factory=list)


class Staying:
    """Answers of the splits of one definition, kept by what they depend on."""

    def __init__(self, ground: Ground, changing: Changing, circles: Circles) -> None:
        self.ground = ground
        self.changing = changing
        self.circles = circles
        self.facts = Facts(ground)
        self._known: dict[tuple[Any, ...], Stay] = {}
        self._read: dict[tuple[int, Event], frozenset[str]] = {}

    def at(self, circle: Circle, task: int, event: Event) -> Stay:
        """Whether the run must stay in the circle when `task` comes to `event`."""
        split = self._split(task, event)
        inside = circle.ways.intersection(split.exits)
        if not inside:
            return Stay(split, True, frozenset())
        names = self._names(split)
        roots = {name.partition(".")[0] for name in names}
        writers = {
            name: self._writers(circle, task, event, name)
            for name in sorted(roots)
            if any(name in self.changing.free[t] or name in self.changing.bound[t] for t in circle.tasks)
        }
        fair = frozenset(self._fair(circle, task, event, writers))
        key = (task, event, inside, fair, *((name, *sorted(listed)) for name, listed in writers.items()))
        if key not in self._known:
            self._known[key] = self._judged(split, inside, names, writers, fair)
        return self._known[key]

    def _split(self, task: int, event: Event) -> Split:
        graph = self.ground.net.graph
        node = graph.tasks[task]
        return Split(graph, task, event, node.split, node.exits[event])

    def _names(self, split: Split) -> frozenset[str]:
        read = frozenset(path for _, rule in split.conditions for path in names_in(rule) or ())
        return read | self.facts.names(split.task, split.event)

    def _writers(self, circle: Circle, task: int, event: Event, name: str) -> frozenset[int]:
        """The tasks of the circle whose value of a field may be there after `task`, going back until it is certainly
        written over.
        """
        graph = self.ground.net.graph
        number = 1 << self.ground.known.fields[name]
        found: set[int] = set()
        seen: set[tuple[int, bool]] = set()
        todo = [(task, event == "completed")]
        while todo:
            at, writes = todo.pop()
            if (at, writes) in seen:
                continue
            seen.add((at, writes))
            if writes and name in graph.tasks[at].outputs:
                found.add(at)
                if self.ground.known.written[at] & number:
                    continue
            for index in circle.ways.intersection(graph.tasks[at].incoming):
                way = graph.transitions[index]
                if way.source is not None:
                    todo.append((way.source, way.event == "completed"))
        return frozenset(found)

    def _fair(self, circle: Circle, task: int, event: Event, writers: Writers) -> Iterator[str]:
        """The fields of which every value that can be written comes to the split some day: nothing on the way from
        where they are written decides by them.
        """
        free = [name for name, listed in writers.items() if listed and self._is_free(name, listed)]
        once = len({writers[name] for name in free}) == 1
        for name in free:
            if self._fresh(circle, task, event, name, once=once):
                yield name

    def _fresh(self, circle: Circle, task: int, event: Event, name: str, *, once: bool) -> bool:
        """Whether no split decides by a field from where it is written to where `task` comes to `event`. `once`: it
        need not be so when the run comes by there again.
        """
        graph = self.ground.net.graph
        seen: set[int] = set()
        todo = [] if event == "completed" and name in graph.tasks[task].outputs else [task]
        while todo:
            for index in circle.ways.intersection(graph.tasks[todo.pop()].incoming):
                way = graph.transitions[index]
                if way.source is None or (once and way.source == task):
                    continue
                if name in self._roots(way.source, way.event):
                    return False
                if (way.event != "completed" or name not in graph.tasks[way.source].outputs) and way.source not in seen:
                    seen.add(way.source)
                    todo.append(way.source)
        return True

    def _roots(self, task: int, event: Event) -> frozenset[str]:
        """The fields that a split reads."""
        if (task, event) not in self._read:
            rules = [rule for _, rule in self._split(task, event).conditions]
            listed = [names_in(rule) for rule in rules]
            known = frozenset(path.partition(".")[0] for names in listed if names is not None for path in names)
            self._read[task, event] = known if None not in listed else frozenset(self.ground.fields)
        return self._read[task, event]

    def _judged(
        self, split: Split, inside: frozenset[int], names: frozenset[str], writers: Writers, fair: frozenset[str]
    ) -> Stay:
        steady = frozenset(name for name in names if name.partition(".")[0] not in writers)
        stay = Stay(split, True, frozenset(t for listed in writers.values() for t in listed), names, steady)
        assert split.task is not None
        for ticket in self.ground.tickets:
            held = partial(self._held, split, ticket, writers)
            if any(not held(name).parts for name in names):
                continue  # no ticket of this type comes here
            try:
                never, model, points = self._points(split, inside, held, fair, writers)
                stay.never = stay.never and never and self._never_each(split, inside, ticket, fair, writers)
            except TooLargeError:
                stay.never = False
                continue
            if points:
                stay.found.append((ticket, model, points))
        return stay

    def _never_each(
        self, split: Split, inside: frozenset[int], ticket: str, fair: frozenset[str], writers: Writers
    ) -> bool:
        """Whether nothing keeps the run inside whichever of several tasks has written a field last. A run may come by
        one of them alone.
        """
        several = [name for name in sorted(fair) if len(writers[name]) > 1]
        if prod(len(writers[name]) for name in several) > MAX_LAST:
            return False
        for chosen in product(*(sorted(writers[name]) for name in several)) if several else ():
            last = {**writers, **{name: frozenset({task}) for name, task in zip(several, chosen, strict=True)}}
            if not self._points(split, inside, partial(self._held, split, ticket, last), fair, writers)[0]:
                return False
        return True

    def _is_free(self, name: str, writers: Iterable[int]) -> bool:
        """Whether the values of a field are given from outside, each apart from those of other fields."""
        tasks = self.ground.net.graph.tasks
        return all(name in self.changing.free[task] and is_plain(tasks[task].output_schema) for task in writers)

    def _held(self, split: Split, ticket: str, writers: Writers, path: str) -> Held:
        """What a field holds after a round: what is written in the circle, which is never absent."""
        name = path.partition(".")[0]
        if name not in writers:
            return self.ground.held(split.task, split.event, ticket, path)
        parts = [part for task in sorted(writers[name]) for part in self.ground.written(task, path)]
        if path == name:
            parts = [(part, source) for part, source in parts if part != One(ABSENT)]
        return Held(parts)

    def _points(
        self,
        split: Split,
        inside: frozenset[int],
        held: Any,
        fair: frozenset[str],
        writers: Writers,
    ) -> tuple[bool, Model, int]:
        rules = [rule for _, rule in split.conditions]
        fact = self.facts.after(split.task, split.event)
        model = model_of(rules if fact is None else [*rules, fact], held)
        evaluation = evaluation_of(model)
        here = possible(model)
        if fact is not None:
            here &= evaluation.of(model.trees[-1])[0]
        result = outcome(evaluation, model.trees[: len(rules)], here, exclusive=split.exclusive)
        stays = result.none if split.default in inside else 0
        leaves = result.none if split.default is not None and split.default in self.circles.open - inside else 0
        for place, (index, _) in enumerate(split.conditions):
            if index in inside:
                stays |= result.taken[place]
            elif index in self.circles.open:
                leaves |= result.taken[place]
        here &= ~result.failing
        leaves &= here & ~stays
        # Who has done the task may be another one each time, or the same for ever.
        axes = Axes(model, fair, {*writers, "_task"})
        sure = axes.over(here, axes.loose) & ~axes.over(leaves, axes.loose)
        some = axes.over(here, axes.fair) & ~axes.over(leaves & axes.available(), axes.fair)
        return not some, model, sure & here & ~leaves
