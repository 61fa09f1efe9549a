"""Whether what a run ends with fits the workflow's state_schema, as far as each field alone can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.decisions.parts import ABSENT, Numbers, One, Part, Texts, parts_of
from workflow_design.kernel.schemas import Schema, canonical_text, check_schema, compile_schema
from workflow_design.kernel.schemas.moving import references

_NOTES = frozenset({"title", "description", "$comment", "examples", "default", "x-field-type"})
_ROOT = frozenset({"type", "properties", "required", "additionalProperties", "$schema"}) | _NOTES
_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_READ = frozenset({"type", "format", "maxLength"}) | _BOUNDS | _NOTES
"""Of schemas with these keywords alone, `parts_of` gives all values and no more."""
_PATH = "/workflow/state_schema"


def check_state(ground: Ground) -> Iterator[Problem]:
    """What isn't known of the data at the end."""
    schema = ground.bundle["workflow"]["state_schema"]
    if not schema:
        return
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    open_root = isinstance(schema, dict) and schema.get("additionalProperties", True) is True
    if (
        not isinstance(schema, dict)
        or not schema.keys() <= _ROOT
        or any(references(schema))
        or not (open_root or ground.fields.keys() <= properties.keys())
    ):
        message = (
            "It is not known whether the data at the end fits the state_schema: only its required fields and their own "
            "schemas are looked at. A run whose data doesn't fit ends in an incident."
        )
        yield Problem("unproved", "state_schema_unproved", message, _PATH)
        return
    for place, name in enumerate(schema.get("required", ())):
        if (end := _without(ground, name)) is not None:
            message = (
                f'The state_schema requires "{name}", which may be unset {end}; the run would end in an incident then. '
                "Have it set on every way, or don't require it."
            )
            yield Problem("unproved", "state_schema_unproved", message, _PATH + pointer("required", place))
    for name, wanted in properties.items():
        if name in ground.fields and not _fits(ground, name, wanted):
            message = (
                f'It is not known whether "{name}" fits the state_schema at the end, as its values come from other '
                "schemas; a run whose data doesn't fit ends in an incident. Let them say the same."
            )
            yield Problem("unproved", "state_schema_unproved", message, _PATH + pointer("properties", name))


def check_forms(ground: Ground) -> Iterator[Problem]:
    """Forms that ask for what nothing fits, so that nobody can complete them."""
    for number, task in enumerate(ground.bundle["tasks"]):
        schema = task["output_schema"]
        required = schema.get("required", ()) if isinstance(schema, dict) and task["task_type"] == "FORM" else ()
        for place, name in enumerate(required):
            schema = ground.outputs(name).get(number, True) if name in ground.fields else True
            if not ground.parts_of(schema):
                message = (
                    f'The form "{task["key"]}" requires "{name}", but no value fits its schema, so that nobody can '
                    "complete it. Change the schema."
                )
                path = pointer("tasks", number, "output_schema", "required", place)
                yield Problem("error", "impossible_schema", message, path, task=task["key"])


def _without(ground: Ground, name: str) -> str | None:
    """An end at which the field may be unset."""
    graph = ground.net.graph
    for way in graph.transitions:
        if way.target is None and way.index in ground.net.possible:
            for ticket in ground.tickets:
                if not ground.is_set(way.source, way.event, ticket, name):
                    end = "" if way.source is None else f' after "{graph.tasks[way.source].key}"'
                    return f"at the end{end}"
    return None


def _fits(ground: Ground, name: str, wanted: Any) -> bool:
    if wanted is True or wanted == {}:
        return True
    if check_schema(wanted):
        return False
    checker = compile_schema(wanted)
    known = isinstance(wanted, dict) and wanted.keys() <= _READ and wanted.get("format") in (None, "date", "date-time")
    allowed = parts_of(wanted) if known else []
    same = canonical_text(wanted)
    for source, schema in _sources(ground, name):
        if schema is not None and canonical_text(schema) == same:
            continue
        if not all(_within(part, allowed, checker) for part in source):
            return False
    return True


def _sources(ground: Ground, name: str) -> Iterator[tuple[list[Part], Any]]:
    for ticket in ground.tickets:
        yield [part for part, _ in ground.given(ticket, name)], None
    yield from ((parts_of(source.schema), source.schema) for source in ground.fields[name].sources if source.task)


def _within(part: Part, allowed: list[Part], checker: Schema) -> bool:
    if isinstance(part, One):
        return part.value is ABSENT or checker.is_valid(part.value)
    if isinstance(part, Numbers):
        return any(
            isinstance(one, Numbers) and one.low <= part.low and part.high <= one.high and one.whole <= part.whole
            for one in allowed
        )
    if isinstance(part, Texts):
        return any(
            isinstance(one, Texts)
            and one.form in (None, part.form)
            and (one.longest is None or (part.longest is not None and part.longest <= one.longest))
            for one in allowed
        )
    return False
