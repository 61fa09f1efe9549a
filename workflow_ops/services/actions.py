"""Tasks that no person does: what kind they are, what they send, and what an answer comes to."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from workflow_design.kernel.engine import Event, IncidentKind, Opened
from workflow_design.kernel.language import EvaluationError
from workflow_design.kernel.structure.tasks import kind_of_task
from workflow_design.versions import Compiled

# Data can be large.
MAX_TRACE = 10_000


def is_form(task: dict[str, Any]) -> bool:
    """Whether a person does the task."""
    return bool(task["task_type"] == "FORM")


def is_called(task: dict[str, Any]) -> bool:
    """Whether a worker process calls an address for the task."""
    return kind_of_task(task) == "http"


def runs_workflow(task: dict[str, Any]) -> bool:
    """Whether the task waits for a run of another workflow."""
    return kind_of_task(task) == "workflow"


def waits_for_callback(task: dict[str, Any]) -> bool:
    """Whether the call's own answer only says that it was heard."""
    return bool(task["task_type"] == "ASYNC_ACTION") and is_called(task)


def seconds_allowed(task: dict[str, Any]) -> int | None:
    """From when it opens until it should be done: of a form by its person, of an action with its callback or its child
    run. What is answered at once, or computed, has no clock: the call itself has a limit.
    """
    if is_form(task):
        found = task["due_in_seconds"]
    elif waits_for_callback(task) or kind_of_task(task) == "workflow":
        found = task["timeout_seconds"]
    else:
        found = None
    return int(found) if found is not None else None


def is_timed(version: Compiled, key: str) -> bool:
    """Whether something happens when the time that a task has is over. A form without a `timeout` transition is
    overdue, and no more.
    """
    task = version.tasks[key]
    if seconds_allowed(task) is None:
        return False
    return not is_form(task) or "timeout" in version.graph.tasks[version.graph.index[key]].exits


class Outcome(NamedTuple):
    """What a task that no person does ended in; of a failure, why in a sentence, a trace for ticket admins, and what
    kind of incident it is where there is no transition for it."""

    event: Event
    cause: str = ""
    trace: str = ""
    kind: IncidentKind = "ACTION"


class CannotSend(Exception):
    """The input_transform failed; the text says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.cause)
        self.outcome = outcome


def body_of(version: Compiled, number: int, key: str, given: Any, seen: dict[str, Any]) -> bytes:
    """The JSON that an action sends: its input_transform over the data, `_ticket` and `_task` (`seen`), else what the
    task was given. Raises CannotSend.
    """
    template = version.tasks[key]["input_transform"]
    if template is None:
        return orjson.dumps(given)
    about = {"key": key, "outcome": None, "assignee": None}
    try:
        return orjson.dumps(version.template(key, "input_transform").render({**seen, "_task": about}))
    except EvaluationError as error:
        trace = f"{error.code} in input_transform {_text(template)}"
        raise CannotSend(failed(number, f"What to send can't be made: {error.message}", trace)) from None


def compute(version: Compiled, opened: Opened, data: dict[str, Any], ticket: dict[str, Any] | None) -> Outcome:
    """A `compute` task's output_transform over `_data`, checked against its output_schema."""
    return _output(version, opened.number, opened.key, {"_data": data, "_ticket": ticket})


def answered(
    version: Compiled,
    number: int,
    key: str,
    answer: dict[str, Any],
    data: dict[str, Any],
    ticket: dict[str, Any] | None,
) -> Outcome:
    """What an answer or a callback (`body`, `status`, `headers`) comes to.

    Its output is what the output_transform makes of it; without one, those members of the body that the output_schema
    names.
    """
    if version.tasks[key]["output_transform"] is None:
        body = answer["body"]
        outputs = version.graph.tasks[version.graph.index[key]].outputs
        taken = {name: body[name] for name in body if name in outputs} if isinstance(body, dict) else {}
        return _checked(version, number, key, taken, "The answer")
    return _output(version, number, key, {**answer, "_data": data, "_ticket": ticket})


def failed(number: int, cause: str, trace: str = "") -> Outcome:
    """The end of a task that has no output."""
    return Outcome(Event("failed", number), cause, trace[:MAX_TRACE])


def timed_out(number: int, cause: str) -> Outcome:
    """The end of a task that took too long."""
    return Outcome(Event("timed_out", number), cause)


def _output(version: Compiled, number: int, key: str, seen: dict[str, Any]) -> Outcome:
    about = {"key": key, "outcome": "completed", "assignee": None}
    try:
        output = version.template(key, "output_transform").render({**seen, "_task": about})
    except EvaluationError as error:
        return failed(
            number, error.message, f"{error.code} in output_transform {_text(version.tasks[key]['output_transform'])}"
        )
    if output is None:
        output = {}
    if not isinstance(output, dict):
        return failed(number, "The output is no object.", f"output_transform gave {_text(output)}")
    return _checked(version, number, key, output, "output_transform")


def _checked(version: Compiled, number: int, key: str, output: dict[str, Any], source: str) -> Outcome:
    if errors := version.graph.output_errors(version.graph.index[key], output):
        told = "; ".join(f"{error.path.lstrip('/') or 'output'} {error.message}" for error in errors[:10])
        return failed(number, f"The output is not what it must be: {told}", f"{source} gave {_text(output)}")
    return Outcome(Event("completed", number, output))


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
