"""Playing the demo's tickets, when some of them are there already or can't be played."""

from __future__ import annotations

import pytest

from core.db import connection
from tenants.models import Company
from tests.people import PASSWORD, signed_in
from ticketflower import demo_tickets
from users.models import CompanyRole, SystemRole
from workflow_design.tests.documents import UPLOAD
from workflow_ops.models import TaskInstance, Ticket
from workflow_ops.tests.documents import TASKS, TICKETS, example


@pytest.fixture(scope="module")
def people(file_db):
    """People of acme, and leave requests published: the worker has every company role that they name."""
    acme = Company.objects.get(slug="acme")
    connection.set_tenant(acme)
    made = signed_in("workflow_creator", acme).call(
        "POST", UPLOAD, example("leave-request.yaml"), query={"publish": "true"}
    )
    assert made.status_code == 201
    people = {
        role: signed_in(role, acme) for role in (SystemRole.USER, SystemRole.TASK_WORKER, SystemRole.TICKET_ADMIN)
    }
    people[SystemRole.TASK_WORKER].user.company_roles.add(
        *(CompanyRole.objects.create(name=name) for name in ("manager", "hr"))
    )
    return people


@pytest.fixture
def cast(people, acme_db):
    return people


@pytest.fixture
def play(cast, monkeypatch):
    """Play all leave requests of the demo, and one ticket of a type that isn't there."""
    [other, *_] = [run for run in demo_tickets.RUNS if run.ticket == "travel-request"]
    leave = [run for run in demo_tickets.RUNS if run.ticket == "leave-request"]
    monkeypatch.setattr(demo_tickets, "RUNS", [other, *leave])

    def played():
        lines = []
        demo_tickets.play("acme", {role: caller.user.email for role, caller in cast.items()}, PASSWORD, lines.append)
        return [line for line in lines if "leave-request" in line or "tickets are there" in line], lines

    return played


PLAYED = [
    "acme: #{} leave-request “Two weeks in July”: manager-approval → record-leave: COMPLETED",
    "acme: #{} leave-request “Ill until Tuesday”: record-leave: COMPLETED",
    "acme: #{} leave-request “A long weekend”: manager-approval: IN_PROGRESS, waits for manager-approval",
]


def expected(*lines):
    numbers = Ticket.objects.order_by("pk").values_list("pk", flat=True)
    return [line.format(number) for line, number in zip(lines, numbers, strict=True)]


def test_what_is_there_is_not_played_again(play):
    assert play()[0] == expected(*PLAYED)
    tasks = TaskInstance.objects.count()
    assert play()[0] == ["acme: 3 tickets are there, 1 of them with open tasks"]
    assert (Ticket.objects.count(), TaskInstance.objects.count()) == (3, tasks)


def test_a_demo_that_was_killed_goes_on(cast, play):
    """The first ticket has one task behind it, the second none."""
    for number, data in ((1, {"working_days": 10}), (2, {"leave_type": "Sick leave"})):
        ticket = cast[SystemRole.USER].post(
            TICKETS,
            {
                "ticket_definition": "leave-request",
                "data": {"first_day": "2027-07-12", "last_day": "2027-07-23", "working_days": 1, **data},
                "conversation": f"demo leave-request {number}",
            },
        )
        assert ticket.status_code == 201
        if number == 1:
            task = ticket.json()["open_tasks"][0]["id"]
            done = cast[SystemRole.TASK_WORKER].post(f"{TASKS}{task}/complete/", {"output": {"decision": "Approved"}})
            assert done.status_code == 200
    assert play()[0] == expected(*PLAYED)


def test_what_somebody_did_meanwhile_stays(cast, play):
    play()
    left = TaskInstance.objects.get(status="OPEN")
    worker = cast[SystemRole.TASK_WORKER]
    assert worker.post(f"{TASKS}{left.pk}/complete/", {"output": {"decision": "Approved"}}).status_code == 200
    # The task that this opened is not the demo's to do.
    assert play()[0] == ["acme: 3 tickets are there, 1 of them with open tasks"]


def test_what_can_not_be_played_is_told(play):
    _, lines = play()
    assert [line for line in lines if "leave-request" not in line] == [
        "acme: travel-request “Trade fair in Lyon” is not played: ticket_definition: There is no such ticket type."
    ]
