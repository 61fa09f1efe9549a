"""A bundle as a person would have written it: defaults left out, keys in the fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow_design.kernel.document.entities import EXT_REF, TASK, TICKET, TRANSITION, WORKFLOW
from workflow_design.kernel.document.forms import FORMAT
from workflow_design.kernel.document.rows import EntityKind
from workflow_design.kernel.shape import Entity, Shape

_SHAPES: dict[EntityKind, Shape] = {
    "workflow": WORKFLOW,
    "task": TASK,
    "transition": TRANSITION,
    "ticket": TICKET,
}


def export(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """The document that `normalize` turns into `bundle` again; it shares the bundle's values.

    The lists are always there, empty ones too: a document without `transitions` would be a sequence.
    """
    return {
        "format": FORMAT,
        "workflow": export_entity("workflow", bundle["workflow"]),
        "tasks": [export_entity("task", task) for task in bundle["tasks"]],
        "transitions": [export_entity("transition", transition) for transition in bundle["transitions"]],
        "tickets": [export_entity("ticket", ticket) for ticket in bundle["tickets"]],
    }


def export_entity(kind: EntityKind, entity: Mapping[str, Any]) -> Entity:
    """One entity in normal form without what is default anyway."""
    shape = _SHAPES[kind]
    answer = {
        key: value
        for key, default in shape.defaults.items()
        if ((value := entity[key]) is not default and (value != default or type(value) is not type(default)))
        or key in shape.required
    }
    if answer.get("action") == "http":
        del answer["action"]
    if "ext_ref" in answer:
        answer["ext_ref"] = [
            {key: value for key, value in reference.items() if value != EXT_REF.defaults[key]}
            for reference in answer["ext_ref"]
        ]
    return answer
