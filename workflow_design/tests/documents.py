"""Documents and rows that tests of definitions begin with."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

PURCHASE: dict[str, Any] = {
    "format": "ticketflower/1",
    "workflow": {
        "key": "purchase",
        "title": "Purchase approval",
        "fields": [{"FieldName": "amount", "FieldType": "number", "Required": True}],
    },
    "tasks": [
        {
            "key": "approve",
            "title": "Approve",
            "task_type": "FORM",
            "assignee_roles": ["manager"],
            "output_schema": {
                "type": "object",
                "required": ["approved"],
                "properties": {"approved": {"type": "boolean"}},
            },
        },
        {
            "key": "order",
            "title": "Place order",
            "task_type": "SYNC_ACTION",
            "action_url": "https://shop.example/orders",
            "input_transform": {"total": {"$": {"var": "amount"}}},
            "output_transform": {"order_id": {"$": {"var": "body.id"}}},
        },
    ],
    "transitions": [
        {"from": None, "to": "approve"},
        {"from": "approve", "to": "order", "condition": {"===": [{"var": "approved"}, True]}},
        {"from": "approve", "to": None, "is_default": True},
        {"from": "order", "to": None},
    ],
    "tickets": [
        {
            "key": "purchase",
            "title": "Purchase request",
            "fields": {"amount": None},
            "company_role_access": ["everyone"],
        }
    ],
}

UPLOAD = "/api/workflow/upload/"
WORKFLOWS = "/api/workflow/workflows/"
TASKS = "/api/workflow/tasks/"
TRANSITIONS = "/api/workflow/transitions/"
TICKETS = "/api/workflow/tickets/"
ACCESS = "/api/workflow/access/"


def long_document(tasks: int, links: int = 0) -> dict[str, Any]:
    """A sequence of `tasks` tasks with `links` transitions back besides."""
    keys = [f"t{number}" for number in range(tasks)]
    pairs = [(None, keys[0]), *pairwise(keys), (keys[-1], None)]
    pairs += [(keys[-1 - number % tasks], keys[(number * 7 + 1) % (tasks - 1)]) for number in range(links)]
    return {
        "format": "ticketflower/1",
        "workflow": {"key": f"long-{tasks}", "title": f"{tasks} tasks"},
        "tasks": [{"key": key, "title": f"Task {key}", "task_type": "FORM"} for key in keys],
        "transitions": [
            {"from": start, "to": end, "priority": place} for place, (start, end) in enumerate(dict.fromkeys(pairs))
        ],
        "tickets": [{"key": f"long-{tasks}", "title": "Long", "fields": {}}],
    }


def too_much_to_read() -> dict[str, Any]:
    """More conditions than are looked at, each of them never true; each split has a default."""
    document = long_document(160)
    ways = document["transitions"][1:-1]
    for link in ways:
        link["condition"] = {"in": ["y", [f"x{number}" for number in range(990)]]}
    defaults = [{"from": link["from"], "to": None, "is_default": True} for link in ways]
    return {**document, "transitions": [*document["transitions"], *defaults]}


def errors(response: Any) -> list[tuple[str | None, str]]:
    """(attr, code) of every error of an answer."""
    return [(error["attr"], error["code"]) for error in response.json()["errors"]]
