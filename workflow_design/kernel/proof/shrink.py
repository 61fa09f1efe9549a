"""Smaller nets that end well only if the whole one does.

Every rule takes away one task, or one of two transitions of the same kind. Taking a task away means that it goes on as
soon as it opens: one of the orders in which things may happen, and one is enough (see `explore`) as long as no
inclusive join depends on the order. So of a smaller net only "everything can happen and always ends" carries over;
what is wrong is looked for in the whole net.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace

from workflow_design.kernel.graph import Graph, Transition
from workflow_design.kernel.graph.model import Gate
from workflow_design.kernel.proof.net import Exits, Net, simple

MAX_EXITS = 60
"""A task with more exits isn't merged into others: that would only move them."""


@dataclass(slots=True)
class _Edge:
    source: int  # -1: the submission
    target: int | None


class Shrinking:
    """The net being made smaller. Tasks keep their numbers until `result`."""

    def __init__(self, net: Net, *, plain: bool) -> None:
        graph = net.graph
        self._plain = plain
        self._graph = graph
        self._edges: dict[int, _Edge] = {
            t.index: _Edge(-1 if t.source is None else t.source, t.target) for t in graph.transitions
        }
        self._incoming: list[list[int]] = [list(task.incoming) for task in graph.tasks]
        self._outgoing: dict[int, set[int]] = {-1: set()}
        for number, edge in self._edges.items():
            self._outgoing.setdefault(edge.source, set()).add(number)
        self._exits: dict[int, list[Exits]] = {-1: [net.start]}
        self._exits.update((task.index, list(net.exits[task.index])) for task in graph.tasks)
        self._joins: list[Gate] = [task.join for task in graph.tasks]
        self._possible = net.possible
        self._alone = {
            edge for listed in self._exits.values() for exits in listed if exits.mode == "one" for edge in exits.may
        }
        self._todo = deque(range(-1, len(graph.tasks)))
        self._queued = set(self._todo)

    def run(self) -> Net:
        """Applies the rules until none fits: to every task once, then to those near to what has changed, so that a
        task with many neighbours is looked at once for all of them.
        """
        while self._todo:
            task = self._todo.popleft()
            self._queued.discard(task)
            if task in self._exits:
                self._merge(task)
                if task >= 0:
                    self._drop_self_loop(task)
                    self._take_away(task)
        return self._result()

    # rules

    def _merge(self, source: int) -> None:
        """Transitions of one task to one target that are always, or never, filled together, or of which one is.

        - one of two alternatives, to the end, to an exclusive or to an inclusive join: the same follows from either
        - both, to a parallel or inclusive join: it takes them together
        - any of two, to an inclusive join: it asks for one of them and takes what there is

        What is said of inclusive joins holds while something never waits there twice: where the net is plain.
        """
        targets = Counter(self._edges[edge].target for edge in self._outgoing[source])
        if not any(count > 1 for count in targets.values()):
            return
        kept: dict[int | None, int] = {}  # by target, among single alternatives of any event
        lists = []
        for exits in self._exits[source]:
            if exits.mode == "one":
                may = []
                for edge in exits.may:
                    target = self._edges[edge].target
                    if target is not None and (self._join(target) == "parallel" or self._left_alone(target)):
                        may.append(edge)
                    elif target not in kept:
                        kept[target] = edge
                        may.append(edge)
                    else:
                        self._remove(edge)
                exits = exits._replace(may=tuple(may))
            else:
                exits = self._merge_together(exits)
            if exits.may or exits.must or exits.otherwise is not None:
                lists.append(exits)
        self._exits[source] = lists

    def _merge_together(self, exits: Exits) -> Exits:
        kept: dict[int, int] = {}
        must, may, otherwise = [], [], exits.otherwise
        for edge in exits.must:
            target = self._edges[edge].target
            if target is None or self._join(target) == "exclusive" or self._left_alone(target):
                must.append(edge)
            elif target not in kept:
                kept[target] = edge
                must.append(edge)
            else:
                self._remove(edge)
        for edge in exits.may:
            target = self._edges[edge].target
            if target is None or self._join(target) != "inclusive" or self._left_alone(target):
                may.append(edge)
            elif target not in kept:
                kept[target] = edge
                may.append(edge)
            else:
                self._remove(edge)
        if otherwise is not None:
            target = self._edges[otherwise].target
            if target is not None and self._join(target) == "inclusive" and kept.get(target) in may:
                self._remove(otherwise)
                otherwise = None
        exits = simple(Exits(exits.event, exits.mode, tuple(must), tuple(may), otherwise))
        if exits.mode == "one":
            self._alone.update(exits.may)
        return exits

    def _drop_self_loop(self, task: int) -> None:
        """Doing a task again leads nowhere new, where there is another way on."""
        if self._join(task) != "exclusive":
            return
        loops = [edge for edge in self._outgoing[task] if self._edges[edge].target == task]
        ways = sum(len(e.may) if e.mode == "one" else 1 for e in self._exits[task])
        for edge in loops:
            for place, exits in enumerate(self._exits[task]):
                if exits.mode == "one" and edge in exits.may and ways > 1:
                    ways -= 1
                    may = tuple(other for other in exits.may if other != edge)
                    self._exits[task][place] = exits._replace(may=may)
                    self._exits[task] = [e for e in self._exits[task] if e.may or e.must or e.otherwise is not None]
                    self._remove(edge)
                    break

    def _take_away(self, task: int) -> None:
        """A task that only hands on what comes."""
        incoming, outgoing = self._incoming[task], self._outgoing[task]
        if not incoming or any(self._edges[edge].source == task for edge in incoming):
            return
        if any(edge not in self._possible for edge in incoming):
            return
        if any(exits.mode != "one" for exits in self._exits[task]) or not self._exits[task]:
            if len(incoming) == 1:
                self._into_predecessor(task, incoming[0])
            return
        if sum(len(exits.may) for exits in self._exits[task]) != len(outgoing):
            return  # transitions that are never taken stay where they are
        if len(outgoing) == 1:
            self._through(task, next(iter(outgoing)))
        elif len(incoming) == 1 and incoming[0] in self._alone and len(outgoing) <= MAX_EXITS:
            self._flatten(task, incoming[0])

    def _through(self, task: int, leaving: int) -> None:
        """One way on: whatever came in comes out there."""
        target = self._edges[leaving].target
        incoming = self._incoming[task]
        if len(incoming) > 1 and not (self._join(task) == "exclusive" and self._ends_or_is_exclusive(target)):
            return
        if target is not None:
            if len(incoming) > 1:
                self._joins[target] = "exclusive"  # also where it was another one with one transition
            place = self._incoming[target].index(leaving)
            self._incoming[target][place : place + 1] = incoming
        for edge in incoming:
            self._edges[edge].target = target
        del self._edges[leaving]
        sources = {self._edges[edge].source for edge in incoming}
        self._forget(task, target, *sources)

    def _flatten(self, task: int, entering: int) -> None:
        """A choice after a choice is one choice."""
        source = self._edges[entering].source
        leaving = tuple(edge for exits in self._exits[task] for edge in exits.may)
        for edge in leaving:
            self._edges[edge].source = source
        self._exits[source] = [
            e._replace(may=tuple(x for edge in e.may for x in (leaving if edge == entering else (edge,))))
            if entering in e.may and e.mode == "one"
            else e
            for e in self._exits[source]
        ]
        self._outgoing[source].discard(entering)
        self._outgoing[source].update(leaving)
        self._outgoing[task] = set()
        del self._edges[entering]
        self._forget(task, source, *(self._edges[edge].target for edge in leaving))

    def _into_predecessor(self, task: int, entering: int) -> None:
        """What follows the only way on from another task follows that task."""
        source = self._edges[entering].source
        if source < 0 or self._outgoing[source] != {entering} or entering not in self._alone:
            return
        for edge in self._outgoing[task]:
            self._edges[edge].source = source
        self._outgoing[source] = self._outgoing[task]
        self._exits[source] = self._exits[task]
        del self._edges[entering]
        self._outgoing[task] = set()
        self._forget(task, source, *(self._edges[edge].target for edge in self._outgoing[source]))

    # parts

    def _join(self, task: int) -> str:
        return self._joins[task] if len(self._incoming[task]) > 1 else "exclusive"

    def _ends_or_is_exclusive(self, target: int | None) -> bool:
        return target is None or self._join(target) == "exclusive"

    def _left_alone(self, task: int) -> bool:
        return not self._plain and self._join(task) == "inclusive"

    def _remove(self, edge: int) -> None:
        gone = self._edges.pop(edge)
        self._outgoing[gone.source].discard(edge)
        if gone.target is not None:
            self._incoming[gone.target].remove(edge)
        self._again(gone.source, gone.target)

    def _forget(self, task: int, *others: int | None) -> None:
        """`task` is gone; `others` may have become simpler."""
        del self._exits[task]
        self._incoming[task] = []
        self._again(*others)

    def _again(self, *tasks: int | None) -> None:
        for task in tasks:
            if task is not None and task not in self._queued:
                self._queued.add(task)
                self._todo.append(task)

    def _result(self) -> Net:
        old = self._graph
        tasks = {task: number for number, task in enumerate(sorted(task for task in self._exits if task >= 0))}
        edges = {edge: number for number, edge in enumerate(sorted(self._edges))}

        def renamed(exits: Exits) -> Exits:
            otherwise = None if exits.otherwise is None else edges[exits.otherwise]
            must, may = (tuple(edges[edge] for edge in part) for part in (exits.must, exits.may))
            return exits._replace(must=must, may=may, otherwise=otherwise)

        def transition(number: int, edge: _Edge) -> Transition:
            source = None if edge.source < 0 else tasks[edge.source]
            target = None if edge.target is None else tasks[edge.target]
            return Transition(number, source, target, "completed", 0, False, None)

        graph = Graph(
            tasks=tuple(
                replace(
                    old.tasks[task],
                    index=number,
                    join=self._joins[task],
                    incoming=tuple(edges[edge] for edge in self._incoming[task]),
                    exits={"completed": tuple(edges[edge] for edge in sorted(self._outgoing[task]))},
                )
                for task, number in tasks.items()
            ),
            transitions=tuple(transition(number, self._edges[edge]) for edge, number in edges.items()),
            starts=tuple(edges[edge] for edge in sorted(self._outgoing[-1])),
            document_transitions=0,
            state_schema={},
        )
        exits = [tuple(renamed(e) for e in self._exits[task]) for task in tasks]
        start = self._exits[-1]
        return Net(graph, exits, renamed(start[0]) if start else Exits("completed", "one", (), (), None))


def shrink(net: Net, *, plain: bool) -> Net:
    """A net, often without any task, of which this holds: if all its tasks can open, and its end can be reached from
    all of its states, without any inclusive join that depends on the order of events, then so it is with `net`.

    `plain`: none does in `net`, as is known already. Only then inclusive joins are made smaller: a smaller one would no
    longer show it.
    """
    return Shrinking(net, plain=plain).run()
