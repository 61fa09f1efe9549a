"""Tasks that could write one field at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.proof.explore import Budget, Move
from workflow_design.kernel.proof.flow import Flow, meet
from workflow_design.kernel.proof.messages import confirmed
from workflow_design.kernel.proof.replay import keys, named, told
from workflow_design.kernel.proof.together import Together

MAX_PAIRS = 20
_MOVES, _SECONDS = 20_000, 0.3


def check_writers(found: Flow) -> list[Problem]:
    """An error for two tasks that can be open together and write one field, a warning for one that can open twice."""
    problems: list[Problem] = []
    whole = Budget(_MOVES, _SECONDS)
    pairs = _pairs(found)
    for (one, other), fields in pairs[:MAX_PAIRS]:
        if one == other and found.wrong:
            continue  # a consequence, as a rule, of what is said already
        moves = meet(found, one, other, whole) if whole.moves > 0 else None
        if moves is False:
            continue
        if moves is not None and confirmed(found.net, moves):
            problems.append(_problem(found, one, other, fields, moves))
        elif not found.wrong:
            problems.append(_unproved(found, one, other, fields))
    if len(pairs) > MAX_PAIRS and not found.wrong:
        (one, other), fields = pairs[-1]
        problems.append(_unproved(found, one, other, fields))
    return problems


def _pairs(found: Flow) -> list[tuple[tuple[int, int], list[str]]]:
    """Writers of one field that the relation doesn't keep apart, each pair once, with their fields; without the
    relation all of them; at most one more than MAX_PAIRS.
    """
    writers: dict[str, list[int]] = {}
    for task in found.net.graph.tasks:
        for name in sorted(task.outputs):
            writers.setdefault(name, []).append(task.index)
    pairs: dict[tuple[int, int], list[str]] = {}
    for name, listed in writers.items():
        for pair in _not_apart(found.together, listed):
            if pair in pairs:
                pairs[pair].append(name)
            elif len(pairs) > MAX_PAIRS:
                break
            else:
                pairs[pair] = [name]
    return list(pairs.items())


def _not_apart(relation: Together | None, tasks: list[int]) -> Iterator[tuple[int, int]]:
    by_group: dict[int, list[int]] = {}
    for task in tasks:
        by_group.setdefault(relation.group[task] if relation else 0, []).append(task)
    groups = sum(1 << group for group in by_group)
    for task in tasks:
        others = relation.rows[relation.group[task]] & groups if relation else 1
        while others:
            low = others & -others
            others ^= low
            for other in by_group[low.bit_length() - 1]:
                if task <= other:
                    yield task, other


def _problem(found: Flow, one: int, other: int, fields: list[str], moves: list[Move]) -> Problem:
    tasks = found.net.graph.tasks
    shown = named([f'"{name}"' for name in fields])
    trace = keys(found.net, moves)
    path = pointer("tasks", other, "output_schema", "properties", fields[0])
    how = told(found.net, moves)
    begin = how[0].upper() + how[1:]
    if one == other:
        message = (
            f'{begin}: "{tasks[one].key}" is then open twice, and what is completed last overwrites {shown}. '
            "Let the ways to it meet in a parallel or inclusive join."
        )
        return Problem("warning", "writes_twice", message, path, task=tasks[one].key, trace=trace)
    message = (
        f'{begin}: "{tasks[one].key}" and "{tasks[other].key}" are then open together and both write {shown}, so that '
        "it depends on chance which value stays. Let one follow the other, or write different fields."
    )
    return Problem("error", "concurrent_writers", message, path, task=tasks[other].key, trace=trace)


def _unproved(found: Flow, one: int, other: int, fields: list[str]) -> Problem:
    tasks = found.net.graph.tasks
    who = (
        f'"{tasks[one].key}" can be open twice'
        if one == other
        else f'"{tasks[one].key}" and "{tasks[other].key}" can be open together'
    )
    shown = named([f'"{name}"' for name in fields])
    message = (
        f"It could not be found out in time whether {who}; both would write {shown}. Let one follow the other, or "
        "write different fields."
    )
    path = pointer("tasks", other, "output_schema", "properties", fields[0])
    return Problem("unproved", "writers_unproved", message, path, task=tasks[other].key)
