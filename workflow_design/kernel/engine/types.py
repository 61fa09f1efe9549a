"""What goes into a step and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from .marking import RUN, Marking, Status

EventName = Literal["started", "completed", "failed", "timed_out", "skipped", "retried", "cancelled"]
# The engine makes no TASK_CREATION: whoever opens the tasks may find that one can't be begun.
IncidentKind = Literal["WORKFLOW_CREATION", "TASK_CREATION", "WORKFLOW_TRANSITION", "ACTION"]


class Event(NamedTuple):
    """What happened.

    `started` and `cancelled` are of the run; the others of the task instance `number`, `skipped` and
    `retried` also of the run itself (`RUN`) when it is stopped. `output` comes with `completed` and
    `skipped`, checked by the caller against the task's `output_schema`. `assignee` is what conditions see as
    `_task.assignee`.
    """

    name: EventName
    number: int = RUN
    output: dict[str, Any] | None = None
    assignee: Any = None


class Opened(NamedTuple):
    """A task instance to open: its number in the run, its task, and the part of `data` that it is given."""

    number: int
    task: int
    key: str
    input: dict[str, Any]


class Evaluated(NamedTuple):
    """A condition that was evaluated: its transition, its value, and the values it read (absent ones left
    out).
    """

    transition: int
    value: bool
    inputs: dict[str, Any]


class Incident(NamedTuple):
    """What stopped a task instance, or with `number` = `RUN` the run. `transition` where one condition is to
    blame.
    """

    kind: IncidentKind
    code: str
    message: str
    number: int
    task: str | None = None
    transition: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an event: all of it is the caller's to write, in one transaction.

    `cancelled` are numbers of task instances that end without a result; `taken` the transitions that got a
    token or ended a path.
    """

    marking: Marking
    data: dict[str, Any]
    opened: tuple[Opened, ...] = ()
    cancelled: tuple[int, ...] = ()
    conditions: tuple[Evaluated, ...] = ()
    taken: tuple[int, ...] = ()
    incidents: tuple[Incident, ...] = ()

    @property
    def status(self) -> Status:
        return self.marking.status


class EventRefused(Exception):
    """The event can't happen in this marking; nothing changes. `code`: `run_closed`, `run_started`,
    `task_closed`, `task_stopped` or `not_stopped`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
