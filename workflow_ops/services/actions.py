"""Tasks that no person does. What only computes is done at once; calls outside wait for whoever makes them."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from workflow_design.kernel.engine import Event, Opened
from workflow_design.kernel.language import EvaluationError, compile_template
from workflow_design.versions import Compiled

# Data can be large.
MAX_TRACE = 10_000


class Computed(NamedTuple):
    """What a task that computes ended in; of a failure, the cause in a sentence, and a trace for ticket admins."""

    event: Event
    cause: str = ""
    trace: str = ""


def compute(version: Compiled, opened: Opened, data: dict[str, Any], ticket: dict[str, Any] | None) -> Computed:
    """A `compute` task's output_transform over `_data`, checked against its output_schema."""
    template = version.tasks[opened.key]["output_transform"]
    about = {"key": opened.key, "outcome": "completed", "assignee": None}
    try:
        output = compile_template(template).render({"_data": data, "_ticket": ticket, "_task": about})
    except EvaluationError as error:
        return _failed(opened, error.message, f"{error.code} in output_transform {_text(template)}")
    if output is None:
        output = {}
    if not isinstance(output, dict):
        return _failed(opened, "The output is no object.", f"output_transform gave {_text(output)}")
    if errors := version.graph.output_errors(opened.task, output):
        told = "; ".join(f"{error.path.lstrip('/') or 'output'} {error.message}" for error in errors[:10])
        return _failed(opened, f"The output is not what it must be: {told}", f"output_transform gave {_text(output)}")
    return Computed(Event("completed", opened.number, output))


def _failed(opened: Opened, cause: str, trace: str) -> Computed:
    return Computed(Event("failed", opened.number), cause, trace[:MAX_TRACE])


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
