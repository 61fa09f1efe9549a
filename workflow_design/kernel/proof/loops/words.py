"""What was found of circles, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workflow_design.kernel.graph import Graph
from workflow_design.kernel.problems import Problem, Severity, pointer
from workflow_design.kernel.proof.decisions.words import condition, target, values
from workflow_design.kernel.proof.loops.cycles import Circle
from workflow_design.kernel.proof.loops.staying import Stay
from workflow_design.kernel.proof.replay import named


def endless(
    graph: Graph, circle: Circle, stays: Sequence[Stay], data: dict[str, Any], steady: Iterable[str], trace: Any
) -> Problem:
    """The ways out, what they read that stays as it is, and data with which none is ever taken.

    An error where that is so whatever a ticket holds. Where it takes certain data, the creator may judge that no ticket
    ever has them, and publish it as unproved.
    """
    which = f"The run goes round for ever over {_tasks(graph, circle)}"
    fields = sorted(steady)
    if not stays:
        message = f"{which}: no way out of the loop is ever taken. Change a condition, or add a way out."
    elif fields:
        message = (
            f"{which} when {values(data, fields)}: {_ways_out(circle, stays)}, and nothing in the loop writes "
            f"{named(fields, 'or')}. Have it asked again in the loop, or add a way out."
        )
    else:
        message = (
            f"{which}: {_ways_out(circle, stays)}, and nothing that is written in the loop makes that true. Change a "
            "condition, or add a way out."
        )
    severity: Severity = "unproved" if stays and fields else "error"
    return _problem(severity, "loop_never_ends", graph, circle, stays, message, data, trace)


def unproved(graph: Graph, circle: Circle, stays: Sequence[Stay]) -> Problem:
    """The ways out that may be closed for ever."""
    message = (
        f"It is not known whether the run always comes out of the loop over {_tasks(graph, circle)}: "
        f"{_ways_out(circle, stays)}, and that may stay as it is whatever people enter and calls answer in the loop. "
        "Let a way out depend on a field alone that is asked in the loop."
    )
    return _problem("unproved", "loop_unproved", graph, circle, stays, message)


def too_much(graph: Graph, circle: Circle) -> Problem:
    message = (
        f"It is not known whether the run always comes out of the loops over {_tasks(graph, circle)}: they are too "
        "many inside each other to be looked at."
    )
    return _problem("unproved", "loop_unproved", graph, circle, (), message)


def _problem(
    severity: Severity,
    code: str,
    graph: Graph,
    circle: Circle,
    stays: Sequence[Stay],
    message: str,
    data: Mapping[str, Any] | None = None,
    trace: tuple[str, ...] | None = None,
) -> Problem:
    first = min(circle.tasks)
    path, transition = pointer("tasks", first), None
    for stay in stays:
        first = stay.split.task if stay.split.task is not None else first
        transition = next(index for index in stay.split.exits if index not in circle.ways)
        path = pointer("transitions", transition)
        if transition >= graph.document_transitions:
            path = "/transitions"
        elif graph.transitions[transition].condition is not None:
            path += "/condition"
        break
    return Problem(
        severity,
        code,
        message,
        path,
        task=graph.tasks[first].key,
        transition=transition,
        counterexample=dict(data) if data else None,
        trace=trace,
    )


def _tasks(graph: Graph, circle: Circle) -> str:
    return named([f'"{graph.tasks[task].key}"' for task in sorted(circle.tasks)])


def _ways_out(circle: Circle, stays: Sequence[Stay]) -> str:
    parts = []
    for stay in stays[:3]:
        split = stay.split
        for index in split.exits:
            if index in circle.ways:
                continue
            way = split.graph.transitions[index]
            ends = target(split, index)
            source = f'"{split.graph.tasks[way.source or 0].key}"'
            if way.is_default:
                parts.append(f"from {source} to {ends} only if no other way is open")
            else:
                parts.append(f"from {source} to {ends} only if {condition(split, index)}")
    return "it leads " + named(parts) if parts else "no way leads out"
