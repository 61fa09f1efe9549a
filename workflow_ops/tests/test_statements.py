"""How many statements a step takes: the same whatever there is besides."""

import pytest

from core.models import Actor, record
from workflow_ops.models import Ticket
from workflow_ops.tests.documents import TASKS, TICKETS, flow, statements

pytestmark = pytest.mark.usefixtures("desk")

# Who calls, what there is, write and what is shown in one. At most eight.
COMPLETION = 4
# BEGIN, the run's lock, that of choosing, who can, COMMIT (here: of a savepoint).
CHOOSING = 5


def completing(person, ticket, output):
    pk = ticket["open_tasks"][0]["id"]

    def call():
        answer = person.post(f"{TASKS}{pk}/complete/", {"output": output})
        assert answer.status_code == 200, answer.content

    return len(statements(call))


def test_a_completion(ask, will):
    assert completing(will, ask(), {"priority": 1}) <= COMPLETION


def test_it_takes_no_more_with_a_long_history(ask, will, tom):
    ticket = ask()
    for number in range(200):
        record(
            actor=Actor(), event="ticket.noted", subject_type="ticket", subject_id=ticket["id"], detail={"n": number}
        )
    assert completing(will, ticket, {"priority": 1}) <= COMPLETION


def test_it_takes_no_more_with_many_tickets_and_open_tasks(ask, will):
    for _ in range(30):
        ask()
    assert completing(will, ask(), {"priority": 1}) <= COMPLETION
    assert Ticket.objects.count() == 31


def test_it_takes_no_more_for_many_tasks(publish, uma, will):
    many = [f"t{number}" for number in range(50)]
    links = [(None, "first"), *(("first", key) for key in many)]
    publish(flow("wide", [("first", {"split": "parallel"}), *many], links))
    ticket = uma.post(TICKETS, {"ticket_definition": "wide", "data": {}}).json()
    assert completing(will, ticket, {}) <= COMPLETION


def test_choosing_who_gets_them_takes_a_lock(publish, uma, will):
    policies = ("shortest_queue", "round_robin")
    many = [(f"t{number}", {"assignment_policy": policies[number % 2]}) for number in range(20)]
    links = [(None, "first"), *(("first", key) for key, _ in many)]
    publish(flow("wide", [("first", {"split": "parallel"}), *many], links))
    ticket = uma.post(TICKETS, {"ticket_definition": "wide", "data": {}}).json()
    assert completing(will, ticket, {}) <= COMPLETION + CHOOSING


def test_opening_a_ticket(desk, uma):
    body = {"ticket_definition": "desk", "data": {"topic": "x"}}
    uma.post(TICKETS, body)
    first = len(statements(lambda: uma.post(TICKETS, body)))
    for _ in range(20):
        uma.post(TICKETS, body)
    # Who calls, BEGIN, ticket type, company roles, version, run, ticket, write, COMMIT, what is shown.
    assert first == len(statements(lambda: uma.post(TICKETS, body))) == 10
