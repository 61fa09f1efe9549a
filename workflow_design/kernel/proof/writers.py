"""Tasks that could write one field at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.proof.explore import Budget, Move
from workflow_design.kernel.proof.flow import Flow, meet
from workflow_design.kernel.proof.messages import confirmed
from workflow_design.kernel.proof.replay import keys, named, told

MAX_PAIRS = 50
_MOVES, _SECONDS = 20_000, 0.4


def check_writers(found: Flow) -> list[Problem]:
    """An error for two tasks that can be open together and write one field, a warning for one that can open twice."""
    problems: list[Problem] = []
    whole = Budget(_MOVES, _SECONDS)
    for one, other, fields in _pairs(found):
        moves = meet(found, one, other, whole) if whole.moves > 0 else None
        if moves is False:
            continue
        if len(problems) >= MAX_PAIRS:
            break
        if moves is not None and confirmed(found.net, moves):
            problems.append(_problem(found, one, other, fields, moves))
        elif not found.wrong:
            problems.append(_unproved(found, one, other, fields))
    return problems


def _pairs(found: Flow) -> Iterator[tuple[int, int, list[str]]]:
    """Writers of one field that the relation doesn't keep apart, each pair once; without it, all of them."""
    tasks = found.net.graph.tasks
    by_field: dict[str, list[int]] = {}
    for task in tasks:
        for name in sorted(task.outputs):
            by_field.setdefault(name, []).append(task.index)
    pairs: dict[tuple[int, int], list[str]] = {}
    relation = found.together
    for name, writers in by_field.items():
        in_group: dict[int, list[int]] = {}
        groups = 0
        for task in writers:
            group = relation.group[task] if relation else 0
            in_group.setdefault(group, []).append(task)
            groups |= 1 << group
        for task in writers:
            others = relation.rows[relation.group[task]] & groups if relation else 1
            while others and len(pairs) <= MAX_PAIRS:
                low = others & -others
                others ^= low
                for other in in_group[low.bit_length() - 1]:
                    if task <= other and len(pairs) <= MAX_PAIRS:
                        pairs.setdefault((task, other), []).append(name)
    for (one, other), fields in sorted(pairs.items()):
        yield one, other, fields


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
    message = f"It could not be found out in time whether {who}; both would write {shown}."
    path = pointer("tasks", other, "output_schema", "properties", fields[0])
    return Problem("unproved", "writers_unproved", message, path, task=tasks[other].key)
