"""All that can happen in a net, or enough of it to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from time import thread_time
from typing import NamedTuple

from workflow_design.kernel.graph.model import Event
from workflow_design.kernel.proof.net import Exits, Net, State

NOTHING: State = ((), ())
MAX_ANCESTORS = 400
"""How far back a state is compared with those before it, to see growth."""


class Move(NamedTuple):
    """An open instance of `task` (None: the submission) ends with `event`; tokens come to `taken`."""

    task: int | None
    event: Event
    taken: tuple[int, ...]


class Budget:
    """How much may be looked at: moves, and seconds of the processor as the last resort on a slow machine, which end
    with those of the `whole` that this is a part of.
    """

    def __init__(self, moves: int, seconds: float, whole: Budget | None = None) -> None:
        self.moves = moves
        self._until = thread_time() + seconds
        if whole is not None:
            self._until = min(self._until, whole._until)
        self._look = moves

    def spend(self, moves: int = 1) -> bool:
        """Whether that many more moves are within it."""
        self.moves -= moves
        if self.moves < self._look:
            self._look = self.moves - 64
            if thread_time() > self._until:
                self.moves = -1
        return self.moves >= 0


@dataclass(slots=True)
class Exploration:
    """What was found. `states[0]` is the state before the submission.

    `complete`: nothing was left out for want of budget. `plain`: no inclusive join depended on the order of events.
    `grows`: a state that is an earlier one on its way, all of it, and more, again and again. `goal`: the first state
    that was looked for.
    """

    states: list[State] = field(default_factory=lambda: [NOTHING])
    came: list[tuple[int, Move] | None] = field(default_factory=lambda: [None])
    before: list[list[int]] = field(default_factory=lambda: [[]])
    complete: bool = True
    plain: bool = True
    grows: int | None = None
    goal: int | None = None

    def trace(self, state: int) -> list[Move]:
        """A shortest sequence of moves that leads here, the submission first."""
        moves = []
        while (step := self.came[state]) is not None:
            state = step[0]
            moves.append(step[1])
        return moves[::-1]

    def reaching(self, targets: list[int]) -> bytearray:
        """Per state, whether one of `targets` can be reached from it."""
        found = bytearray(len(self.states))
        todo = list(targets)
        for index in todo:
            found[index] = 1
        while todo:
            for index in self.before[todo.pop()]:
                if not found[index]:
                    found[index] = 1
                    todo.append(index)
        return found

    def ends(self) -> tuple[list[int], list[int]]:
        """(states in which the run is complete, states in which it is stuck)."""
        done = [i for i, (tokens, active) in enumerate(self.states) if i and not active and not tokens]
        stuck = [i for i, (tokens, active) in enumerate(self.states) if i and not active and tokens]
        return done, stuck


def explore(
    net: Net,
    budget: Budget,
    *,
    delayed: frozenset[int] | None = frozenset(),
    goal: Callable[[State], bool] | None = None,
) -> Exploration:
    """Breadth first from the submission; stops at the first `goal` or growth.

    One open task at a time is let go on, in all its ways: what others do meanwhile neither hinders nor changes that,
    since a token has one consumer, so that every end and every stuck state is still found (a persistent set). That
    holds while `plain` does. `delayed` tasks go on last, all of them when nothing else is open: what only they could
    undo is then seen if it can be seen at all. None: every open task goes on, in every order.
    """
    found = Exploration(plain=not net.obscure)
    if net.heavy:
        found.complete = False
        return found
    index: dict[State, int] = {}  # without the first: the same with nothing left is the end
    rank = ranks(net)
    place = 0
    while place < len(found.states):
        state = found.states[place]
        cost = 1 + (len(state[0]) + len(state[1])) // 16  # a move takes as long as there is much to be moved
        for move in _moves(net, state, delayed, rank, first=place == 0):
            if not budget.spend(cost):
                found.complete = False
                return found
            after, plain = net.fire(state, move.task, move.taken)
            found.plain = found.plain and plain
            known = index.get(after)
            if known is not None:
                found.before[known].append(place)
                continue
            number = index[after] = len(found.states)
            found.states.append(after)
            found.came.append((place, move))
            found.before.append([place])
            if goal is not None and goal(after):
                found.goal = number
                return found
            if is_twofold(after) and _grows(net, found, number, budget):
                found.grows = number
                return found
        place += 1
    return found


def _moves(net: Net, state: State, delayed: frozenset[int] | None, rank: list[int], *, first: bool) -> Iterator[Move]:
    if first:
        yield from _ways(None, net.start)
        return
    active = state[1]
    chosen = sorted(set(active))
    if delayed is not None and chosen:
        others = [task for task in chosen if task not in delayed] if delayed else chosen
        if others:
            chosen = [min(others, key=rank.__getitem__)]
    for task in chosen:
        for exits in net.exits[task]:
            yield from _ways(task, exits)


def _ways(task: int | None, exits: Exits) -> Iterator[Move]:
    for taken in exits.ways():
        yield Move(task, exits.event, taken)


def ranks(net: Net) -> list[int]:
    """Tasks in reverse postorder from the start, in the order of the document where that is open: what comes before a
    join is done before what comes after it.
    """
    graph = net.graph
    rank = [0] * len(graph.tasks)
    seen = bytearray(len(graph.tasks))
    number = len(graph.tasks)
    starts = [graph.transitions[index].target for index in graph.starts]
    for root in [task for task in reversed(starts) if task is not None]:
        if seen[root]:
            continue
        seen[root] = 1
        walk = [(root, reversed(graph.successors[root]))]
        while walk:
            for child in walk[-1][1]:
                if not seen[child]:
                    seen[child] = 1
                    walk.append((child, reversed(graph.successors[child])))
                    break
            else:
                rank[walk.pop()[0]] = number
                number -= 1
    return rank


def is_twofold(state: State) -> bool:
    """Whether something is there twice; without that, nothing grows."""
    tokens, active = state
    return any(count > 1 for _, count in tokens) or any(a == b for a, b in pairwise(active))


def _grows(net: Net, found: Exploration, number: int, budget: Budget) -> bool:
    """Whether an earlier state on the way here comes back with more beside it, and would do so again."""
    state = found.states[number]
    large, size = _counts(state), _size(state)
    moves: list[Move] = []
    at = number
    while (step := found.came[at]) is not None and step[0] and len(moves) < MAX_ANCESTORS:
        at, move = step
        moves.append(move)
        earlier = found.states[at]
        if _size(earlier) < size:
            budget.moves -= 1
            surplus = _difference(large, earlier)
            if surplus and _again(net, earlier, state, surplus, moves[::-1], budget):
                return True
    return False


def _size(state: State) -> int:
    return len(state[1]) + sum(count for _, count in state[0])


def _counts(state: State) -> dict[int, int]:
    """How much there is of what: open tasks from 0 up, tokens from -1 down."""
    counts = {-1 - transition: count for transition, count in state[0]}
    for task in state[1]:
        counts[task] = counts.get(task, 0) + 1
    return counts


def _difference(large: dict[int, int], smaller: State) -> dict[int, int] | None:
    """What there is more of, None when there is less of something."""
    left = dict(large)
    for what, count in _counts(smaller).items():
        more = left.get(what, 0) - count
        if more < 0:
            return None
        left[what] = more
    return {what: count for what, count in left.items() if count}


def _again(net: Net, small: State, large: State, surplus: dict[int, int], moves: list[Move], budget: Budget) -> bool:
    """Whether the same moves lead on from `large`, adding the same each time: then they do so without end.

    Inclusive joins look at what there is, not at how much; so once with the surplus beside it is as good as often.
    """
    for move in moves:
        if not budget.spend() or (move.task is not None and move.task not in large[1]):
            return False
        small, _ = net.fire(small, move.task, move.taken)
        large, _ = net.fire(large, move.task, move.taken)
        if _difference(_counts(large), small) != surplus:
            return False
    return True
