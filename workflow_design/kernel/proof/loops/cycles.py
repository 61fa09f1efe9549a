"""The parts of a graph in which a run could stay for ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from workflow_design.kernel.graph.model import Event
from workflow_design.kernel.proof.net import Net
from workflow_design.kernel.proof.together import Together


@dataclass(frozen=True)
class Circle:
    """Tasks of which each leads to each. `ways`: the transitions between them; `splits`: (task, event) that can lead
    out of it; `certain`: those tasks of them after whose leaving nothing of the run is left in it.
    """

    tasks: frozenset[int]
    ways: frozenset[int]
    splits: tuple[tuple[int, Event], ...]
    certain: frozenset[int]


@dataclass
class Circles:
    """The circles of a net. `open`: the transitions that can be taken; `together`: what may be open at once."""

    net: Net
    open: frozenset[int]
    together: Together | None
    work: int = 0
    """Tasks looked at."""
    _after: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        graph = self.net.graph
        self._after = [
            [index for indexes in task.exits.values() for index in indexes if index in self.open]
            for task in graph.tasks
        ]

    def within(self, tasks: Iterable[int]) -> Iterator[Circle]:
        """The largest circles that lie in some tasks."""
        there = self._fed(set(tasks))
        self.work += len(there)
        for members in self._strong(there):
            first = next(iter(members))
            if len(members) > 1 or first in self._targets(first, members):
                yield self._circle(members)

    def _fed(self, tasks: set[int]) -> set[int]:
        """Without parallel joins that something else would have to feed as well, again and again."""
        graph = self.net.graph
        while True:
            starved = {
                task
                for task in tasks
                if graph.tasks[task].join == "parallel"
                and any(graph.transitions[index].source not in tasks for index in graph.tasks[task].incoming)
            }
            if not starved:
                return tasks
            tasks = tasks - starved

    def _targets(self, task: int, there: set[int] | frozenset[int]) -> list[int]:
        transitions = self.net.graph.transitions
        return [target for i in self._after[task] if (target := transitions[i].target) is not None and target in there]

    def _strong(self, there: set[int]) -> Iterator[frozenset[int]]:
        """Strongly connected components, after Tarjan (1972)."""
        number: dict[int, int] = {}
        low: dict[int, int] = {}
        stack: list[int] = []
        on_stack: set[int] = set()
        for root in sorted(there):
            if root in number:
                continue
            todo = [(root, iter(self._targets(root, there)))]
            number[root] = low[root] = len(number)
            stack.append(root)
            on_stack.add(root)
            while todo:
                task, targets = todo[-1]
                for target in targets:
                    if target not in number:
                        number[target] = low[target] = len(number)
                        stack.append(target)
                        on_stack.add(target)
                        todo.append((target, iter(self._targets(target, there))))
                        break
                    if target in on_stack:
                        low[task] = min(low[task], number[target])
                else:
                    todo.pop()
                    if todo:
                        low[todo[-1][0]] = min(low[todo[-1][0]], low[task])
                    if low[task] == number[task]:
                        members: list[int] = []
                        while not members or members[-1] != task:
                            members.append(stack.pop())
                        on_stack.difference_update(members)
                        yield frozenset(members)

    def _circle(self, members: frozenset[int]) -> Circle:
        transitions = self.net.graph.transitions
        ways = frozenset(i for task in members for i in self._after[task] if transitions[i].target in members)
        splits = tuple((task, event) for task in sorted(members) for event in self._leaving(task, ways))
        leaving = {task for task, _ in splits}
        if any(self._forks(task, ways) for task in members):
            leaving = {task for task in leaving if self._alone(task, members)}
        return Circle(members, ways, splits, frozenset(leaving))

    def _leaving(self, task: int, ways: frozenset[int]) -> Iterator[Event]:
        """The events after which a split can take no way in the circle, and one out of it."""
        for exits in self.net.exits[task]:
            listed = {*exits.must, *exits.may, *(() if exits.otherwise is None else (exits.otherwise,))}
            if listed & self.open - ways and not ways.intersection(exits.must):
                yield exits.event

    def _forks(self, task: int, ways: frozenset[int]) -> bool:
        return any(
            exits.mode != "one" and len(ways.intersection((*exits.must, *exits.may))) > 1
            for exits in self.net.exits[task]
        )

    def feeds_others(self, circle: Circle) -> bool:
        """Whether going round can open tasks outside of it as well."""
        transitions = self.net.graph.transitions
        return any(
            exits.mode != "one"
            and any(
                index not in circle.ways and transitions[index].target is not None
                for index in (*exits.must, *exits.may, *(() if exits.otherwise is None else (exits.otherwise,)))
            )
            for task in circle.tasks
            for exits in self.net.exits[task]
        )

    def _alone(self, task: int, members: frozenset[int]) -> bool:
        if self.together is None:
            return False
        mine = self.together.rows[self.together.group[task]]
        beside = {self.together.group[other] for other in members}
        transitions = self.net.graph.transitions
        beside |= {item for index, item in self.together.place.items() if transitions[index].target in members}
        return not any(mine >> item & 1 for item in beside)
