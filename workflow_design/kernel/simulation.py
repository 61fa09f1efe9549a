"""What a run would do, told without one: no row, no job, no call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow_design.kernel.engine import Event, EventName, Marking, Step, step
from workflow_design.kernel.graph import Graph
from workflow_design.kernel.problems import Problem, pointer

MAX_STEPS = 1_000

# In place of an output: how the task ends instead. No field can have this name.
EVENT_KEY = "_event"
ENDINGS: dict[Any, EventName] = {"error": "failed", "timeout": "timed_out"}


@dataclass(slots=True)
class Simulation:
    """`path`: tasks in the order they open; `steps`: what happened, each with its conditions; `open`: tasks
    that wait.

    The first step is the start (`task` null). `status` is that of the run, `data` what it holds in the end.
    """

    path: list[str] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    status: str = "NOT_STARTED"
    open: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The form of answers."""
        return {
            "path": self.path,
            "steps": self.steps,
            "status": self.status,
            "open": self.open,
            "data": self.data,
            "problems": [problem.as_dict() for problem in self.problems],
        }


def simulate(
    graph: Graph,
    data: dict[str, Any],
    outputs: Mapping[str, Any],
    *,
    ticket: dict[str, Any] | None = None,
    max_steps: int = MAX_STEPS,
    go_on: Callable[[], bool] = lambda: True,
) -> Simulation:
    """Runs the engine with given outputs: the nth instance of a task ends with its nth output.

    `outputs`: task key → list of outputs, of which `{"_event": "error"}` and `{"_event": "timeout"}` let the
    task end that way. Of the tasks that have an output left, the one opened first ends first; the run stops
    where none has. Outputs that a task would be refused, unknown task keys, incidents and outputs that
    nothing asked for are problems (`/outputs/…` points into the arguments, other paths into the document).
    `data` is taken as it is. `go_on` is asked before each step: a caller with a clock ends long simulations.
    """
    answer = Simulation()
    left = _outputs(graph, outputs, answer.problems)
    turn = step(graph, Marking(), data, Event("started"), ticket)
    _note(graph, answer, None, "started", turn)
    waiting = deque(turn.opened)
    used: dict[str, int] = {}
    while waiting:
        opened = waiting.popleft()
        given = left.get(opened.key)
        if not given:
            continue
        place = used[opened.key] = used.get(opened.key, -1) + 1
        if len(answer.steps) > max_steps or not go_on():
            message = f"The simulation stops after {len(answer.steps)} steps: it takes too long."
            answer.problems.append(Problem("error", "simulation_limit", message))
            break
        event = _event(graph, opened.task, opened.number, given.popleft(), place, answer.problems)
        if event is None:
            continue
        turn = step(graph, turn.marking, turn.data, event, ticket)
        _note(graph, answer, opened.key, event.name, turn)
        waiting.extend(turn.opened)
    for key, rest in left.items():
        if rest:
            message = f"{len(rest)} of these outputs are not used: the task is not opened as often."
            answer.problems.append(Problem("warning", "unused_output", message, pointer("outputs", key), task=key))
    marking = turn.marking
    answer.open = [graph.tasks[t].key for n, t in sorted(marking.open.items()) if n not in marking.stopped]
    answer.status, answer.data = turn.status, turn.data
    return answer


def _outputs(graph: Graph, outputs: Mapping[str, Any], problems: list[Problem]) -> dict[str, deque[Any]]:
    left = {}
    for key, given in outputs.items():
        if key not in graph.index:
            message = f'there is no task "{key}"'
            problems.append(Problem("error", "unknown_task", message, pointer("outputs", key)))
        elif not isinstance(given, list):
            message = "must be a list of outputs, one for each time that the task opens"
            problems.append(Problem("error", "wrong_type", message, pointer("outputs", key), task=key))
        else:
            left[key] = deque(given)
    return left


def _event(graph: Graph, task: int, number: int, output: Any, place: int, problems: list[Problem]) -> Event | None:
    """The event that `output` stands for; None, with a problem, where the task would refuse it and stay open."""
    key = graph.tasks[task].key
    path = pointer("outputs", key, place)
    if not isinstance(output, dict):
        problems.append(Problem("error", "wrong_type", "must be an object", path, task=key))
        return None
    if output.keys() == {EVENT_KEY} and output[EVENT_KEY] in ("error", "timeout"):
        return Event(ENDINGS[output[EVENT_KEY]], number)
    errors = graph.output_errors(task, output)
    for error in errors:
        problems.append(Problem("error", error.code, error.message, path + error.path, task=key))
    return None if errors else Event("completed", number, output)


def _note(graph: Graph, answer: Simulation, key: str | None, event: str, turn: Step) -> None:
    answer.path += [opened.key for opened in turn.opened]
    conditions = [
        {"transition": told.transition, "value": told.value, "inputs": told.inputs} for told in turn.conditions
    ]
    answer.steps.append({"task": key, "event": event, "conditions": conditions, "taken": list(turn.taken)})
    for incident in turn.incidents:
        place = incident.transition
        path = "" if place is None else pointer("transitions", place)
        answer.problems.append(
            Problem("error", incident.code, incident.message, path, task=incident.task, transition=place)
        )
