"""A graph whose conditions are free choices: what can follow from each event, as the engine would do it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from typing import Any, Literal, NamedTuple

from workflow_design.kernel.engine import settle
from workflow_design.kernel.graph import Graph
from workflow_design.kernel.graph.model import Event, Gate
from workflow_design.kernel.proof.apart import apart

MAX_REACH = 600_000
"""Inclusive joins × (tasks + transitions); half a second."""

State = tuple[tuple[tuple[int, int], ...], tuple[int, ...]]
"""(waiting tokens: (transition, count) in order; open tasks in order, once per instance)."""


class Exits(NamedTuple):
    """What a split may take: `one` of `may`; `all` of `must`; or `some`: all of `must` and any of `may`, `otherwise`
    when that is nothing. What no condition could make it take is left out; of an inclusive split whose conditions are
    plainly never true together, one is taken.
    """

    event: Event
    mode: Literal["one", "some", "all"]
    must: tuple[int, ...]
    may: tuple[int, ...]
    otherwise: int | None

    def ways(self) -> Iterator[tuple[int, ...]]:
        """Every set of transitions that can be taken, smaller ones first."""
        if self.mode == "one":
            yield from ((transition,) for transition in self.may)
        elif self.mode == "all":
            yield self.must
        else:
            for size in range(0 if self.must else 1, len(self.may) + 1):
                for chosen in combinations(self.may, size):
                    yield self.must + chosen
            if self.otherwise is not None and not self.must:
                yield (self.otherwise,)


def read_exits(event: Event, split: Gate, order: Sequence[tuple[int, Any, bool]]) -> Exits:
    """The exits of one event: `order` holds (transition, condition, is it the default) in the order of evaluation."""
    possible = [(index, condition) for index, condition, default in order if not default and condition is not False]
    default = next((index for index, _, is_default in order if is_default), None)
    if split == "exclusive":
        certain = [place for place, (_, condition) in enumerate(possible) if condition is None]
        if certain:  # the first that is always true hides all that come later
            possible, default = possible[: certain[0] + 1], None
        may = tuple(index for index, _ in possible)
        return Exits(event, "one", (), may if default is None else (*may, default), None)
    must = tuple(index for index, condition in possible if condition is None)
    uncertain = [(index, condition) for index, condition in possible if condition is not None]
    may = tuple(index for index, _ in uncertain)
    if not must and len(may) > 1 and apart([condition for _, condition in uncertain]):
        return Exits(event, "one", (), may if default is None else (*may, default), None)
    return simple(Exits(event, "some", must, may, default))


def simple(exits: Exits) -> Exits:
    """The same choice in its simplest mode."""
    event, mode, must, may, otherwise = exits
    if must:
        otherwise = None
    if mode == "some" and not may and must:
        mode = "all"
    elif mode == "some" and not must and len(may) < 2:
        mode, may, otherwise = "one", may if otherwise is None else (*may, otherwise), None
    if mode == "all" and len(must) == 1:
        mode, must, may = "one", (), must
    return Exits(event, mode, must, may, otherwise)


def obeys(transition: int) -> str:
    """The field that says whether the condition of a transition holds, in an obedient graph."""
    return f"take_{transition}"


class Net:
    """The token game with free choices. `exits` per task, one of each event; `start` those of the submission.

    Joins are the engine's: every state here is one that the engine comes to when the conditions say so.
    """

    def __init__(self, graph: Graph, exits: Sequence[Sequence[Exits]], start: Exits) -> None:
        self.graph = graph
        self.exits = exits
        self.start = start
        # A token in front of these never waits.
        self._direct = [
            t.target is not None
            and (graph.tasks[t.target].join == "exclusive" or len(graph.tasks[t.target].incoming) == 1)
            for t in graph.transitions
        ]
        self.inclusive = frozenset(
            task.index for task in graph.tasks if task.join == "inclusive" and len(task.incoming) > 1
        )
        self.possible = frozenset(
            index
            for choice in (start, *(choice for listed in exits for choice in listed))
            for index in (*choice.must, *choice.may, *(() if choice.otherwise is None else (choice.otherwise,)))
        )

    @cached_property
    def obedient(self) -> Graph:
        """The graph with conditions that are true when the data says so (`obeys`)."""
        old = self.graph
        return Graph(
            tasks=old.tasks,
            transitions=tuple(
                way
                if way.condition is None or way.condition is False
                else replace(way, condition={"===": [{"var": obeys(way.index)}, True]})
                for way in old.transitions
            ),
            starts=old.starts,
            document_transitions=old.document_transitions,
            state_schema={},
        )

    @property
    def heavy(self) -> bool:
        """Whether finding out what can reach its inclusive joins takes too long."""
        return len(self.inclusive) * (len(self.graph.tasks) + len(self.graph.transitions)) > MAX_REACH

    @cached_property
    def obscure(self) -> bool:
        """Whether an inclusive join waits, or doesn't, for the sake of a transition that is never taken."""
        if self.heavy:
            return True
        for transition in self.graph.transitions:
            target = transition.target
            if transition.index in self.possible or transition.source is None or target is None:
                continue
            if any(target == join or self.graph.reach(join).mask[target] for join in self.inclusive):
                return True
        return False

    def waits(self, transition: int) -> bool:
        """Whether a token may lie here after a step."""
        return self.graph.transitions[transition].target is not None and not self._direct[transition]

    def fire(self, state: State, task: int | None, taken: Sequence[int]) -> tuple[State, bool]:
        """The state after an open instance of `task` (None: the submission) ends and puts tokens on `taken`, and
        whether it is plain what inclusive joins do: a join with a filled transition that something else can still
        fill is open to the order of events.
        """
        waiting, active = state
        transitions = self.graph.transitions
        opened = list(active)
        if task is not None:
            opened.remove(task)
        if not waiting and all(self._direct[index] or transitions[index].target is None for index in taken):
            opened += [target for index in taken if (target := transitions[index].target) is not None]
            return ((), tuple(sorted(opened))), True
        tokens = dict(waiting)
        for index in taken:
            if transitions[index].target is not None:
                tokens[index] = tokens.get(index, 0) + 1
        plain = not self.inclusive or self._plain(tokens, opened)
        opened += settle(self.graph, tokens, opened)
        return (tuple(sorted(tokens.items())), tuple(sorted(opened))), plain

    def _plain(self, tokens: dict[int, int], active: Sequence[int]) -> bool:
        filled: dict[int, int] = {}
        present = set(active)
        twice = False
        before = set()
        for index, count in tokens.items():
            target = self.graph.transitions[index].target
            assert target is not None
            before.add(target)
            if target in self.inclusive:
                filled[target] = filled.get(target, 0) | self.graph.reach(target).bit[index]
                twice = twice or count > 1
        if twice:
            return False
        for join, bits in filled.items():
            mask = self.graph.reach(join).mask
            if any(mask[task] & bits for task in present) or any(
                mask[task] & bits for task in before if task != join and task not in present
            ):
                return False
        return True


def net_of(graph: Graph) -> Net:
    """The net of a compiled definition."""

    def exits(event: Event, split: Gate, indexes: Sequence[int]) -> Exits:
        listed = [(i, graph.transitions[i].condition, graph.transitions[i].is_default) for i in indexes]
        return read_exits(event, split, listed)

    return Net(
        graph,
        [tuple(exits(event, task.split, indexes) for event, indexes in task.exits.items()) for task in graph.tasks],
        exits("completed", "inclusive", graph.starts),
    )
