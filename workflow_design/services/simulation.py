"""What a run of the working copy would do, told without one."""

from __future__ import annotations

from time import monotonic
from typing import Any

from core.errors import invalid, not_found
from workflow_design.kernel.fields import (
    Field,
    merged_fields,
    ticket_constants,
    ticket_defaults,
    ticket_form_schema,
)
from workflow_design.kernel.graph import GraphError, compile_graph
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.schemas import clean_json, compile_schema
from workflow_design.kernel.simulation import Simulation
from workflow_design.kernel.simulation import simulate as play
from workflow_design.services.stored import load

Data = dict[str, Any]

MAX_SECONDS = 5
"""A simulation that takes longer stops after the step that it is at."""


def simulate(*, workflow_id: int, data: Data, outputs: Data, ticket: str | None = None) -> Simulation:
    """Plays the working copy with a submission (`ticket`: of that ticket type) and the outputs of its tasks.

    Writes nothing, calls nothing. Data that a submission would be refused for, and a graph that can't run, are
    problems of a simulation that hasn't started; `/data/…` and `/outputs/…` point into the arguments. 404, 400 for
    a ticket type that the workflow doesn't have.
    """
    found = load(workflow_id)
    if found is None:
        raise not_found()
    given, unfit = clean_json({"data": data, "outputs": outputs})
    if unfit:
        return Simulation(problems=unfit)
    data, outputs, bundle = given["data"], given["outputs"], found.bundle
    fields = merged_fields(bundle).fields
    preset: Data = {}
    if ticket is None:
        schema = _any_field(fields)
    else:
        kind = next((kind for kind in bundle["tickets"] if kind["key"] == ticket), None)
        if kind is None:
            raise invalid("This workflow has no ticket type with this key.", attr="ticket", code="unknown_ticket")
        schema = ticket_form_schema(kind, fields)
        preset = {**ticket_defaults(kind), **ticket_constants(kind)}
    errors = compile_schema(schema).errors(data, "/data")
    if errors:
        return Simulation(problems=[Problem("error", error.code, error.message, error.path) for error in errors])
    try:
        graph = compile_graph(bundle)
    except GraphError as error:
        return Simulation(problems=[Problem("error", "graph_refused", str(error), error.path)])
    end = monotonic() + MAX_SECONDS
    return play(graph, {**preset, **data}, outputs, go_on=lambda: monotonic() < end)


def _any_field(fields: dict[str, Field]) -> Data:
    """The schema of a start without a ticket type: any of the fields."""
    return {
        "type": "object",
        "properties": {name: field.schema for name, field in fields.items() if field.checker is not None},
        "additionalProperties": False,
    }
