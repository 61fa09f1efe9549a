"""Whatever is sent to a call of tickets, tasks, executions or incidents: it is refused, not a fault of the server.

The client of these tests fails on any answer that openapi.yaml doesn't have, so on every 5xx. ODD_VALUES is how many of
the odd values each place is sent (2 unless set); all of them come round.
"""

import json
import os
from typing import Any

import pytest

from tests.turns import in_turn
from workflow_design.tests.documents import WORKFLOWS
from workflow_ops.models import Incident, TaskInstance, Ticket
from workflow_ops.tests.documents import EXECUTIONS, INCIDENTS, TASKS, TICKETS, TYPES, flow, form

ODD_VALUES = int(os.environ.get("ODD_VALUES", "2"))
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


def method(address):
    return "PATCH" if address.count("/") == 4 and "incidents" in address else "POST"


def test_values_of_the_wrong_type(addresses, everything):
    good = {
        "ticket_definition": "desk",
        "data": {"topic": "x"},
        "input": {},
        "action": "complete",
        "tasks": [1],
        "output": {},
    }
    places = [(address, names, name) for address, names in addresses.items() for name in names]
    for place, (address, names, name) in enumerate(places):
        for value in in_turn(WRONG, place, ODD_VALUES):
            body = {**{other: good[other] for other in names if other in good}, name: value}
            answer = everything.call(method(address), address, body)
            assert answer.status_code < 500, (address, name, value)


def test_bodies_that_are_no_object(addresses, everything):
    for place, address in enumerate(addresses):
        for body in in_turn(BODIES, place, ODD_VALUES):
            answer = everything.call(method(address), address, body)
            assert answer.status_code in (400, 409), (address, body)
        answer = everything.call(method(address), address, b"a: 1", content_type="application/yaml")
        assert answer.status_code == 415
    assert TaskInstance.objects.get().status == "OPEN"


def test_ids_that_are_nobodys(everything, desk):
    odd = ["0", "999999999999999999", "1" * 19, "-1", "1.0", "x", "%00", "１"]
    reads = [
        *(f"{kind}#/" for kind in (TICKETS, TASKS, EXECUTIONS, INCIDENTS)),
        *(f"{TICKETS}#/history/", f"{EXECUTIONS}#/logs/"),
    ]
    writes = [
        *(f"{TICKETS}#/{name}/" for name in ("cancel", "hold", "resume")),
        *(f"{TASKS}#/{name}/" for name in ("claim", "release", "assign", "save", "complete")),
        *(f"{INCIDENTS}#/{name}/" for name in ("retry", "skip")),
        f"{WORKFLOWS}#/execute/",
    ]
    for place, address in enumerate(reads):
        for pk in in_turn(odd, place, ODD_VALUES):
            asked = address.replace("#", pk)
            assert everything.get(asked).status_code in (400, 404), asked
    for place, address in enumerate(writes):
        for pk in in_turn(odd, place, ODD_VALUES):
            asked = address.replace("#", pk)
            assert everything.post(asked, {"user": None, "output": {}}).status_code in (400, 404), asked


def test_queries_of_lists(ask, everything):
    ask()
    names = ("limit", "offset", "ordering", "search", "status", "workflow", "ticket", "created_after", "overdue")
    odd = ("", "x", "-1", "9" * 30, "\u0000", "1e3", "[]", "'", "%", "\u2028", "a" * 3000)
    places = [(address, name) for name in names for address in (TYPES, TICKETS, TASKS, EXECUTIONS, INCIDENTS)]
    for place, (address, name) in enumerate(places):
        for value in in_turn(odd, place, ODD_VALUES):
            assert everything.get(address, {name: value}).status_code in (200, 400), (address, name, value)


def test_large_numbers_and_texts_come_back_as_they_were(publish, uma, will):
    free = {"output_schema": form([], n={}, t={"type": "string"})}
    publish(flow("free", [("a", free)], []))
    for n in (2**53 - 1, -(2**53) + 1, 1e308, 5e-324, -0.0, 0.1, [1, {"x": None}]):
        ticket = uma.post(TICKETS, {"ticket_definition": "free", "data": {}}).json()
        output = {"n": n, "t": "\u2028é\U0001f600\\\"'%s{}"}
        done = will.post(f"{TASKS}{ticket['open_tasks'][0]['id']}/complete/", {"output": output})
        assert json.dumps(done.json()["task"]["output"]) == json.dumps(output)
        assert done.json()["ticket"]["status"] == "COMPLETED"
