"""Whether every run can end from wherever it is, with nothing left behind, whatever conditions say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from workflow_design.kernel.proof.explore import Budget, Exploration, Move, explore
from workflow_design.kernel.proof.net import Net, State
from workflow_design.kernel.proof.shrink import shrink
from workflow_design.kernel.proof.together import Together, together

MAX_STUCK = 20
"""Ways to get stuck that are told of one definition."""
_SMALL = (3_000, 0.25)
_WHOLE = (30_000, 0.6)
_ALL_ORDERS = (20_000, 0.6)
_QUERY = (4_000, 0.2)
_QUERIES = (20_000, 0.5)
_ALL = (100_000, 0.9)


@dataclass(slots=True)
class Flow:
    """What is known of a net. `moves` lead there, the submission first.

    - `stuck`: runs in which nothing is open and tokens are left; `endless`: one that can't come to any end
    - `grows`: one that comes back to where it was with more beside it, without end
    - `dead`: tasks that never open
    - `twice`: what may be open twice, or hold two tokens: (task or None, transition or None, moves)
    - `budget`: what all of this may take
    - `decided`: nothing else is wrong; `bounded`: nothing else is there twice
    """

    net: Net
    budget: Budget
    stuck: list[tuple[State, list[Move]]] = field(default_factory=list)
    endless: tuple[State, list[Move]] | None = None
    grows: tuple[State, list[Move]] | None = None
    dead: list[int] = field(default_factory=list)
    twice: list[tuple[int | None, int | None, list[Move]]] = field(default_factory=list)
    decided: bool = False
    bounded: bool = False
    together: Together | None = None
    plain: bool = True
    by: str = ""

    @property
    def sound(self) -> bool:
        """Whether every run can end from everywhere, all tasks can open, and nothing grows."""
        return self.decided and self.bounded and not self.wrong

    @property
    def wrong(self) -> bool:
        return bool(self.stuck or self.endless or self.grows or self.dead)


def flow(net: Net) -> Flow:
    """Explores the net made smaller; the whole net where that doesn't show that all is well."""
    budget = Budget(*_ALL)
    found = Flow(net, budget, together=together(net))
    plain = not net.inclusive or (found.together is not None and found.together.plain)
    if _ends_well(shrink(net, plain=plain), plain, budget):
        found.decided, found.by = True, "shrunk"
    else:
        _whole(found, plain)
    if found.decided and not found.wrong:
        _twice(found)
    return found


def _ends_well(net: Net, plain: bool, budget: Budget) -> bool:
    seen = explore(net, Budget(*_SMALL, budget))
    if not seen.complete or not (plain or seen.plain) or seen.grows is not None:
        return False
    done, stuck = seen.ends()
    opened = {task for _, active in seen.states for task in active}
    return not stuck and all(seen.reaching(done)) and len(opened) == len(net.graph.tasks)


def _whole(found: Flow, plain: bool) -> None:
    net = found.net
    seen = explore(net, Budget(*_WHOLE, found.budget))
    done, stuck = seen.ends()
    hopeless = _hopeless(seen, done + stuck)
    found.by = "one at a time"
    exact = seen.complete and seen.grows is None
    if net.inclusive:
        exact = exact and (plain or seen.plain) and (plain or hopeless is None)
    if not exact and seen.grows is None:
        found.plain = False
        found.by = "all orders"
        other = explore(net, Budget(*_ALL_ORDERS, found.budget), delayed=None)
        exact = other.complete and other.grows is None
        if exact or other.grows is not None or not stuck:
            seen = other
            done, stuck = seen.ends()
            hopeless = _hopeless(seen, done + stuck)
        else:
            hopeless = None
    if seen.grows is not None:
        found.grows = seen.states[seen.grows], seen.trace(seen.grows)
    known: set[tuple[frozenset[int | None], bool]] = set()
    for place in stuck:
        waiting = frozenset(net.graph.transitions[index].target for index, _ in seen.states[place][0])
        moves = seen.trace(place)
        kind = waiting, waiting <= {move.task for move in moves}
        if kind not in known and len(known) < MAX_STUCK:
            known.add(kind)
            found.stuck.append((seen.states[place], moves))
    if exact:
        if hopeless is not None:
            found.endless = seen.states[hopeless], seen.trace(hopeless)
        found.dead = _dead(found, seen, hopeless)
    found.decided = exact


def _hopeless(seen: Exploration, ends: list[int]) -> int | None:
    """Of the states from which the run comes to no end, the first to which it comes back."""
    reached = seen.reaching(ends)
    left = [place for place in range(1, len(seen.states)) if not reached[place]]
    if not left:
        return None
    after: dict[int, list[int]] = {place: [] for place in left}
    before = dict.fromkeys(left, 0)
    for place in left:
        for earlier in seen.before[place]:
            if earlier in after:
                after[earlier].append(place)
                before[place] += 1
    outside = [place for place in left if not before[place]]
    for place in outside:
        for later in after[place]:
            before[later] -= 1
            if not before[later]:
                outside.append(later)
    return next((place for place in left if before[place]), left[0])


def _dead(found: Flow, seen: Exploration, hopeless: int | None) -> list[int]:
    opened = {task for _, active in seen.states for task in active}
    never = [task.index for task in found.net.graph.tasks if task.index not in opened]
    if never and hopeless is not None and found.by != "all orders":
        # What goes round without end may have kept others from their turn.
        other = explore(found.net, Budget(*_ALL_ORDERS, found.budget), delayed=None)
        if not other.complete or other.grows is not None:
            return []
        opened = {task for _, active in other.states for task in active}
        never = [task for task in never if task not in opened]
    return never


def _twice(found: Flow) -> None:
    """What the relation can't exclude is looked for: with the tasks delayed that could undo it, it is seen if it is."""
    net = found.net
    if found.together is None:
        return
    tasks, transitions = found.together.twice()
    found.bounded = True
    whole = Budget(*_QUERIES, found.budget)
    if not found.plain:
        if tasks or transitions:
            _ask(found, whole, None, [*((task, None) for task in tasks), *((None, way) for way in transitions)])
        return
    for task in tasks:
        _ask(found, whole, frozenset({task}), [(task, None)])
    for index in transitions:
        target = net.graph.transitions[index].target
        if target is not None and target not in net.inclusive:  # those never hold two
            sources = {net.graph.transitions[i].source for i in net.graph.tasks[target].incoming}
            _ask(found, whole, frozenset(source for source in sources if source is not None), [(None, index)])


def _ask(
    found: Flow, whole: Budget, delayed: frozenset[int] | None, asked: list[tuple[int | None, int | None]]
) -> None:
    """Looks for two of what is asked for: a task, or a transition."""
    if found.grows is not None:
        return
    if whole.moves <= 0:
        found.bounded = False
        return
    budget = whole if delayed is None else Budget(min(_QUERY[0], whole.moves), _QUERY[1], whole)
    before = budget.moves
    seen = explore(found.net, budget, delayed=delayed)
    if budget is not whole:
        whole.spend(before - budget.moves)
    if seen.grows is not None:
        found.grows = seen.states[seen.grows], seen.trace(seen.grows)
        return
    for task, transition in asked:
        for place, (tokens, active) in enumerate(seen.states):
            if active.count(task) > 1 if task is not None else (transition, 2) in tokens:
                found.twice.append((task, transition, seen.trace(place)))
                break
    if not seen.complete:
        found.bounded = False


def meet(found: Flow, one: int, other: int, whole: Budget) -> list[Move] | Literal[False] | None:
    """Moves after which both tasks are open (`one` twice, if it is the same); False: that can't be; None: not known."""
    if found.together is not None and not found.together.tasks(one, other):
        return False

    def both(state: State) -> bool:
        return state[1].count(one) > 1 if one == other else one in state[1] and other in state[1]

    budget = Budget(min(_QUERY[0], whole.moves), _QUERY[1], whole)
    before = budget.moves
    delayed = frozenset({one, other}) if found.plain else None
    seen = explore(found.net, budget, delayed=delayed, goal=both)
    whole.spend(before - budget.moves)
    if seen.goal is not None:
        return seen.trace(seen.goal)
    return False if seen.complete and found.sound else None
