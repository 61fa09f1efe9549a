"""Templates: what they may read, and whether what they make is an output."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from workflow_design.kernel.fields import output_properties
from workflow_design.kernel.graph import EVENTS
from workflow_design.kernel.problems import pointer
from workflow_design.kernel.structure.comparing import Comparing
from workflow_design.kernel.structure.findings import Findings, Subject
from workflow_design.kernel.structure.rules import Rules, Scope, is_plain
from workflow_design.kernel.structure.tasks import kind_of_task
from workflow_design.kernel.structure.types import (
    NUMBER,
    OBJECT,
    TEXT,
    UNKNOWN,
    Type,
    Types,
    either,
    escaped,
    literal,
)

Entity = dict[str, Any]

_TICKET = Type(
    OBJECT,
    members={
        "id": Type(NUMBER),
        "number": Type(NUMBER | TEXT),
        "created_by": Type(NUMBER | TEXT),
        "created_at": Type(TEXT, form="date-time"),
    },
)


class Variables:
    """What can be read where."""

    def __init__(self, bundle: Mapping[str, Any], fields: Mapping[str, Type]) -> None:
        keys = [literal(task["key"]) for task in bundle["tasks"]]
        task = Type(
            OBJECT,
            members={
                "key": either(keys) if keys else UNKNOWN,
                "outcome": either(literal(event) for event in EVENTS),
                "assignee": UNKNOWN,
            },
        )
        self.at_start = Type(OBJECT, members=ChainMap({"_ticket": _TICKET}, fields))  # type: ignore[arg-type]
        """In conditions of start transitions and in end actions: no task is at work."""
        self.in_task = Type(OBJECT, members=ChainMap({"_ticket": _TICKET, "_task": task}, fields))  # type: ignore[arg-type]
        """In other conditions and in an input_transform."""
        computed = {"_data": Type(OBJECT, members=fields), "_ticket": _TICKET, "_task": task}
        self.computed = Type(OBJECT, members=computed)
        """In the output_transform of `compute`, which has no answer."""
        answer = {"body": UNKNOWN, "status": Type(NUMBER), "headers": Type(OBJECT)}
        self.answered = Type(OBJECT, members={**answer, **computed})
        """In any other output_transform."""


def check_transforms(
    bundle: Mapping[str, Any], variables: Variables, rules: Rules, types: Types, findings: Findings
) -> None:
    """The templates of tasks and of the end action."""
    action = bundle["workflow"]["end_action"] or {}
    for name in ("body", "data"):
        if action.get(name) is not None:
            subject = Subject(f"The {name} of the end action", pointer("workflow", "end_action", name))
            rules.template(action[name], Scope(variables.at_start), subject, subject.path)
    for index, task in enumerate(bundle["tasks"]):
        key = task["key"]
        if task["input_transform"] is not None:
            subject = Subject(f'The input_transform of "{key}"', pointer("tasks", index, "input_transform"), key)
            rules.template(task["input_transform"], Scope(variables.in_task), subject, subject.path)
        if task["output_transform"] is not None:
            scope = Scope(variables.computed if kind_of_task(task) == "compute" else variables.answered)
            subject = Subject(f'The output_transform of "{key}"', pointer("tasks", index, "output_transform"), key)
            made = rules.template(task["output_transform"], scope, subject, subject.path)
            if task["task_type"] != "FORM":
                _output(task, made, subject, types, findings)


_LIST = ": list it there, or leave it out."


def _output(task: Entity, made: Type, subject: Subject, types: Types, findings: Findings) -> None:
    """Whether what the template makes is an output of the task."""
    if not made.kinds & OBJECT:
        message = f"{subject.words} makes {made.words}, but an output is always an object of fields."
        findings.error("impossible_output", message, subject.path, subject)
        return
    template = task["output_transform"]
    if not is_plain(template) or made.members is None:
        return
    schema = task["output_schema"]
    properties = output_properties(schema)
    comparing = Comparing(findings)
    for name, value in made.members.items():
        path = escaped(subject.path, name)
        if name in properties:
            comparing.fits(value, types.of(properties[name], schema), name, subject, path)
        elif schema:
            near = findings.near(name, properties)
            message = f'{subject.words} makes "{name[:100]}", which the output_schema doesn\'t list{near or _LIST}'
            findings.error("unknown_output", message, path, subject)
        else:
            message = (
                f'{subject.words} makes "{name[:100]}", but the task has no output_schema, so that it writes nothing: '
                "list it there as a property."
            )
            findings.warning("output_not_kept", message, path, subject)
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if name in properties and name not in made.members:
            message = (
                f'{subject.words} never makes "{name[:100]}", which the output_schema requires: make it, or stop '
                "requiring it."
            )
            findings.error("missing_output", message, subject.path, subject)
