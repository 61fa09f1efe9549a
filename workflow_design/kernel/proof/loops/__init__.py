"""Whether every circle of a graph can be left, whatever the data holds that nothing in it changes.

A run that stays in a circle for ever sees there only what is written in it. For each circle a split is looked for that
can lead out of it with some of that, whatever else is so; a run can then only go round for ever without that split or
without what writes what it reads, and the smaller circles that are left are looked at in the same way. Where there is
no such split, data is looked for with which all of them keep the run inside: an error, if the engine goes round with
it.

People and calls are taken to give every value some day that they may give. What follows from the data alone is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from time import thread_time
from typing import Any

from workflow_design.kernel.engine.routing import RoutingError, choose
from workflow_design.kernel.language import EvaluationError
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.decisions.model import Model, data_of
from workflow_design.kernel.proof.decisions.splits import Split
from workflow_design.kernel.proof.decisions.witness import confirmed
from workflow_design.kernel.proof.flow import Flow
from workflow_design.kernel.proof.loops import words
from workflow_design.kernel.proof.loops.changing import Changing
from workflow_design.kernel.proof.loops.cycles import Circle, Circles
from workflow_design.kernel.proof.loops.rounds import Rounds
from workflow_design.kernel.proof.loops.staying import Stay, Staying

__all__ = ["check_loops"]

MAX_WORK = 200_000
"""Tasks that are looked at, each once for every circle that it is in."""
MAX_SECONDS = 0.5
MAX_TOLD = 20
MAX_TRIED = 150
MAX_SPLITS = 4
"""Splits for which data is looked for that keeps a run inside at all of them."""


def check_loops(
    bundle: Mapping[str, Any], found: Flow, never: Iterable[int] = (), ground: Ground | None = None
) -> list[Problem]:
    """What is wrong with the circles of a definition whose flow is sound as far as is known: else flow says it. `never`
    are transitions that are known never to be taken; `ground` is the flow's, where it is made already.
    """
    return [] if found.wrong or not found.decided else _Search(bundle, found, frozenset(never), ground).run()


class _TooMuchError(Exception):
    pass


class _Search:
    def __init__(
        self, bundle: Mapping[str, Any], found: Flow, never: frozenset[int], ground: Ground | None = None
    ) -> None:
        net = found.net
        self.graph = net.graph
        self.circles = Circles(net, net.possible - never, found.together)
        self.begin = tuple(self.circles.within(range(len(net.graph.tasks))))
        if self.begin:
            self.ground = ground or Ground(bundle, net)
            self.changing = Changing(bundle, net)
            self.staying = Staying(self.ground, self.changing, self.circles)
            self.rounds = Rounds(self.ground)
        self.until = thread_time() + MAX_SECONDS
        self.seen: set[frozenset[int]] = set()
        self.problems: list[Problem] = []

    def run(self) -> list[Problem]:
        for circle in self.begin:
            try:
                self._look(circle)
            except _TooMuchError:
                self.problems.append(words.too_much(self.graph, circle))
                break
        return self.problems

    def _look(self, first: Circle) -> None:
        todo = [first]
        while todo:
            circle = todo.pop()
            if circle.tasks in self.seen:
                continue
            self.seen.add(circle.tasks)
            if self.circles.work > MAX_WORK or thread_time() > self.until:
                raise _TooMuchError
            stays = {split: self.staying.at(circle, *split) for split in circle.splits}
            without = self._left_by(circle, stays)
            if without is None:
                self._trapped(circle, list(stays.values()))
                return
            for task in without:
                todo += self.circles.within(circle.tasks - {task})

    def _left_by(self, circle: Circle, stays: Mapping[tuple[int, Any], Stay]) -> frozenset[int] | None:
        """Tasks of which a run that goes round for ever does without one: a split that certainly leads out some day,
        and those that write what it reads.
        """
        found: list[frozenset[int]] = []
        for task in circle.certain:
            mine = [stay for (at, _), stay in stays.items() if at == task]
            if self.changing.computes[task]:
                # It ends as the data says, and no one can tell how.
                events = [event for event in self.graph.tasks[task].exits if event != "timeout"]
                if not all((task, event) in stays and stays[task, event].never for event in events):
                    continue
                found.append(frozenset({task}).union(*(stay.writers for stay in mine)))
            else:
                found += [stay.writers | {task} for stay in mine if stay.never]
        return min(found, key=len, default=None)

    def _trapped(self, circle: Circle, stays: list[Stay]) -> None:
        if len(self.problems) >= MAX_TOLD:
            raise _TooMuchError
        for ticket in () if self.circles.feeds_others(circle) else self.ground.tickets:
            shown = self._data(circle, stays, ticket)
            if shown is None:
                continue
            steady = frozenset(name.partition(".")[0] for stay in stays for name in stay.steady)
            moving = frozenset(name.partition(".")[0] for stay in stays for name in stay.names - stay.steady)
            trace = self.rounds.round(circle, ticket, shown, steady, moving - {"_task"})
            if trace is not None:
                kept = {name: value for name, value in shown.items() if name in steady}
                self.problems.append(words.endless(self.graph, circle, stays, kept, steady, trace))
                return
        self.problems.append(words.unproved(self.graph, circle, stays))

    def _data(self, circle: Circle, stays: list[Stay], ticket: str) -> dict[str, Any] | None:
        """Data with which every split certainly keeps the run in the circle, whatever is written there."""
        if any("_ticket" in name for stay in stays for name in stay.steady):
            return None
        if len(stays) > MAX_SPLITS:
            return None
        return self._agreed(circle, sorted(stays, key=lambda stay: -len(stay.steady)), ticket, {}, frozenset())

    def _agreed(
        self, circle: Circle, left: list[Stay], ticket: str, shown: dict[str, Any], settled: frozenset[str]
    ) -> dict[str, Any] | None:
        """`shown` with what the splits that are `left` want besides; what it says of the fields in `settled` holds."""
        if not left:
            return shown
        stay, rest = left[0], left[1:]
        part = next(((model, points) for key, model, points in stay.found if key == ticket), None)
        if part is None:
            return None
        roots = frozenset(name.partition(".")[0] for name in stay.steady)
        if settled and roots <= settled:
            stays = self._all_stay(circle, stay, part[0], shown)
            return self._agreed(circle, rest, ticket, shown, settled) if stays else None

        def claim(data: dict[str, Any]) -> dict[str, Any] | None:
            filled = self.ground.filled(stay.split.task, stay.split.event, ticket, data)
            if filled is None or not self._stays(circle, stay.split, filled):
                return None
            if any(filled.get(name, self) != shown.get(name, self) for name in roots & settled):
                return None
            return self._agreed(circle, rest, ticket, {**filled, **shown}, settled | roots)

        found: dict[str, Any] | None = confirmed(*part, claim)
        return found

    def _all_stay(self, circle: Circle, stay: Stay, model: Model, shown: Mapping[str, Any]) -> bool:
        """Whether another split keeps the run inside too, with a value from each cell of what changes."""
        roots = {name.partition(".")[0] for name in stay.steady}
        kept = {name: value for name, value in shown.items() if name in roots}
        moving = [place for place, name in enumerate(model.names) if name not in stay.steady]
        values = [[cell.value for cell in model.cells[place]] for place in moving]
        tried = 1
        for listed in values:
            tried *= len(listed)
        if tried > MAX_TRIED:
            return False
        names = [model.names[place] for place in moving]
        return all(
            self._stays(circle, stay.split, {**data_of(*zip(names, chosen, strict=True)), **kept})
            for chosen in product(*values)
        )

    def _stays(self, circle: Circle, split: Split, data: Mapping[str, Any]) -> bool:
        assert split.task is not None
        about = {"key": self.graph.tasks[split.task].key, "outcome": split.event, "assignee": None}
        try:
            taken = choose(split.graph, split.gate, split.exits, {**data, "_task": about}, [])
        except (RoutingError, EvaluationError):
            return False
        return bool(taken) and circle.ways.issuperset(taken)
