"""A definition that the structure checks have nothing against, and what they say of one that differs from it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from workflow_design.kernel.document import normalize
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.structure import check

DOCUMENT: dict[str, Any] = {
    "workflow": {
        "key": "trip",
        "title": "Trip",
        "fields": [
            {"FieldName": "amount", "FieldType": "number", "Required": True},
            {"FieldName": "nights", "FieldType": "integer"},
            {"FieldName": "city", "FieldType": "string"},
            {"FieldName": "class", "FieldType": "choice", "Options": ["first", "second"]},
            {"FieldName": "extras", "FieldType": "multichoice", "Options": ["meal", "seat"]},
            {"FieldName": "abroad", "FieldType": "boolean"},
            {"FieldName": "leaves", "FieldType": "date"},
            {"FieldName": "booked", "FieldType": "datetime"},
            {"FieldName": "notes", "FieldType": "json"},
        ],
    },
    "tasks": [
        {
            "key": "approve",
            "title": "Approve",
            "task_type": "FORM",
            "input_schema": {"type": "object", "properties": {"amount": {"type": "number"}}},
            "output_schema": {
                "type": "object",
                "required": ["approved"],
                "properties": {
                    "approved": {"type": "boolean"},
                    "reasons": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"why": {"enum": ["cost"]}}},
                    },
                    "place": {"type": "object", "properties": {"street": {"type": "string"}}},
                },
            },
        },
        {
            "key": "book",
            "title": "Book",
            "task_type": "SYNC_ACTION",
            "action_url": "https://travel.example/bookings",
            "timeout_seconds": 60,
            "input_transform": {"price": {"$": {"var": "amount"}}},
            "output_schema": {
                "type": "object",
                "required": ["code"],
                "properties": {"code": {"type": "string"}, "state": {"type": "string", "enum": ["open", "done"]}},
            },
            "output_transform": {"code": {"$": {"var": "body.code"}}},
        },
    ],
    "transitions": [
        {"from": None, "to": "approve"},
        {"from": "approve", "to": "book", "condition": {"===": [{"var": "approved"}, True]}},
        {"from": "approve", "to": None, "is_default": True},
        {"from": "book", "to": None},
    ],
    "tickets": [{"key": "trip", "title": "Trip", "fields": {"amount": None}}],
}


def document() -> dict[str, Any]:
    """A copy to change."""
    return deepcopy(DOCUMENT)


def problems(changed: dict[str, Any]) -> list[Problem]:
    """What the checks say of a document that can be stored."""
    read = normalize(changed)
    assert read.errors == []
    return check(read.after)


def found(changed: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(severity, code, path) of each."""
    return [(problem.severity, problem.code, problem.path) for problem in problems(changed)]


def of_condition(rule: Any, place: int = 1) -> list[tuple[str, str]]:
    """(code, pointer below the condition) of what is said about a condition after `approve`."""
    changed = document()
    changed["transitions"][place]["condition"] = rule
    here = f"/transitions/{place}/condition"
    said = problems(changed)
    assert all(problem.path.startswith(here) for problem in said)
    return [(problem.code, problem.path.removeprefix(here)) for problem in said]


def of_task(place: int, **values: Any) -> list[tuple[str, str, str]]:
    """(severity, code, pointer below the task) of what is said when a task has other values."""
    changed = document()
    changed["tasks"][place].update(values)
    return [(severity, code, path.removeprefix(f"/tasks/{place}")) for severity, code, path in found(changed)]
