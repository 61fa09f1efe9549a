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
    if all(task in opened for task in waiting):
        message = (
            f"{begin}: something is left over in front of {_names(net, waiting)}, which was open before and can't open "
            "again, so that the run is stuck. Lead no way to the join that may be taken more often than the others."
        )
        return Problem("error", "flow_left_over", message, path, task=first.key, trace=trace)
    missing = [
        "the start" if (source := graph.transitions[index].source) is None else f'"{graph.tasks[source].key}"'
        for index in first.incoming
        if index not in holding
    ]
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
    message = (
        f"{_begin(net, moves)}: {_names(net, open_tasks)} {'is' if len(open_tasks) == 1 else 'are'} then open, and "
        "whatever is completed next, the run never comes to an end. Lead a transition out of the circle."
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
        f"{_begin(net, moves)}: the run is where it was before and has more open or waiting besides "
        f'(see "{net.graph.tasks[first].key}"). That can go on without end. '
        "Lead the way back out of the split, not into it, or join what was split before going back."
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
        if hidden:
            source = graph.transitions[hidden[0]].source
            name = "the start" if source is None else f'"{graph.tasks[source].key}"'
            why = (
                f"{name} never takes the transition to it: another one is always true. Give that one a condition, or "
                "make the split parallel"
            )
        else:
            why = "no run brings together what its join waits for. Lead ways to it that are taken together"
        message = f'"{node.key}" never opens: {why}.'
        problems.append(Problem("error", "flow_dead_task", message, pointer("tasks", task), task=node.key))
    return problems


def _twice(net: Net, task: int | None, transition: int | None, moves: list[Move]) -> Problem:
    begin, trace = _begin(net, moves), keys(net, moves)
    if task is not None:
        key = net.graph.tasks[task].key
        message = (
            f'{begin}: "{key}" is then open twice. If the ways to it belong together, let them meet in a parallel or '
            "inclusive join."
        )
        return Problem("warning", "flow_opens_twice", message, pointer("tasks", task), task=key, trace=trace)
    assert transition is not None
    way = net.graph.transitions[transition]
    assert way.target is not None
    key = net.graph.tasks[way.target].key
    message = f'{begin}: "{key}" is then due to open twice, one after the other: its join has work for a second round.'
    return Problem("warning", "flow_opens_twice", message, pointer("tasks", way.target), task=key, trace=trace)


def _names(net: Net, tasks: Sequence[int]) -> str:
    return named([f'"{net.graph.tasks[task].key}"' for task in tasks])
