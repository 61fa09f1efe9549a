"""Fields and the schemas and ticket types that name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflow_design.kernel.fields import Field, MergedFields, output_properties, ticket_form_schema, ticket_problems
from workflow_design.kernel.problems import pointer
from workflow_design.kernel.schemas import check_schema
from workflow_design.kernel.structure.findings import Findings, Subject
from workflow_design.kernel.structure.types import ANYTHING, OBJECT, Type, Types, either

Entity = dict[str, Any]


class FieldTypes(Mapping[str, Type]):
    """What is known of each field, worked out when asked for: all that any of its sources may put there."""

    def __init__(self, fields: Mapping[str, Field], types: Types) -> None:
        self._fields = fields
        self._types = types
        self._found: dict[str, Type] = {}

    def __getitem__(self, name: str) -> Type:
        found = self._found.get(name)
        if found is None:
            sources = self._fields[name].sources
            found = either(self._types.of(source.schema, source.schema) for source in sources)
            self._found[name] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def check_fields(bundle: Mapping[str, Any], merged: MergedFields, findings: Findings) -> None:
    """Two types for one field, and what ticket types name, preset and leave out."""
    findings.extend(merged.problems)
    fields = merged.fields
    tickets = bundle["tickets"]
    for index, ticket in enumerate(tickets):
        findings.extend(ticket_problems(ticket, fields, pointer("tickets", index)))
        if unusable := check_schema(ticket_form_schema(ticket, fields)):
            message = f"No form can be made of these fields together: {unusable[0].path} {unusable[0].message}"
            findings.add("error", "form_unusable", message, pointer("tickets", index, "fields"))
    if not tickets:
        return
    for index, declared in enumerate(bundle["workflow"]["fields"]):
        name = declared["FieldName"]
        if not declared.get("Required") or fields[name].writers:
            continue
        without = [place for place, ticket in enumerate(tickets) if name not in ticket["fields"]]
        if len(without) == len(tickets):
            message = (
                f'"{name}" is Required, but no ticket type asks for it and no task writes it, so that it stays empty: '
                "list it in a ticket type, or remove it."
            )
            findings.add("warning", "required_not_asked", message, pointer("workflow", "fields", index, "Required"))
            continue
        for place in without:
            message = (
                f'"{name}" is Required, but this ticket type doesn\'t ask for it and no task writes it, so that it '
                "stays empty: list it with null, a default or a const."
            )
            findings.add("warning", "required_not_asked", message, pointer("tickets", place, "fields"))


def check_schemas(bundle: Mapping[str, Any], fields: Mapping[str, Type], types: Types, findings: Findings) -> None:
    """Schemas that name what is no field, or that nothing can satisfy."""
    workflow = bundle["workflow"]
    subject = Subject("The state_schema", "/workflow/state_schema")
    _satisfiable(workflow["state_schema"], fields, subject, "the data of a run", types, findings)
    _properties(workflow["state_schema"], fields, subject, types, findings)
    for index, task in enumerate(bundle["tasks"]):
        key = task["key"]
        subject = Subject(f'The input_schema of "{key}"', pointer("tasks", index, "input_schema"), key)
        _properties(task["input_schema"], fields, subject, types, findings)
        schema = task["output_schema"]
        subject = Subject(f'The output_schema of "{key}"', pointer("tasks", index, "output_schema"), key)
        _satisfiable(schema, output_properties(schema), subject, "an output", types, findings)


_DECLARE = ": declare it there, or let a task write it."


def _properties(schema: Any, fields: Mapping[str, Type], subject: Subject, types: Types, findings: Findings) -> None:
    for name, part in output_properties(schema).items():
        path = subject.path + pointer("properties", name)
        known = fields.get(name)
        if known is None:
            near = findings.near(name, fields)
            message = f'{subject.words} names "{name[:100]}", which is no field of the workflow{near or _DECLARE}'
            findings.error("unknown_field", message, path, subject)
            continue
        wanted = types.of(part, schema)
        differs = known.present and wanted.present and not known.present & wanted.present
        if differs or (known.form and wanted.form and known.form != wanted.form):
            message = (
                f'"{name}" is {wanted.words} in {_inside(subject.words)}, but the field is {known.words}: give '
                "both one type."
            )
            findings.error("field_type_clash", message, path, subject)


def _satisfiable(
    schema: Any, known: Mapping[str, Any], subject: Subject, what: str, types: Types, findings: Findings
) -> None:
    """A schema of an object with no other keys than `known`."""
    if not isinstance(schema, dict) or not schema:
        return
    kinds = types.of(schema, schema).kinds
    if not kinds & OBJECT and kinds != ANYTHING:
        message = (
            f'{subject.words} wants {types.of(schema, schema).words}, but {what} is always an object: say "object".'
        )
        findings.error("impossible_schema", message, subject.path, subject)
    required = schema.get("required")
    listed = output_properties(schema)
    for index, name in enumerate(required if isinstance(required, list) else ()):
        if name in known or (name in listed and known is not listed):
            continue
        near = findings.near(name, known)
        where = "no field of the workflow" if known is not listed else "none of its properties"
        message = f'{subject.words} requires "{name[:100]}", which is {where}, so that {what} never fits{near or "."}'
        findings.error("impossible_schema", message, subject.path + pointer("required", index), subject)


def _inside(words: str) -> str:
    return words[:1].lower() + words[1:]
