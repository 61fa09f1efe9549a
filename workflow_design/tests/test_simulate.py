"""POST /api/workflow/workflows/{id}/simulate/"""

import json
import re
import socket
from copy import deepcopy
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workflow_design.kernel.document import parse_yaml
from workflow_design.kernel.tests.each import each
from workflow_design.services import simulation
from workflow_design.tests.contents import contents
from workflow_design.tests.documents import PURCHASE, UPLOAD, WORKFLOWS, errors

pytestmark = pytest.mark.usefixtures("cast")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def simulate(alice):
    """Stores a document and simulates it: the response."""

    def call(document, caller=None, /, **body):
        pk = alice.post(UPLOAD, document).json()["workflow"]["id"]
        return (caller or alice).post(f"{WORKFLOWS}{pk}/simulate/", body)

    return call


@pytest.fixture
def document():
    """The purchase document with two ticket types."""
    document = deepcopy(PURCHASE)
    document["workflow"]["fields"].append({"FieldName": "kind", "FieldType": "choice", "Options": ["pens", "pcs"]})
    document["tickets"][0]["fields"] = {"amount": None, "kind": "pens"}
    document["tickets"].append({"key": "pc", "title": "PC", "fields": {"amount": 900, "kind": {"const": "pcs"}}})
    return document


def test_the_path_conditions_and_where_it_stops(simulate):
    response = simulate(PURCHASE, data={"amount": 900}, outputs={"approve": [{"approved": True}]})
    assert response.status_code == 200
    assert response.json() == {
        "path": ["approve", "order"],
        "steps": [
            {"task": None, "event": "started", "conditions": [], "taken": [0]},
            {
                "task": "approve",
                "event": "completed",
                "conditions": [{"transition": 1, "value": True, "inputs": {"approved": True}}],
                "taken": [1],
            },
        ],
        "status": "IN_PROGRESS",
        "open": ["order"],
        "data": {"amount": 900, "approved": True},
        "problems": [],
    }


def test_to_its_end(simulate):
    answer = simulate(PURCHASE, outputs={"approve": [{"approved": False}]}).json()
    assert (answer["path"], answer["status"], answer["open"]) == (["approve"], "COMPLETED", [])
    answer = simulate(PURCHASE).json()
    assert (answer["path"], answer["status"], answer["open"]) == (["approve"], "IN_PROGRESS", ["approve"])


def test_an_incident_is_a_problem(simulate, document):
    document["transitions"].pop(2)
    answer = simulate(document, outputs={"approve": [{"approved": False}]}).json()
    assert (answer["status"], answer["open"]) == ("ERROR", [])
    assert [(problem["code"], problem["task"]) for problem in answer["problems"]] == [("no_transition", "approve")]


def test_outputs_that_a_task_would_refuse(simulate):
    outputs = {"approve": [{"approved": "yes", "more": 1}, {"approved": True}], "aprove": []}
    answer = simulate(PURCHASE, outputs=outputs).json()
    assert (answer["status"], answer["open"]) == ("IN_PROGRESS", ["approve"])
    assert [(problem["code"], problem["path"]) for problem in answer["problems"]] == [
        ("unknown_task", "/outputs/aprove"),
        ("unknown_field", "/outputs/approve/0/more"),
        ("type", "/outputs/approve/0/approved"),
        ("unused_output", "/outputs/approve"),
    ]


NOTHING = {"path": [], "steps": [], "status": "NOT_STARTED", "open": [], "data": {}}


@each(
    "body, expected",
    [
        ({"data": {"amount": "much"}}, [("type", "/data/amount")]),
        ({"data": {"amuont": 5}}, [("additionalProperties", "/data/amuont")]),
        ({"data": {"kind": "cars"}}, [("enum", "/data/kind")]),
        ({"data": {"approved": "yes"}}, [("type", "/data/approved")]),
        ({"data": {"kind": [0] * 500_000}}, [("json_size", "")]),
        ({"data": {}, "ticket": "purchase"}, [("required", "/data/amount")]),
        ({"data": {"approved": True, "amount": 5}, "ticket": "purchase"}, [("additionalProperties", "/data/approved")]),
        ({"data": {"kind": "pcs"}, "ticket": "pc"}, [("additionalProperties", "/data/kind")]),
    ],
)
def test_data_that_a_submission_would_be_refused_for(simulate, document, body, expected):
    response = simulate(document, **body)
    assert response.status_code == 200
    answer = response.json()
    assert [(problem["code"], problem["path"]) for problem in answer.pop("problems")] == expected
    assert answer == NOTHING


def test_a_ticket_type_presets_its_fields(simulate, document):
    answer = simulate(document, data={"amount": 5}, ticket="purchase").json()
    assert answer["data"] == {"amount": 5, "kind": "pens"}
    answer = simulate(document, ticket="pc").json()
    assert answer["data"] == {"amount": 900, "kind": "pcs"}
    assert simulate(document, data={"amount": 1.0}).json()["data"] == {"amount": 1}


def test_a_graph_that_cant_run(simulate, document):
    document["tasks"][0]["split"] = "parallel"
    answer = simulate(document).json()
    assert [(problem["code"], problem["path"]) for problem in answer.pop("problems")] == [
        ("graph_refused", "/transitions/1/condition")
    ]
    assert answer == NOTHING


@each(
    "body, error",
    [
        ([], (None, "invalid")),
        ({"data": []}, ("data", "wrong_type")),
        ({"outputs": "x"}, ("outputs", "wrong_type")),
        ({"outputs": None}, ("outputs", "wrong_type")),
        ({"outputs": {"approve": [], "order": {}}}, ("outputs.order", "wrong_type")),
        ({"ticket": 5}, ("ticket", "wrong_type")),
        ({"ticket": "laptop"}, ("ticket", "unknown_ticket")),
    ],
)
def test_a_body_of_the_wrong_form(alice, purchase, body, error):
    response = alice.post(f"{WORKFLOWS}{purchase['workflow']['id']}/simulate/", body)
    assert (response.status_code, errors(response)) == (400, [error])


def test_a_simulation_that_takes_too_long(simulate, monkeypatch):
    """Each of 1,000 rounds of the loop spends much of a split's budget."""
    monkeypatch.setattr(simulation, "MAX_SECONDS", 0.2)
    fold = {"reduce": [{"var": "items"}, {"+": [{"var": "accumulator"}, {"var": "current"}]}, 0]}
    tasks = [{"key": f"t{n}", "title": "T", "task_type": "FORM"} for n in range(2)]
    slow = {
        "workflow": {"key": "slow", "title": "Slow", "fields": [{"FieldName": "items", "FieldType": "json"}]},
        "tasks": tasks,
        "transitions": [
            {"from": None, "to": "t0"},
            {"from": "t0", "to": "t1", "condition": {"<": [fold, 1]}},
            {"from": "t0", "to": "t0", "is_default": True},
        ],
    }
    answer = simulate(slow, data={"items": [100] * 10_000}, outputs={"t0": [{}] * 1_000}).json()
    assert [problem["code"] for problem in answer["problems"]] == ["simulation_limit", "unused_output"]
    assert 1 < len(answer["steps"]) < 200
    assert answer["open"] == ["t0"]


def test_no_side_effect_of_any_kind(alice, acme, purchase, monkeypatch):
    """No row of any table differs, nothing but reading is said to the database, and no connection is opened."""
    opened = []
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: opened.append(to) or connect(self, to))
    address = f"{WORKFLOWS}{purchase['workflow']['id']}"
    outputs = {"approve": [{"approved": True}], "order": [{}]}
    before = contents(acme.schema_name)
    with CaptureQueriesContext(connection) as queries:
        played = alice.post(f"{address}/simulate/", {"data": {"amount": 900}, "outputs": outputs, "ticket": "purchase"})
        checked = alice.post(f"{address}/validate/")
    assert (played.json()["status"], checked.status_code) == ("COMPLETED", 200)
    assert contents(acme.schema_name) == before
    assert len(before) > 20
    statements = {query["sql"].split()[0].upper() for query in queries.captured_queries}
    assert statements <= {"SELECT", "SET"}
    assert opened == []


def test_the_guides_example(simulate):
    guide = (ROOT / "docs/definitions.md").read_text(encoding="utf-8")
    body = json.loads(re.search(r"```json\n(.*?)```", guide, re.DOTALL)[1])
    travel = parse_yaml((ROOT / "examples/travel-request.yaml").read_bytes())
    answer = simulate(travel, **body).json()
    assert (answer["open"], answer["problems"]) == (["pay-advance", "register-trip"], [])


def test_who_may(api, alice, purchase, globex):
    address = f"{WORKFLOWS}{purchase['workflow']['id']}/simulate/"
    for role in ("workflow_creator", "ticket_admin", "admin"):
        assert api(role).post(address, {}).status_code == 200
    for role in ("user", "task_worker", ()):
        assert api(role).post(address, {}).status_code == 403
    assert api(None).post(address, {}).status_code == 401
    assert api("workflow_creator", globex).post(address, {}).status_code == 404
    assert alice.post(f"{WORKFLOWS}999999/simulate/", {}).status_code == 404
