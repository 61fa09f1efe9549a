"""A company to measure in: somebody signed in, and definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Creator:
    """A company's workflow creator, signed in."""

    company: Any
    user: Any
    token: str

    @property
    def host(self) -> str:
        return f"{self.company.slug}.localhost"


def creator(name: str) -> Creator:
    """Make a company, and in it a person who may design workflows."""
    from core.models import Actor
    from tenants.services import company_create

    return sign_in(company_create(name=name, actor=Actor()))


def sign_in(company: Any) -> Creator:
    """The company's workflow creator, made at the first time."""
    from django_tenants.utils import tenant_context

    from core.models import Actor
    from users import tokens
    from users.models import User
    from users.services.people import person_create

    with tenant_context(company):
        user = User.objects.filter(email="creator@bench.example").first() or person_create(
            actor=Actor(),
            email="creator@bench.example",
            password="a rather long sentence 7",
            first_name="Cleo",
            system_roles=["workflow_creator"],
        )
        return Creator(company, user, tokens.start_family(user)["access"])


FIELD_TYPES = ("string", "text", "integer", "number", "boolean", "date", "datetime", "email", "url", "string")


def document(key: str, tasks: int = 100, transitions: int = 150) -> dict[str, Any]:
    """A workflow with forms of two fields, conditions on every other transition, one ticket type of ten fields."""
    fields = [{"FieldName": f"field{i}", "FieldType": kind} for i, kind in enumerate(FIELD_TYPES)]
    schema = {"type": "object", "properties": {"amount": {"type": "integer"}, "note": {"type": "string"}}}
    links: list[dict[str, Any]] = [{"from": None, "to": "t0"}, {"from": f"t{tasks - 1}", "to": None}]
    links += [{"from": f"t{i}", "to": f"t{i + 1}", "is_default": True} for i in range(tasks - 1)]
    for i in range(transitions - len(links)):
        rule = {">": [{"var": "amount"}, i]}
        links.append({"from": f"t{i}", "to": f"t{(i + tasks // 2) % tasks}", "condition": rule, "priority": i % 5})
    return {
        "format": "ticketflower/1",
        "workflow": {"key": key, "title": "A workflow", "description": "a workflow", "fields": fields},
        "tasks": [
            {
                "key": f"t{i}",
                "title": f"Task {i}",
                "task_type": "FORM",
                "output_schema": {**schema, "required": ["amount"]},
            }
            for i in range(tasks)
        ],
        "transitions": links,
        "tickets": [
            {"key": f"{key}-ticket", "title": "A ticket", "fields": {f"field{i}": None for i in range(10)}},
        ],
    }
