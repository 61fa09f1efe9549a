"""Sequences of moves, played through the engine itself and told to people."""

from __future__ import annotations

from collections.abc import Sequence

from workflow_design.kernel.engine import Event, EventName, Marking, Step, step
from workflow_design.kernel.proof.explore import Move
from workflow_design.kernel.proof.net import Net, State, obeys

_EVENTS: dict[str, EventName] = {"completed": "completed", "error": "failed", "timeout": "timed_out"}
_WORDS = {"completed": "", "error": " (which fails)", "timeout": " (which takes too long)"}
_SHOWN = 12


def replay(net: Net, moves: Sequence[Move]) -> Step:
    """The engine's last step when the moves happen, each with conditions that come out as the move wants.

    Raises ValueError where the engine does something else.
    """
    marking = Marking()
    for move in moves:
        data = {obeys(index): True for index in move.taken}
        number = 0
        if move.task is not None:
            number = next((n for n, task in marking.open.items() if task == move.task), -1)
        event = Event("started" if move.task is None else _EVENTS[move.event], number)
        if number < 0:
            raise ValueError("A task of the sequence isn't open.")
        answer = step(net.obedient, marking, data, event)
        if sorted(answer.taken) != sorted(move.taken):
            raise ValueError("The engine takes other transitions.")
        marking = answer.marking
    return answer


def state_of(marking: Marking) -> State:
    """The part of a marking that a net knows."""
    return tuple(sorted(marking.tokens.items())), tuple(sorted(marking.open.values()))


def keys(net: Net, moves: Sequence[Move]) -> tuple[str, ...]:
    """A sequence as a problem keeps it: the keys of the completed tasks; `call error`, `call timeout` otherwise."""
    tasks = net.graph.tasks
    return tuple(
        tasks[move.task].key + ("" if move.event == "completed" else f" {move.event}")
        for move in moves
        if move.task is not None
    )


def told(net: Net, moves: Sequence[Move]) -> str:
    """A sequence as people read it: `complete "intake" (on to "legal"), then "assess"`."""
    parts = []
    first = moves[0]
    if sum(1 for _, _ in zip(range(2), net.start.ways(), strict=False)) > 1:
        parts.append(f"start with {_targets(net, first.taken)}")
    done = [_told(net, move) for move in moves[1:]]
    if len(done) > _SHOWN:
        done = [*done[:4], f"{len(done) - 8} more", *done[-4:]]
    if done:
        parts.append("complete " + ", then ".join(done))
    return ", then ".join(parts) or "open a ticket"


def _told(net: Net, move: Move) -> str:
    assert move.task is not None
    words = f'"{net.graph.tasks[move.task].key}"{_WORDS[move.event]}'
    exits = next(exits for exits in net.exits[move.task] if exits.event == move.event)
    if exits.mode == "all" or (exits.mode == "one" and len(exits.may) == 1):
        return words
    return f"{words} with {_targets(net, move.taken)} next"


def _targets(net: Net, taken: Sequence[int]) -> str:
    transitions, tasks = net.graph.transitions, net.graph.tasks
    ends = [transitions[index].target for index in taken]
    return named(["the end" if end is None else f'"{tasks[end].key}"' for end in ends])


def named(names: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`; of many the first few."""
    if len(names) > 6:
        return f"{', '.join(names[:5])} {word} {len(names) - 5} more"
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else "nothing"
