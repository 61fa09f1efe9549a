"""Whatever is sent to a call of tickets, tasks, executions or incidents: it is refused, not a fault of the server.

The client of these tests fails on any answer that openapi.yaml doesn't have, so on every 5xx.
"""

import json
from typing import Any

import pytest

from workflow_design.tests.documents import WORKFLOWS
from workflow_ops.models import Incident, TaskInstance, Ticket
from workflow_ops.tests.documents import EXECUTIONS, INCIDENTS, TASKS, TICKETS, TYPES

pytestmark = pytest.mark.usefixtures("desk")

WRONG: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    2**63,
    "",
    "x",
    "\ud83d\ude00",
    [],
    [[]],
    {},
    {"x": {"y": [1]}},
    "1" * 5000,
]
BODIES = [
    b"[]",
    b"null",
    b"5",
    b'"x"',
    b"{",
    b'{"a": NaN}',
    b'{"a": 1e400}',
    b'{"output": {"priority": "\\u0000"}}',
    b'{"output": {"priority": "\\ud800"}}',
    b'{"a": 1, "a": 2}',
    b"\xff\xfe",
    b"[" * 200 + b"]" * 200,
]


@pytest.fixture
def everything(api):
    """Somebody who has every role, and so gets furthest."""
    return api(("user", "task_worker", "ticket_admin", "workflow_creator"))


@pytest.fixture
def addresses(ask, desk):
    """Every call that takes a body, by the names that it reads in it."""
    task = f"{TASKS}{ask()['open_tasks'][0]['id']}/"
    run = Ticket.objects.get().instance
    incident = Incident.objects.create(instance=run, number=0, kind="ACTION", code="x", message="x")
    return {
        TICKETS: ["ticket_definition", "data", "subject", "conversation"],
        f"{WORKFLOWS}{desk}/execute/": ["input", "conversation"],
        f"{task}save/": ["output"],
        f"{task}complete/": ["output"],
        f"{task}assign/": ["user"],
        f"{TASKS}bulk/": ["action", "tasks", "user", "output"],
        f"{INCIDENTS}{incident.pk}/skip/": ["output"],
        f"{INCIDENTS}{incident.pk}/": ["note", "status"],
    }


def test_values_of_the_wrong_type(addresses, everything):
    good = {
        "ticket_definition": "desk",
        "data": {"topic": "x"},
        "input": {},
        "action": "complete",
        "tasks": [1],
        "output": {},
    }
    for address, names in addresses.items():
        method = "PATCH" if address.count("/") == 4 and "incidents" in address else "POST"
        for name in names:
            for value in WRONG:
                body = {**{other: good[other] for other in names if other in good}, name: value}
                answer = everything.call(method, address, body)
                assert answer.status_code < 500, (address, name, value)


def test_bodies_that_are_no_object(addresses, everything):
    for address in addresses:
        method = "PATCH" if address.count("/") == 4 and "incidents" in address else "POST"
        for body in BODIES:
            answer = everything.call(method, address, body)
            assert answer.status_code in (400, 409), (address, body)
        answer = everything.call(method, address, b"a: 1", content_type="application/yaml")
        assert answer.status_code == 415
    assert TaskInstance.objects.get().status == "OPEN"


@pytest.mark.parametrize("pk", ["0", "999999999999999999", "1" * 19, "-1", "1.0", "x", "%00", "１"])
def test_ids_that_are_nobodys(everything, desk, pk):
    for address in (
        f"{TICKETS}{pk}/",
        f"{TICKETS}{pk}/history/",
        f"{TASKS}{pk}/",
        f"{EXECUTIONS}{pk}/",
        f"{EXECUTIONS}{pk}/logs/",
        f"{INCIDENTS}{pk}/",
    ):
        assert everything.get(address).status_code in (400, 404), address
    for address in (
        *(f"{TICKETS}{pk}/{name}/" for name in ("cancel", "hold", "resume")),
        *(f"{TASKS}{pk}/{name}/" for name in ("claim", "release", "assign", "save", "complete")),
        *(f"{INCIDENTS}{pk}/{name}/" for name in ("retry", "skip")),
        f"{WORKFLOWS}{pk}/execute/",
    ):
        assert everything.post(address, {"user": None, "output": {}}).status_code in (400, 404), address


def test_queries_of_lists(ask, everything):
    ask()
    for address in (TYPES, TICKETS, TASKS, EXECUTIONS, INCIDENTS):
        for name in (
            "limit",
            "offset",
            "ordering",
            "search",
            "status",
            "workflow",
            "ticket",
            "created_after",
            "overdue",
        ):
            for value in ("", "x", "-1", "9" * 30, "\u0000", "1e3", "[]", "'", "%", "\u2028", "a" * 3000):
                assert everything.get(address, {name: value}).status_code in (200, 400), (address, name, value)


def test_large_numbers_and_texts_come_back_as_they_were(publish, uma, will):
    from workflow_ops.tests.documents import flow, form

    free = {"output_schema": form([], n={}, t={"type": "string"})}
    publish(flow("free", [("a", free)], []))
    for n in (2**53 - 1, -(2**53) + 1, 1e308, 5e-324, -0.0, 0.1, [1, {"x": None}]):
        ticket = uma.post(TICKETS, {"ticket_definition": "free", "data": {}}).json()
        output = {"n": n, "t": "\u2028é\U0001f600\\\"'%s{}"}
        done = will.post(f"{TASKS}{ticket['open_tasks'][0]['id']}/complete/", {"output": output})
        assert json.dumps(done.json()["task"]["output"]) == json.dumps(output)
        assert done.json()["ticket"]["status"] == "COMPLETED"
