"""Definitions that tests run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.servers import ROOT
from workflow_design.tests.documents import UPLOAD, WORKFLOWS

TICKETS = "/api/tickets/"
TASKS = "/api/tasks/"
TYPES = "/api/ticket-types/"
INCIDENTS = "/api/incidents/"
EXECUTIONS = "/api/executions/"


def example(name: str) -> dict[str, Any]:
    """A document of `examples/`."""
    text = (ROOT / "examples" / name).read_text()
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def flow(key: str, tasks: list[Any], links: list[tuple[Any, ...]], **workflow: Any) -> dict[str, Any]:
    """A document: tasks by key or as (key, values), links as (from, to, values)."""
    forms = []
    for task in tasks:
        name, values = task if isinstance(task, tuple) else (task, {})
        forms.append({"key": name, "title": name.title(), "task_type": "FORM", **values})
    return {
        "format": "ticketflower/1",
        "workflow": {"key": key, "title": key.title(), **workflow},
        "tasks": forms,
        "transitions": [{"from": link[0], "to": link[1], **(link[2] if len(link) > 2 else {})} for link in links],
        "tickets": [{"key": key, "title": key.title(), "fields": {}}],
    }


def form(required: list[str], **properties: Any) -> dict[str, Any]:
    """A JSON Schema of a task's output, or of what it is given."""
    return {"type": "object", "required": required, "properties": properties}


# Triage sets a priority, which may end the ticket; somebody of the first level answers.
DESK: dict[str, Any] = {
    "format": "ticketflower/1",
    "workflow": {
        "key": "desk",
        "title": "Help desk",
        "fields": [
            {"FieldName": "topic", "FieldType": "string", "Required": True},
            {"FieldName": "urgent", "FieldType": "boolean"},
            {"FieldName": "origin", "FieldType": "string"},
            {"FieldName": "priority", "FieldType": "integer", "Public": True},
        ],
    },
    "tasks": [
        {
            "key": "triage",
            "title": "Look at it",
            "task_type": "FORM",
            "output_schema": form(["priority"], priority={"type": "integer"}, remark={"type": "string"}),
            "edit_layout": "priority, remark",
        },
        {
            "key": "answer",
            "title": "Answer",
            "task_type": "FORM",
            "assignee_roles": ["first level"],
            "due_in_seconds": 3600,
            "input_schema": form([], topic={"type": "string"}, remark={"type": "string"}),
            "output_schema": form(["reply"], reply={"type": "string", "maxLength": 20}),
        },
    ],
    "transitions": [
        {"from": None, "to": "triage"},
        {"from": "triage", "to": "answer", "condition": {">": [{"var": "priority"}, 0]}},
        {"from": "triage", "to": None, "is_default": True},
        {"from": "answer", "to": None},
    ],
    "tickets": [
        {
            "key": "desk",
            "title": "Ask for help",
            "description": "Whatever it is.",
            "fields": {"topic": None, "urgent": False, "origin": {"const": "web"}},
            "edit_layout": "topic",
        }
    ],
}


class Publisher:
    """`publish(document)`: the id of its workflow, which is uploaded and published with it, unless it is just as the
    file's fixtures have published it. `made`: what was, by the workflow's key."""

    def __init__(self, creator: Any, there: Mapping[str, tuple[str, int]] | None = None) -> None:
        self._creator = creator
        self._there = dict(there or {})
        self.made: dict[str, tuple[str, int]] = {}

    def __call__(self, document: dict[str, Any]) -> int:
        key, text = document["workflow"]["key"], json.dumps(document)
        as_it_is, pk = self._there.get(key, ("", 0))
        if as_it_is == text:
            return pk
        self._there.pop(key, None)
        answer = self._creator.post(UPLOAD, document)
        assert answer.status_code in (200, 201), answer.content
        pk = answer.json()["workflow"]["id"]
        answer = self._creator.post(f"{WORKFLOWS}{pk}/publish/", {"accept_unproved": True})
        assert answer.status_code in (200, 201), answer.content
        self.made[key] = text, pk
        return pk


def errors(response: Any) -> list[tuple[str | None, str]]:
    """(attr, code) of every error of an answer."""
    return [(error["attr"], error["code"]) for error in response.json()["errors"]]


def refused(response: Any) -> tuple[int, str]:
    """Status and code of a refusal for one reason."""
    (error,) = response.json()["errors"]
    return response.status_code, error["code"]


def statements(call: Callable[[], Any]) -> list[str]:
    """What a call asks of the database; the first names the schema too."""
    with CaptureQueriesContext(connection) as caught:
        call()
    return [query["sql"] for query in caught.captured_queries]
