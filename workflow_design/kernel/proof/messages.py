"""What was found of the flow, in words and with the way there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.proof.explore import NOTHING, Move, is_twofold
from workflow_design.kernel.proof.flow import Flow
from workflow_design.kernel.proof.net import Net, State
from workflow_design.kernel.proof.replay import keys, named, replay, state_of, told

MAX_TWICE = 20
_UNPROVED = (
    "It could not be found out in time whether every run can end: too much can happen in too many orders. "
    "Join what was split before it is split again, so that the parts are blocks inside each other."
)


def confirmed(net: Net, moves: Sequence[Move], *, stuck: bool = False) -> bool:
    """Whether the engine comes to the same state by these moves, and stops there with an incident if it is stuck."""
    state: State = NOTHING
    for move in moves:
        state, _ = net.fire(state, move.task, move.taken)
    try:
        last = replay(net, moves)
    except ValueError:
        return False
    codes = [incident.code for incident in last.incidents]
    return state_of(last.marking) == state and codes == (["stuck"] if stuck else [])


def flow_problems(found: Flow) -> list[Problem]:
    """Errors with the sequences that lead to them, played through the engine; warnings; what is unproved."""
    net = found.net
    problems: list[Problem] = []
    for state, moves in found.stuck:
        if confirmed(net, moves, stuck=True):
            problems.append(_stuck(net, state, moves))
    if found.endless and confirmed(net, found.endless[1]):
        problems.append(_endless(net, *found.endless))
    if found.grows and confirmed(net, found.grows[1]):
        problems.append(_grows(net, *found.grows))
    problems += _dead(found)
    if found.wrong and not problems:
        return [Problem("unproved", "flow_unproved", _UNPROVED, "/transitions")]
    if found.wrong:
        return problems
    for task, transition, moves in islice(_first_of_their_kind(found), MAX_TWICE):
        if confirmed(net, moves):
            problems.append(_twice(net, task, transition, moves))
    if not found.decided or not found.bounded:
        problems.append(Problem("unproved", "flow_unproved", _UNPROVED, "/transitions"))
    return problems


def _first_of_their_kind(found: Flow) -> Iterator[tuple[int | None, int | None, list[Move]]]:
    """What is there twice, without what only follows from that: something else was there twice before, and leads to
    it.
    """
    net = found.net
    kept: set[int] = set()
    for task, transition, moves in sorted(found.twice, key=lambda entry: len(entry[2])):
        target = task if transition is None else net.graph.transitions[transition].target
        assert target is not None
        state: State = NOTHING
        earlier: set[int] = set()
        for move in moves[:-1]:
            state, _ = net.fire(state, move.task, move.taken)
            if is_twofold(state):
                earlier.update(other for other in kept if state[1].count(other) > 1)
        if not any(_leads(net, other, target) for other in earlier):
            kept.add(target)
            yield task, transition, moves


def _leads(net: Net, source: int, target: int) -> bool:
    seen = {source}
    todo = [source]
    while todo:
        for task in net.graph.successors[todo.pop()]:
            if task not in seen:
                seen.add(task)
                todo.append(task)
    return target in seen


def _begin(net: Net, moves: Sequence[Move]) -> str:
    words = told(net, moves)
    return words[0].upper() + words[1:]


def _stuck(net: Net, state: State, moves: list[Move]) -> Problem:
    graph = net.graph
    holding = {index for index, _ in state[0]}
    waiting = sorted({target for index in holding if (target := graph.transitions[index].target) is not None})
    first = graph.tasks[waiting[0]]
    opened = {move.task for move in moves}
    trace = keys(net, moves)
    path = pointer("tasks", first.index)
    begin = _begin(net, moves)
    missing = [_source(net, index) for index in first.incoming if index not in holding]
    if all(task in opened for task in waiting):
        over = named([_source(net, index) for index in first.incoming if index in holding])
        message = (
            f'{begin}: "{first.key}", which was open before, is then due again over {over}, but not over '
            f"{named(missing)}, so that it never opens again and the run is stuck. Lead the way back to before the "
            "split, or to the join only what is taken as often as the rest."
        )
        return Problem("error", "flow_left_over", message, path, task=first.key, trace=trace)
    if first.join == "inclusive" and len(waiting) > 1:
        missing = [f'"{graph.tasks[task].key}"' for task in waiting[1:]]
    for_what = named(list(dict.fromkeys(missing)))
    message = (
        f'{begin}: "{first.key}" then waits for {for_what}, which can\'t happen any more, so that the run is stuck. '
    )
    if first.join == "parallel":
        message += (
            "A parallel join needs all of its transitions: lead only ways to it that are always taken together, "
            "or make it inclusive."
        )
    else:
        message += "Inclusive joins that can only be reached through each other wait for each other: take one away."
    return Problem("error", "flow_stuck", message, path, task=first.key, trace=trace)


def _endless(net: Net, state: State, moves: list[Move]) -> Problem:
    open_tasks = sorted(set(state[1]))
    hidden = _hidden_ways_out(net, open_tasks)
    message = (
        f"{_begin(net, moves)}: {_names(net, open_tasks)} {'is' if len(open_tasks) == 1 else 'are'} then open, and "
        "whatever is completed next, the run never comes to an end. "
        + (_never_taken(net, hidden[0]) if hidden else "Lead a transition out of the circle.")
    )
    key = net.graph.tasks[open_tasks[0]].key
    return Problem("error", "flow_no_end", message, pointer("tasks", open_tasks[0]), task=key, trace=keys(net, moves))


def _grows(net: Net, state: State, moves: list[Move]) -> Problem:
    tasks = [task for task in sorted(set(state[1])) if state[1].count(task) > 1]
    tasks += [
        target for index, count in state[0] if count > 1 and (target := net.graph.transitions[index].target) is not None
    ]
    first = tasks[0] if tasks else state[1][0]
    message = (
        f"{_begin(net, moves)}: the run is then where it was before, and {_names(net, [first])} is open or due "
        "besides. Each further round can add more, without end. Let what a split opens meet in a parallel or inclusive "
        "join before a way leads back, and lead it back to before the split."
    )
    key = net.graph.tasks[first].key
    return Problem("error", "flow_grows", message, pointer("tasks", first), task=key, trace=keys(net, moves))


def _dead(found: Flow) -> list[Problem]:
    """Tasks that never open; not those that only lie behind another one that is told of."""
    graph = found.net.graph
    dead = set(found.dead)
    behind: set[int] = set()
    told_of = [
        target
        for state, _ in found.stuck
        for index, _ in state[0]
        if (target := graph.transitions[index].target) is not None
    ]
    todo = list(told_of)
    while todo:
        task = todo.pop()
        if task not in behind:
            behind.add(task)
            todo += graph.successors[task]
    roots = [
        task
        for task in found.dead
        if task not in behind and any(graph.transitions[i].source not in dead for i in graph.tasks[task].incoming)
    ]
    if not roots:  # a circle that nothing leads into
        roots = [task for task in found.dead if task not in behind][:1]
    problems = []
    for task in roots:
        node = graph.tasks[task]
        hidden = [i for i in node.incoming if i not in found.net.possible and graph.transitions[i].source not in dead]
        message = f'"{node.key}" never opens. ' + (
            _never_taken(found.net, hidden[0])
            if hidden
            else "No run brings together what its join waits for: lead ways to it that are taken together."
        )
        problems.append(Problem("error", "flow_dead_task", message, pointer("tasks", task), task=node.key))
    return problems


def _twice(net: Net, task: int | None, transition: int | None, moves: list[Move]) -> Problem:
    begin, trace = _begin(net, moves), keys(net, moves)
    if task is not None:
        key = net.graph.tasks[task].key
        message = (
            f'{begin}: "{key}" is then open twice, so that it is done twice. If the ways to it belong together, let '
            "them meet in a parallel or inclusive join."
        )
        return Problem("warning", "flow_opens_twice", message, pointer("tasks", task), task=key, trace=trace)
    assert transition is not None
    way = net.graph.transitions[transition]
    assert way.target is not None
    key = net.graph.tasks[way.target].key
    message = (
        f'{begin}: "{key}" is then due twice, one after the other, for its join has work for a second round. If it is '
        "meant to open once, let what leads to it meet in a parallel or inclusive join before."
    )
    return Problem("warning", "flow_opens_twice", message, pointer("tasks", way.target), task=key, trace=trace)


def _source(net: Net, transition: int) -> str:
    source = net.graph.transitions[transition].source
    return "the start" if source is None else _names(net, [source])


def _target(net: Net, transition: int) -> str:
    target = net.graph.transitions[transition].target
    return "the end" if target is None else _names(net, [target])


def _never_taken(net: Net, transition: int) -> str:
    """Why a split never takes a transition, and what to do."""
    way = net.graph.transitions[transition]
    start = f"The transition from {_source(net, transition)} to {_target(net, transition)} is never taken, because "
    if way.condition is False:
        return f"{start}its condition is never true: correct it."
    exits = net.start
    if way.source is not None:
        exits = next(exits for exits in net.exits[way.source] if exits.event == way.event)
    always = exits.must[0] if exits.must else exits.may[-1]
    return f"{start}the one to {_target(net, always)} is always true and comes before it: give that one a condition."


def _hidden_ways_out(net: Net, tasks: Sequence[int]) -> list[int]:
    """Transitions that lead on from what can still open, to elsewhere, and are never taken."""
    graph = net.graph
    inside, todo = set(tasks), list(tasks)
    while todo:
        for indexes in graph.tasks[todo.pop()].exits.values():
            for index in net.possible.intersection(indexes):
                target = graph.transitions[index].target
                if target is not None and target not in inside:
                    inside.add(target)
                    todo.append(target)
    return [
        way.index
        for way in graph.transitions
        if way.source in inside and way.index not in net.possible and way.target not in inside
    ]


def _names(net: Net, tasks: Sequence[int]) -> str:
    return named([f'"{net.graph.tasks[task].key}"' for task in tasks])
