"""Start, end and what lies between, whatever conditions and data say; splits and events that can't be meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workflow_design.kernel.graph import Graph, GraphError, implied_transitions
from workflow_design.kernel.problems import pointer
from workflow_design.kernel.structure.findings import Findings, Subject

Entity = dict[str, Any]


def check_flow(bundle: Mapping[str, Any], graph: Graph | GraphError | None, findings: Findings) -> None:
    """The graph as a picture: nothing here depends on what a ticket holds. `graph`: what the bundle compiles to."""
    tasks: list[Entity] = bundle["tasks"]
    if not tasks:
        message = "The workflow has no task: there is nothing that a ticket would open."
        findings.add("error", "no_tasks", message, "/tasks")
        return
    before = len(findings.problems)
    _splits(bundle, findings)
    _ways(bundle, findings)
    _events(bundle, findings)
    if isinstance(graph, GraphError) and all(problem.severity != "error" for problem in findings.problems[before:]):
        findings.add("error", "graph_refused", str(graph), graph.path)


def subject_of(transition: Entity, index: int) -> Subject:
    """How findings about a transition's condition begin."""
    source, target = transition["from"], transition["to"]
    if source is None:
        words = f'The start condition of "{target}"'
    else:
        words = f'The condition from "{source}" to ' + ("the end" if target is None else f'"{target}"')
    return Subject(words, pointer("transitions", index, "condition"), source, index)


def _splits(bundle: Mapping[str, Any], findings: Findings) -> None:
    parallel = {task["key"] for task in bundle["tasks"] if task["split"] == "parallel"}
    for index, transition in enumerate(bundle["transitions"]):
        source = transition["from"]
        if source not in parallel:
            continue
        if transition["condition"] not in (None, True):
            message = (
                f'"{source}" splits parallel and takes every transition, so that this one can\'t have a condition: '
                "remove it, or make the split inclusive."
            )
            path = pointer("transitions", index, "condition")
            findings.add("error", "condition_on_parallel", message, path, task=source, transition=index)
        if transition["is_default"]:
            message = (
                f'"{source}" splits parallel and takes every transition but the default: '
                "remove is_default, or make the split inclusive."
            )
            path = pointer("transitions", index, "is_default")
            findings.add("error", "default_on_parallel", message, path, task=source, transition=index)


def _ways(bundle: Mapping[str, Any], findings: Findings) -> None:
    forward: dict[str | None, list[str | None]] = {}
    backward: dict[str | None, list[str | None]] = {}
    # The two ends are the key None on either side: nothing leads from the end, nothing to the start.
    for transition in [*bundle["transitions"], *implied_transitions(dict(bundle))]:
        source, target = transition["from"], transition["to"]
        forward.setdefault(source, []).append(target)
        backward.setdefault(target, []).append(source)
    if None not in forward:
        message = "No task starts: each is led to by another one. Add a transition from null to the first task."
        findings.add("error", "no_start", message, "/transitions")
    if None not in backward:
        message = "No path ends: every task leads to another one. Add a transition to null from the last task."
        findings.add("error", "no_end", message, "/transitions")
    reached, ending = _closure(forward), _closure(backward)
    for index, task in enumerate(bundle["tasks"]):
        key, path = task["key"], pointer("tasks", index)
        if reached and key not in reached:
            message = f'"{key}" never opens: no way leads to it from a start. Lead a transition to it, or remove it.'
            findings.add("error", "unreachable_task", message, path, task=key)
        elif ending and key not in ending:
            message = (
                f'From "{key}" no way leads to an end, so that its ticket never ends. Lead a transition on from it.'
            )
            findings.add("error", "no_way_to_end", message, path, task=key)


def _closure(edges: Mapping[str | None, Iterable[str | None]]) -> set[str]:
    """The tasks that edges lead to from None."""
    found: set[str] = set()
    todo: list[str | None] = [None]
    while todo:
        for key in edges.get(todo.pop(), ()):
            if key is not None and key not in found:
                found.add(key)
                todo.append(key)
    return found


def _events(bundle: Mapping[str, Any], findings: Findings) -> None:
    tasks = {task["key"]: task for task in bundle["tasks"]}
    for index, transition in enumerate(bundle["transitions"]):
        task, event = tasks.get(transition["from"]), transition["on_event"]
        if task is None or event == "completed":
            continue
        key, path = task["key"], pointer("transitions", index, "on_event")
        form, compute = task["task_type"] == "FORM", task["action"] == "compute"
        if (event == "error" and form) or (event == "timeout" and compute):
            why = "a person's work doesn't fail" if form else "computing takes no time"
            message = f'"{key}" never ends with {event}: {why}. Remove the transition.'
            findings.add("warning", "event_never_occurs", message, path, task=key, transition=index)
        elif event == "timeout" and task["due_in_seconds" if form else "timeout_seconds"] is None:
            setting = "due_in_seconds" if form else "timeout_seconds"
            message = f'"{key}" has no {setting}, so that it never times out: set it, or remove the transition.'
            findings.add("error", "timeout_without_limit", message, path, task=key, transition=index)
