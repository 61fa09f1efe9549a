"""Bundle in normal form → Graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from workflow_design.kernel.fields import output_properties
from workflow_design.kernel.problems import pointer

from .model import EVENTS, Event, Gate, Graph, Task, Transition

GATES = get_args(Gate)

# The first check of an inclusive join walks the whole graph once, so this bounds the slowest step to seconds.
INCLUSIVE_WORK = 5_000_000


class GraphError(ValueError):
    """The bundle is no graph. `path` points into it; the structure checks say the same with more words."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


def implied_transitions(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """The starts and ends that a bundle leaves unsaid, as transitions to add to its list, starts first.

    - Where no transition starts anything (`from` null), every task that no other task leads to starts.
    - A task without an outgoing `completed` transition ends its path.

    With one start written, no other is implied: a forgotten task is then reported as dead, instead of opening
    with every ticket.
    """
    keys = [task["key"] for task in bundle["tasks"]]
    transitions = bundle["transitions"]
    starts: Iterable[str] = ()
    if not any(transition["from"] is None for transition in transitions):
        led_to = {t["to"] for t in transitions if t["to"] != t["from"]}
        starts = (key for key in keys if key not in led_to)
    going_on = {t["from"] for t in transitions if t["on_event"] == "completed"}
    ends = (key for key in keys if key not in going_on)
    return [_implied(None, key) for key in starts] + [_implied(key, None) for key in ends]


def _implied(source: str | None, target: str | None) -> dict[str, Any]:
    return {
        "from": source,
        "to": target,
        "condition": None,
        "priority": 0,
        "is_default": False,
        "on_event": "completed",
    }


def compile_graph(bundle: dict[str, Any]) -> Graph:
    """The graph of a bundle in normal form; the index of a transition is its place in the document.

    The graph shares the bundle's conditions and schemas, so these must not be changed afterwards. Conditions
    are compiled when first used. Raises GraphError for a key used twice, a transition to a task that isn't
    there, a word that isn't one of the three gates or events, a condition on a default or in a parallel
    split, two defaults of one task and event, and for more inclusive joins than can be decided in bounded
    time.
    """
    tasks = bundle["tasks"]
    index: dict[str | None, int | None] = {None: None}
    for number, task in enumerate(tasks):
        if task["key"] in index:
            raise GraphError(f"Two tasks have the key {task['key']!r}.", pointer("tasks", number, "key"))
        index[task["key"]] = number

    incoming: list[list[int]] = [[] for _ in tasks]
    exits: dict[tuple[int | None, Event], list[Transition]] = {}
    transitions = []
    for number, document in enumerate([*bundle["transitions"], *implied_transitions(bundle)]):
        transition = _transition(number, document, index)
        transitions.append(transition)
        exits.setdefault((transition.source, transition.event), []).append(transition)
        if transition.target is not None:
            incoming[transition.target].append(number)

    starts = _in_order(exits.get((None, "completed"), ()), "inclusive")
    compiled = tuple(
        Task(
            index=number,
            key=task["key"],
            title=task["title"],
            join=_gate(task["join"], number, "join"),
            split=(split := _gate(task["split"], number, "split")),
            incoming=tuple(incoming[number]),
            exits={e: _in_order(exits[number, e], split) for e in EVENTS if (number, e) in exits},
            inputs=tuple(output_properties(task["input_schema"])),
            outputs=frozenset(output_properties(task["output_schema"])),
            output_schema=task["output_schema"],
        )
        for number, task in enumerate(tasks)
    )
    inclusive = sum(1 for task in compiled if task.join == "inclusive" and len(task.incoming) > 1)
    if inclusive * (len(tasks) + len(transitions)) > INCLUSIVE_WORK:
        raise GraphError(
            f"{inclusive} inclusive joins among {len(tasks)} tasks and {len(transitions)} transitions are too many."
        )
    return Graph(
        tasks=compiled,
        transitions=tuple(transitions),
        starts=starts,
        document_transitions=len(bundle["transitions"]),
        state_schema=bundle["workflow"]["state_schema"],
    )


def _transition(number: int, document: dict[str, Any], index: dict[str | None, int | None]) -> Transition:
    source, target, event = document["from"], document["to"], document["on_event"]
    for end, key in (("from", source), ("to", target)):
        if key not in index:
            raise GraphError(f"There is no task {key!r}.", pointer("transitions", number, end))
    if event not in EVENTS or (source is None and event != "completed"):
        raise GraphError(f"{event!r} can't be the event here.", pointer("transitions", number, "on_event"))
    condition = document["condition"]
    if condition is True:
        condition = None
    is_default = document["is_default"]
    if is_default and condition is not None:
        raise GraphError("A default has no condition.", pointer("transitions", number, "condition"))
    return Transition(number, index[source], index[target], event, document["priority"], is_default, condition)


def _gate(word: str, number: int, name: str) -> Gate:
    for gate in GATES:
        if word == gate:
            return gate
    raise GraphError(f"{word!r} is not one of {', '.join(GATES)}.", pointer("tasks", number, name))


def _in_order(transitions: Iterable[Transition], split: Gate) -> tuple[int, ...]:
    """By priority, then by place in the document, the default last."""
    ordered = sorted(transitions, key=lambda t: (t.is_default, t.priority, t.index))
    if len(ordered) > 1 and ordered[-2].is_default:
        raise GraphError("A task has one default for an event.", pointer("transitions", ordered[-1].index))
    if split == "parallel":
        for transition in ordered:
            if transition.condition is not None:
                path = pointer("transitions", transition.index, "condition")
                raise GraphError("A parallel split takes every transition: it has no conditions.", path)
    return tuple(transition.index for transition in ordered)
