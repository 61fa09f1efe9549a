"""One event → what follows."""

from __future__ import annotations

from typing import Any, cast

from workflow_design.kernel.graph import Graph
from workflow_design.kernel.graph.model import Event as Exit
from workflow_design.kernel.graph.model import Gate, Task

from .game import settle
from .marking import RUN, Marking, Status
from .routing import RoutingError, choose
from .types import Evaluated, Event, EventRefused, Incident, IncidentKind, Opened, Step

OUTCOMES: dict[str, Exit] = {
    "completed": "completed",
    "skipped": "completed",
    "timed_out": "timeout",
    "failed": "error",
}
FAILURES = {"timeout": "It took longer than it may.", "error": "It failed."}


def step(
    graph: Graph, marking: Marking, data: dict[str, Any], event: Event, ticket: dict[str, Any] | None = None
) -> Step:
    """What follows from `event`. Neither `marking` nor `data` is changed; equal arguments give equal answers.

    `ticket` is what conditions see as `_ticket`. An Incident stops what it names and nothing else. Raises
    EventRefused when the event can't happen in this marking.
    """
    if event.name == "cancelled":
        return _cancel(marking, data)
    turn = _Turn(graph, marking, data, event, ticket)
    if event.name == "started":
        turn.start()
    elif event.number == RUN:
        turn.go_on()
    else:
        turn.task_event()
    return turn.result()


def _cancel(marking: Marking, data: dict[str, Any]) -> Step:
    if marking.status in ("COMPLETED", "CANCELLED"):
        raise EventRefused("run_closed", "The run has ended.")
    empty = Marking(next_number=marking.next_number, status="CANCELLED")
    return Step(empty, dict(data), cancelled=tuple(sorted(marking.open)))


class _Turn:
    """One step in the making: private copies of what changes."""

    def __init__(
        self,
        graph: Graph,
        marking: Marking,
        data: dict[str, Any],
        event: Event,
        ticket: dict[str, Any] | None,
    ) -> None:
        self.graph = graph
        self.before = marking
        self.event = event
        self.ticket = ticket
        self.data = dict(data)
        if event.output is not None and event.name in ("completed", "skipped"):
            self.data.update(event.output)
        self.tokens = dict(marking.tokens)
        self.open = dict(marking.open)
        self.stopped = dict(marking.stopped)
        self.next_number = marking.next_number
        self.opened: list[Opened] = []
        self.cancelled: list[int] = []
        self.conditions: list[Evaluated] = []
        self.taken: list[int] = []
        self.incidents: list[Incident] = []
        self.accepted = False  # the end is taken as it is, whatever the state schema says

    def start(self) -> None:
        """Ticket submission: an inclusive split over the start transitions."""
        if self.before.status != "NOT_STARTED":
            raise EventRefused("run_started", "The run has been started.")
        self._start()

    def go_on(self) -> None:
        """The run itself was stopped: try again, or skip what stopped it."""
        why = self.stopped.pop(RUN, None)
        if why is None or self.event.name not in ("retried", "skipped"):
            raise EventRefused("not_stopped", "The run is not stopped.")
        if why == "start":
            if self.event.name == "skipped":
                raise EventRefused("not_stopped", "The start of a run can't be skipped.")
            self._start()
        elif self.event.name == "skipped":
            self.accepted = why == "end"
            self.tokens.clear()

    def task_event(self) -> None:
        number = self.event.number
        if number not in self.open:
            if self.before.status in ("COMPLETED", "CANCELLED"):
                raise EventRefused("run_closed", "The run has ended.")
            raise EventRefused("task_closed", "The task is not open.")
        task = self.graph.tasks[self.open[number]]
        why = self.stopped.pop(number, None)
        if self.event.name == "retried":
            if why is None:
                raise EventRefused("not_stopped", "The task is not stopped.")
            outcome = cast("Exit", why)
            if outcome not in task.exits:
                return  # the work itself failed: the task is open again
        elif why is not None and self.event.name != "skipped":
            raise EventRefused("task_stopped", "An incident has stopped the task.")
        else:
            outcome = OUTCOMES[self.event.name]
        self._leave(number, task, outcome)

    def result(self) -> Step:
        if not self.open and not self.stopped:
            self._end()
        return Step(
            marking=Marking(self.tokens, self.open, self.stopped, self.next_number, self._status()),
            data=self.data,
            opened=tuple(self.opened),
            cancelled=tuple(self.cancelled),
            conditions=tuple(self.conditions),
            taken=tuple(self.taken),
            incidents=tuple(self.incidents),
        )

    def _start(self) -> None:
        try:
            self._choose("inclusive", self.graph.starts, None)
        except RoutingError as error:
            message = f"The run could not start. {error.message}"
            self._stop(RUN, "start", "WORKFLOW_CREATION", error.code, message, None, error.transition)
        else:
            self._move()

    def _leave(self, number: int, task: Task, outcome: Exit) -> None:
        exits = task.exits.get(outcome)
        if exits is None:  # only for timeout and error: every task has an exit for completed, implied if need be
            message = f"{task.title}: {FAILURES[outcome]}"
            self._stop(number, outcome, "ACTION", outcome, message, task.key, None)
            return
        about = {"key": task.key, "outcome": outcome, "assignee": self.event.assignee}
        try:
            self._choose(task.split, exits, about)
        except RoutingError as error:
            message = f"After {task.title}: {error.message}"
            kind: IncidentKind = "WORKFLOW_TRANSITION"
            self._stop(number, outcome, kind, error.code, message, task.key, error.transition)
            return
        del self.open[number]
        if outcome == "timeout":
            self.cancelled.append(number)
        self._move()

    def _choose(self, split: Gate, exits: tuple[int, ...], about: dict[str, Any] | None) -> None:
        seen = {**self.data, "_ticket": self.ticket, "_task": about}
        self.taken = choose(self.graph, split, exits, seen, self.conditions)

    def _move(self) -> None:
        """Puts a token on what was taken and opens what can open."""
        for index in self.taken:
            if self.graph.transitions[index].target is not None:
                self.tokens[index] = self.tokens.get(index, 0) + 1
        for target in settle(self.graph, self.tokens, self.open.values()):
            task = self.graph.tasks[target]
            given = {name: self.data[name] for name in task.inputs if name in self.data}
            self.opened.append(Opened(self.next_number, target, task.key, given))
            self.open[self.next_number] = target
            self.next_number += 1

    def _end(self) -> None:
        """Nothing is open: the run is complete, is stuck, or has data that it must not end with."""
        if self.tokens:
            targets = {self.graph.transitions[index].target for index in self.tokens}
            names = ", ".join(task.title for task in self.graph.tasks if task.index in targets)
            message = f"The run is stuck: {names} can't open any more."
            self._stop(RUN, "stuck", "WORKFLOW_TRANSITION", "stuck", message, None, None)
            return
        if not self.accepted and (errors := self.graph.state_errors(self.data)):
            wrong = "; ".join(f"{error.path.lstrip('/') or 'data'} {error.message}" for error in errors[:10])
            message = f"The data at the end breaks the workflow's state schema: {wrong}"
            self._stop(RUN, "end", "WORKFLOW_TRANSITION", "state_schema", message, None, None)

    def _stop(
        self,
        number: int,
        why: str,
        kind: IncidentKind,
        code: str,
        message: str,
        task: str | None,
        transition: int | None,
    ) -> None:
        self.stopped[number] = why
        self.incidents.append(Incident(kind, code, message, number, task, transition))

    def _status(self) -> Status:
        if self.stopped:
            return "ERROR"
        return "IN_PROGRESS" if self.open else "COMPLETED"
