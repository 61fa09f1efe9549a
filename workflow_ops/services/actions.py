"""Tasks that no person does. What only computes is done at once; calls outside wait for whoever makes them."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.engine import Event, Opened
from workflow_design.kernel.language import EvaluationError, compile_template
from workflow_design.versions import Compiled


def compute(version: Compiled, opened: Opened, data: dict[str, Any], ticket: dict[str, Any] | None) -> Event:
    """What a `compute` task ends in: its output_transform over `_data`, checked against its output_schema."""
    about = {"key": opened.key, "outcome": "completed", "assignee": None}
    try:
        output = compile_template(version.tasks[opened.key]["output_transform"]).render(
            {"_data": data, "_ticket": ticket, "_task": about}
        )
    except EvaluationError:
        return Event("failed", opened.number)
    if output is None:
        output = {}
    if not isinstance(output, dict) or version.graph.output_errors(opened.task, output):
        return Event("failed", opened.number)
    return Event("completed", opened.number, output)
