"""Documents for tests, and a short form of what was found."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.document import normalize


def purchase() -> dict[str, Any]:
    """The example of the REST contract."""
    return {
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
            {"from": "approve", "to": "order", "condition": {"===": [{"var": "approved"}, True]}, "priority": 0},
            {"from": "approve", "to": None, "is_default": True},
            {"from": "order", "to": None},
        ],
        "tickets": [
            {
                "key": "purchase",
                "title": "Purchase request",
                "fields": {"amount": None},
                "company_role_access": ["buyer"],
            }
        ],
    }


def form(key: str, **more: Any) -> dict[str, Any]:
    """A form task."""
    return {"key": key, "title": key.title(), "task_type": "FORM", **more}


def errors(document: Any, **options: Any) -> list[tuple[str, str]]:
    """(code, path) of every error."""
    return [(problem.code, problem.path) for problem in normalize(document, **options).errors]


def ways(bundle: dict[str, Any]) -> list[tuple[Any, Any, Any]]:
    """(from, to, condition) of every transition."""
    return [(t["from"], t["to"], t["condition"]) for t in bundle["transitions"]]
