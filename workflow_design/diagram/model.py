"""What a picture of a workflow shows: a bundle and what the checks found, as nodes and edges."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from workflow_design.diagram.text import cleaned
from workflow_design.kernel.graph import implied_transitions
from workflow_design.kernel.language import compile_condition
from workflow_design.kernel.structure.tasks import child_of

Kind = Literal["start", "end", "task"]
Mark = Literal["form", "sync", "async", "compute", "workflow"]
ProblemRow = Mapping[str, Any]
"""A problem as answers show it."""

_PLACE = re.compile(r"/(tasks|transitions)/([0-9]+)(?:/|$)")
# The worst comes first.
SEVERITIES = ("error", "warning", "unproved")
MARKS: dict[str, str] = {
    "form": "form",
    "sync": "action, answered at once",
    "async": "action, answered by a callback",
    "compute": "computation",
    "workflow": "runs another workflow",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A start, an end or a task. `split` and `join` are None where there is only one way; `events` are the ones,
    besides completion, that lead on from here."""

    id: str
    kind: Kind
    key: str | None = None
    title: str = ""
    mark: Mark | None = None
    who: str = ""
    join: str | None = None
    split: str | None = None
    events: tuple[str, ...] = ()
    problems: tuple[ProblemRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A transition, or with `index` None a start or an end that goes without saying."""

    id: str
    source: str
    target: str
    index: int | None
    event: str
    condition: str
    is_default: bool
    priority: int
    problems: tuple[ProblemRow, ...] = ()

    @property
    def label(self) -> str:
        """The short words beside the edge: the event, unless it is completion, and the condition."""
        event = "" if self.event == "completed" else self.event
        return ": ".join(filter(None, (event, self.condition)))


@dataclass(frozen=True, slots=True)
class Diagram:
    """`problems` are all; `elsewhere` those that no node or edge is marked with."""

    title: str
    subtitle: str
    nodes: list[Node]
    edges: list[Edge]
    problems: list[ProblemRow] = field(default_factory=list)
    elsewhere: list[ProblemRow] = field(default_factory=list)


def diagram(bundle: Mapping[str, Any], problems: Iterable[ProblemRow] = (), *, subtitle: str = "") -> Diagram:
    """The picture of a bundle in normal form; `problems` are about its document, `subtitle` says which copy it is."""
    problems = list(problems)
    placed = _Places(bundle, problems)
    transitions = [*bundle["transitions"], *implied_transitions(dict(bundle))]
    written = len(bundle["transitions"])
    edges = [
        Edge(
            id=f"transition-{index}",
            source=_source(link),
            target=_target(link),
            index=index if index < written else None,
            event=link["on_event"],
            condition="" if link["condition"] is None else cleaned(compile_condition(link["condition"]).text),
            is_default=link["is_default"],
            priority=link["priority"],
            problems=tuple(placed.transitions.get(index, ())),
        )
        for index, link in enumerate(transitions)
    ]
    nodes = _nodes(bundle, edges, placed)
    return Diagram(cleaned(bundle["workflow"]["title"]), subtitle, nodes, edges, problems, placed.elsewhere)


def _source(link: Mapping[str, Any]) -> str:
    return "start" if link["from"] is None else f"task-{link['from']}"


def _target(link: Mapping[str, Any]) -> str:
    """Every task has an end of its own, so that edges don't run through the whole picture to a common one."""
    if link["to"] is not None:
        return f"task-{link['to']}"
    return "end" if link["from"] is None else f"end-{link['from']}"


def _nodes(bundle: Mapping[str, Any], edges: list[Edge], placed: _Places) -> list[Node]:
    out = Counter(edge.source for edge in edges if edge.event == "completed")
    into = Counter(edge.target for edge in edges)
    events: dict[str, set[str]] = {}
    for edge in edges:
        if edge.event != "completed":
            events.setdefault(edge.source, set()).add(edge.event)
    nodes = [Node("start", "start", split="inclusive" if out["start"] > 1 else None)] if out["start"] else []
    for index, task in enumerate(bundle["tasks"]):
        name = f"task-{task['key']}"
        nodes.append(
            Node(
                id=name,
                kind="task",
                key=task["key"],
                title=cleaned(task["title"]) or task["key"],
                mark=_mark(task),
                who=_who(task),
                join=task["join"] if into[name] > 1 else None,
                split=task["split"] if out[name] > 1 else None,
                events=tuple(sorted(events.get(name, ()))),
                problems=tuple(placed.tasks.get(index, ())),
            )
        )
    ends = dict.fromkeys(edge.target for edge in edges if edge.target == "end" or edge.target.startswith("end-"))
    return nodes + [Node(name, "end") for name in ends]


def _mark(task: Mapping[str, Any]) -> Mark:
    if task["task_type"] == "FORM":
        return "form"
    if task["action"] == "compute":
        return "compute"
    if task["action"] == "workflow":
        return "workflow"
    return "async" if task["task_type"] == "ASYNC_ACTION" else "sync"


def _who(task: Mapping[str, Any]) -> str:
    """Who or what does the task, in a few words."""
    mark = _mark(task)
    if mark == "form":
        if task["assignment_policy"] == "requester":
            return "the requester"
        return cleaned(", ".join(task["assignee_roles"])) or "every task worker"
    if mark == "compute":
        return "computed"
    if mark == "workflow":
        return f"runs {child_of(task) or 'a workflow'}"
    return cleaned(_called(task))


def _called(task: Mapping[str, Any]) -> str:
    if task["action"] != "http":
        return str(task["action"])
    try:
        host = urlsplit(task["action_url"]).hostname
    except ValueError:
        host = None
    return host or task["integration"] or "HTTP"


class _Places:
    """Which problem belongs to which task or transition, by their places in the document."""

    def __init__(self, bundle: Mapping[str, Any], problems: list[ProblemRow]) -> None:
        self.tasks: dict[int, list[ProblemRow]] = {}
        self.transitions: dict[int, list[ProblemRow]] = {}
        self.elsewhere: list[ProblemRow] = []
        keys = {task["key"]: index for index, task in enumerate(bundle["tasks"])}
        for problem in sorted(problems, key=lambda problem: SEVERITIES.index(problem["severity"])):
            self._of(problem, keys, len(bundle["transitions"])).append(problem)

    def _of(self, problem: ProblemRow, keys: Mapping[str, int], transitions: int) -> list[ProblemRow]:
        place = _PLACE.match(problem["path"])
        edge, task = problem.get("transition"), keys.get(problem.get("task", ""))
        if edge is None and place and place[1] == "transitions":
            edge = int(place[2])
        if edge is not None and edge < transitions:
            return self.transitions.setdefault(edge, [])
        if task is None and place and place[1] == "tasks":
            task = int(place[2])
        if task is not None and task < len(keys):
            return self.tasks.setdefault(task, [])
        return self.elsewhere
