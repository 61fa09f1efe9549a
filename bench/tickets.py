"""A company with many tickets: copies of two real ones, one that waits and one that is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.company import sign_in

OUTPUT = {"amount": 150, "approve": True, "note": "hello world"}
TASKS_OF_A_TICKET = 5
_SCHEMA = {
    "type": "object",
    "required": ["amount", "approve", "note"],
    "properties": {"amount": {"type": "integer"}, "approve": {"type": "boolean"}, "note": {"type": "string"}},
}
TITLES = {"t1": "Intake", "t2": "Assess", "t3a": "Large", "t3b": "Small", "t4": "Approve", "t5": "File"}
# An exclusive choice on the data after the second of five forms.
DOCUMENT: dict[str, Any] = {
    "format": "ticketflower/1",
    "workflow": {"key": "steps", "title": "Five steps"},
    "tasks": [
        {"key": key, "title": title, "task_type": "FORM", "assignee_roles": ["clerk"], "output_schema": _SCHEMA}
        for key, title in TITLES.items()
    ],
    "transitions": [
        {"from": None, "to": "t1"},
        {"from": "t1", "to": "t2"},
        {"from": "t2", "to": "t3a", "condition": {">": [{"var": "amount"}, 100]}},
        {"from": "t2", "to": "t3b", "is_default": True},
        {"from": "t3a", "to": "t4"},
        {"from": "t3b", "to": "t4"},
        {"from": "t4", "to": "t5"},
        {"from": "t5", "to": None},
    ],
    "tickets": [{"key": "steps", "title": "Five steps", "fields": {}}],
}


@dataclass(frozen=True)
class Office:
    """A company, signed in as somebody who opens tickets, somebody who does tasks, and somebody who sees all."""

    company: Any
    requester: Any
    clerk: Any
    tokens: dict[str, str]

    @property
    def host(self) -> str:
        return f"{self.company.slug}.localhost"


def office(name: str) -> Office:
    """Make one, with the workflow published."""
    from django_tenants.utils import tenant_context

    from core.models import Actor
    from tenants.services import company_create
    from users import tokens
    from users.models import CompanyRole
    from users.services.people import person_create
    from workflow_design.services.publish import workflow_publish
    from workflow_design.services.upload import upload

    company = company_create(name=name, actor=Actor())
    creator = sign_in(company)
    with tenant_context(company):
        CompanyRole.objects.create(name="clerk")
        roles = {"requester": ["user"], "clerk": ["task_worker"], "admin": ["ticket_admin"]}
        people = {
            who: person_create(
                actor=Actor(),
                email=f"{who}@bench.example",
                password="a rather long sentence 7",
                system_roles=system_roles,
                company_roles=["clerk"] if who == "clerk" else [],
            )
            for who, system_roles in roles.items()
        }
        upload(user=creator.user, document=DOCUMENT)
        workflow_publish(user=creator.user, workflow_id=1, accept_unproved=True)
        signed = {who: tokens.start_family(person)["access"] for who, person in people.items()}
    return Office(company, people["requester"], people["clerk"], signed)


def fill(office: Office, count: int) -> None:
    """`count` tickets of other people's, half of them waiting for their third task."""
    from django_tenants.utils import tenant_context

    from core.db import connection

    with tenant_context(office.company):
        waiting, done = _ticket(office, 2), _ticket(office, TASKS_OF_A_TICKET)
        for place, ticket in enumerate((waiting, done)):
            _copy(ticket, (count - 2) // 2, place)
        with connection.cursor() as cursor:
            for table in ("workflow_instances", "tickets"):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
            # As autovacuum does soon after.
            cursor.execute("VACUUM (ANALYZE) workflow_instances, tickets, task_instances, history")


def _ticket(office: Office, completions: int) -> Any:
    """A real ticket, so many tasks of it done."""
    from workflow_ops.models import TaskInstance
    from workflow_ops.services.tasks import task_complete
    from workflow_ops.services.tickets import ticket_open

    ticket = ticket_open(user=office.requester, ticket_definition="steps", data={})
    (task,) = TaskInstance.objects.filter(instance=ticket.instance_id).values_list("pk", flat=True)
    for _ in range(completions):
        task_complete(user=office.clerk, task_id=task, output=OUTPUT)
        task = TaskInstance.objects.filter(instance=ticket.instance_id).latest("pk").pk
    return ticket


def _copy(ticket: Any, count: int, place: int) -> None:
    """Rows like those of `ticket`: every other id, so that two kinds lie mixed. Their people are nobody."""
    numbers = f"generate_series(1, {count}) AS g"
    instance, number = f"1000 + 2 * g + {place}", f"1000 + 2 * g + {place}"
    _insert("workflow_instances", f"id = {ticket.instance_id}", numbers, id=instance, created_by_id="NULL")
    _insert("tickets", f"id = {ticket.pk}", numbers, id=number, instance_id=instance, created_by_id="NULL")
    nobody = {"assignee_id": "NULL", "completed_by_id": "NULL"}
    where = f"instance_id = {ticket.instance_id}"
    _insert("task_instances", where, numbers, id=None, instance_id=instance, **nobody)
    _insert("history", f"subject_type = 'ticket' AND subject_id = {ticket.pk}", numbers, id=None, subject_id=number)


def _insert(table: str, where: str, numbers: str, **values: str | None) -> None:
    from core.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
            " AND table_name = %s AND is_generated = 'NEVER'",
            [table],
        )
        names = [name for (name,) in cursor.fetchall() if values.get(name, name) is not None]
        columns = ", ".join(f'"{name}"' for name in names)
        given = ", ".join(values.get(name) or f'{table}."{name}"' for name in names)
        cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {given} FROM {table}, {numbers} WHERE {where}")
