"""Definitions that tests run."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.servers import ROOT

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
