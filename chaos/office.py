"""The companies of a run, their people, and what they work by."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

SLUGS = ("north", "south")
TYPES = ("parallel", "sequence")
# After that many of "sequence" a person has to agree.
LARGE = 500
PASSWORD = "a rather long sentence 7"
_RETRY = {"max_attempts": 20, "initial_seconds": 0.2, "max_seconds": 4, "multiplier": 2}
CALL_SECONDS = 2


@dataclass(frozen=True)
class Office:
    """A company: its slug, uuid and schema, and the tokens of who opens tickets and who does tasks."""

    slug: str
    uuid: Any
    schema: str
    requester: str
    clerk: str


def _schema(**properties: str) -> dict[str, Any]:
    made = {name: {"type": kind} for name, kind in properties.items()}
    return {"type": "object", "required": list(made), "properties": made}


def _var(name: str) -> dict[str, Any]:
    return {"$": {"var": name}}


def document(key: str, address: str) -> dict[str, Any]:
    """Two forms, a call, a call with a callback; side by side and joined, or one after another with a choice."""
    sent = {"company": _var("company"), "number": _var("number"), "ticket": _var("_ticket.number")}
    call = {"input_transform": sent, "retry_policy": _RETRY}
    intake = {
        "key": "intake",
        "title": "Intake",
        "task_type": "FORM",
        "input_schema": _schema(number="integer"),
        "output_schema": _schema(amount="integer"),
    }
    approve = {"key": "approve", "title": "Approve", "task_type": "FORM", "output_schema": _schema(approved="boolean")}
    reserve = {
        "key": "reserve",
        "title": "Reserve",
        "task_type": "SYNC_ACTION",
        "action_url": f"{address}/reserve",
        "output_transform": {"reserved": _var("body.effect")},
        "output_schema": _schema(reserved="string"),
        "timeout_seconds": CALL_SECONDS,
        **call,
    }
    settle = {
        "key": "settle",
        "title": "Settle",
        "task_type": "ASYNC_ACTION",
        "action_url": f"{address}/settle",
        "output_transform": {"settled": _var("body.effect")},
        "output_schema": _schema(settled="string"),
        **call,
    }
    total = {
        "key": "total",
        "title": "Total",
        "task_type": "SYNC_ACTION",
        "action": "compute",
        "output_transform": {"total": {"$": {"+": [{"var": "_data.amount"}, {"var": "_data.number"}]}}},
        "output_schema": _schema(total="integer"),
    }
    if key == "parallel":
        tasks: list[dict[str, Any]] = [
            {**intake, "split": "parallel"},
            reserve,
            settle,
            {**approve, "join": "parallel"},
        ]
        pairs: list[tuple[str | None, str]] = [
            (None, "intake"),
            ("intake", "reserve"),
            ("intake", "settle"),
            ("reserve", "approve"),
        ]
        links: list[dict[str, Any]] = [{"from": a, "to": b} for a, b in [*pairs, ("settle", "approve")]]
        links.append({"from": "approve", "to": None})
    else:
        tasks = [intake, reserve, total, settle, approve]
        pairs = [(None, "intake"), ("intake", "reserve"), ("reserve", "total"), ("total", "settle")]
        links = [{"from": a, "to": b} for a, b in pairs]
        links += [
            {"from": "settle", "to": "approve", "condition": {">": [{"var": "amount"}, LARGE]}},
            {"from": "settle", "to": None, "is_default": True},
            {"from": "approve", "to": None},
        ]
    fields = [{"FieldName": "company", "FieldType": "string"}, {"FieldName": "number", "FieldType": "integer"}]
    given = [{**field, "Required": True} for field in fields]
    ticket = {"key": key, "title": key.title(), "fields": {"company": None, "number": None}}
    workflow = {"key": key, "title": key.title(), "fields": given}
    return {"format": "ticketflower/1", "workflow": workflow, "tasks": tasks, "transitions": links, "tickets": [ticket]}


def tasks_of(key: str, number: int) -> set[str]:
    """What a completed ticket has done, each once."""
    usual = {"intake", "reserve", "settle"}
    if key == "parallel":
        return usual | {"approve"}
    return usual | {"total"} | ({"approve"} if amount_of(number) > LARGE else set())


def amount_of(number: int) -> int:
    """What the intake of a ticket says."""
    return number * 37 % 1_000


def set_up(url: str, address: str, environment: dict[str, str]) -> list[Office]:
    """Load Django, migrate, make the companies, publish."""
    os.environ.update(environment, DATABASE_URL=url)
    import django

    django.setup()
    from django.db import connections

    from tenants import schemas

    schemas.migrate(schemas.PUBLIC)
    made = [_company(slug, address) for slug in SLUGS]
    connections.close_all()
    return made


def _company(slug: str, address: str) -> Office:
    from django_tenants.utils import tenant_context

    from core.models import Actor
    from tenants.models import Company
    from tenants.services import company_create
    from users import tokens
    from users.services.people import person_create
    from workflow_design.services.publish import workflow_publish
    from workflow_design.services.upload import upload

    company: Company = company_create(name=slug.title(), actor=Actor())
    with tenant_context(company):
        creator, requester, clerk = (
            person_create(
                actor=Actor(), email=f"{role}@{slug}.example", password=PASSWORD, system_roles=[role], company_roles=[]
            )
            for role in ("workflow_creator", "user", "task_worker")
        )
        for number, key in enumerate(TYPES, 1):
            upload(user=creator, document=document(key, address))
            workflow_publish(user=creator, workflow_id=number, accept_unproved=True)
        signed = [tokens.start_family(person)["access"] for person in (requester, clerk)]
    return Office(company.slug, company.uuid, company.schema_name, *signed)
