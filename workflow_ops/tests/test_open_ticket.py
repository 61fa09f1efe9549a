"""POST /api/tickets/"""

import pytest

from core.models import History
from users.models import CompanyRole
from workflow_design.tests.documents import ACCESS, UPLOAD, WORKFLOWS
from workflow_ops.models import Ticket, WorkflowInstance
from workflow_ops.tests.documents import DESK, TICKETS, TYPES, errors, flow, refused

NOTHING_OPENED = (0, 0)


def rows():
    return Ticket.objects.count(), WorkflowInstance.objects.count()


def test_it_starts_at_once(desk, uma):
    response = uma.post(TICKETS, {"ticket_definition": "desk", "data": {"topic": "Printer"}})
    assert response.status_code == 201
    ticket = dict(response.json())
    (task,) = ticket.pop("open_tasks")
    assert ticket == {
        "id": ticket["id"],
        "company": "acme",
        "number": ticket["id"],
        "ticket_definition": ticket["ticket_definition"],
        "workflow": desk,
        "workflow_version": 1,
        "status": "IN_PROGRESS",
        # Without a subject it is called what its type is.
        "subject": "Ask for help",
        "conversation": "",
        "data": {"urgent": False, "topic": "Printer", "origin": "web"},
        "created_by": uma.user.pk,
        "created_at": ticket["created_at"],
        "updated_at": ticket["updated_at"],
    }
    assert task == {
        "id": task["id"],
        "task_key": "triage",
        "title": "Look at it",
        "status": "OPEN",
        "assignee": None,
        "due_at": None,
    }
    assert uma.get(f"{TICKETS}{ticket['id']}/").json() == response.json()
    entries = History.objects.filter(subject_type="ticket", subject_id=ticket["id"])
    assert [(entry.event, entry.actor, entry.subject) for entry in entries] == [
        ("ticket.opened", "uma@acme.example", f"#{ticket['id']}")
    ]


def test_by_id_with_a_subject_and_all_values(desk, uma):
    pk = uma.get(TYPES).json()["results"][0]["id"]
    ticket = uma.post(
        TICKETS,
        {"ticket_definition": pk, "data": {"topic": "x", "urgent": True}, "subject": "Smoke", "conversation": "c"},
    ).json()
    assert (ticket["ticket_definition"], ticket["subject"], ticket["conversation"]) == (pk, "Smoke", "c")
    assert ticket["data"] == {"urgent": True, "topic": "x", "origin": "web"}


def test_numbers_count_up_in_each_company(desk, uma, api, globex, in_company, ask):
    first, second = ask()["number"], ask()["number"]
    assert second == first + 1
    carol = api(("workflow_creator", "user"), globex)
    made = carol.call("POST", UPLOAD, DESK, query={"publish": "true"})
    assert made.status_code == 201
    with in_company(globex):
        before = Ticket.objects.count()
        theirs = carol.post(TICKETS, {"ticket_definition": "desk", "data": {"topic": "x"}}).json()
        assert (before, Ticket.objects.count()) == (0, 1)
    assert uma.get(f"{TICKETS}{second}/").json()["data"]["topic"] == "Printer"
    assert ask()["number"] == second + 1
    assert theirs["company"] == "globex"


@pytest.mark.parametrize(
    ("data", "attrs"),
    [
        ({}, ["data.topic"]),
        ({"topic": 5}, ["data.topic"]),
        ({"topic": "x", "urgent": "yes"}, ["data.urgent"]),
        # A const is fixed, also to its own value.
        ({"topic": "x", "origin": "web"}, ["data.origin"]),
        # A field of the workflow that is none of the ticket type's, and one that is nobody's.
        ({"topic": "x", "priority": 1}, ["data.priority"]),
        ({"topic": "x", "colour": "red"}, ["data.colour"]),
        ({"urgent": 1, "colour": 1}, ["data.colour", "data.topic", "data.urgent"]),
        (None, ["data"]),
        ([], ["data"]),
        ("topic", ["data"]),
    ],
)
def test_data_that_the_type_does_not_take(desk, uma, data, attrs):
    response = uma.post(TICKETS, {"ticket_definition": "desk", "data": data})
    assert response.status_code == 400
    assert sorted(attr for attr, _ in errors(response)) == attrs
    assert rows() == NOTHING_OPENED


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"subject": 5}, [("subject", "wrong_type")]),
        ({"subject": "x" * 256}, [("subject", "too_long")]),
        ({"conversation": None}, [("conversation", "wrong_type")]),
        ({"conversation": "x" * 201}, [("conversation", "too_long")]),
        ({"ticket_definition": None}, [("ticket_definition", "unknown_ticket_definition")]),
        ({"ticket_definition": True}, [("ticket_definition", "unknown_ticket_definition")]),
        ({"ticket_definition": "nothing"}, [("ticket_definition", "unknown_ticket_definition")]),
        ({"ticket_definition": ["desk"]}, [("ticket_definition", "unknown_ticket_definition")]),
        ({"ticket_definition": 10**30}, [("ticket_definition", "unknown_ticket_definition")]),
        ({"ticket_definition": -1}, [("ticket_definition", "unknown_ticket_definition")]),
    ],
)
def test_bodies_that_are_wrong(desk, uma, values, expected):
    response = uma.post(TICKETS, {"ticket_definition": "desk", "data": {"topic": "x"}, **values})
    assert (response.status_code, errors(response)) == (400, expected)
    assert rows() == NOTHING_OPENED


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"null", b"{", b'{"data": "\\u0000"}', b'{"a": 1, "a": 2}', b""])
def test_what_is_no_object_at_all(desk, uma, body):
    assert uma.post(TICKETS, body).status_code == 400
    assert rows() == NOTHING_OPENED


def test_who_has_none_of_its_roles(desk, uma, alice, ask):
    CompanyRole.objects.create(name="asker")
    pk = uma.get(TYPES).json()["results"][0]["id"]
    assert alice.delete(ACCESS, {"ticket_definition": pk, "role": "everyone"}).status_code == 204
    for person in (uma, alice):
        answer = person.post(TICKETS, {"ticket_definition": "desk", "data": {"topic": "x"}})
        assert refused(answer) == (403, "ticket_type_closed")
    # 403 comes before 400 and 409.
    assert alice.post(f"{WORKFLOWS}{desk}/archive/").status_code == 200
    assert refused(uma.post(TICKETS, {"ticket_definition": "desk", "data": 5})) == (403, "ticket_type_closed")
    assert rows() == NOTHING_OPENED


def test_a_workflow_that_takes_none(desk, uma, alice, ask):
    open_before = ask()
    for action in ("deactivate", "archive"):
        assert alice.post(f"{WORKFLOWS}{desk}/{action}/").status_code == 200
        answer = uma.post(TICKETS, {"ticket_definition": "desk", "data": {"topic": "x"}})
        assert refused(answer) == (409, "not_active")
    assert uma.post(TICKETS, {"ticket_definition": "desk", "data": {}}).status_code == 400
    assert rows() == (1, 1)
    assert uma.get(f"{TICKETS}{open_before['id']}/").json()["status"] == "IN_PROGRESS"
    assert alice.post(f"{WORKFLOWS}{desk}/activate/").status_code == 200
    ask()


def test_what_is_not_published(desk, uma, alice):
    assert alice.post(UPLOAD, flow("draft", ["a"], [])).status_code == 201
    assert refused(uma.post(TICKETS, {"ticket_definition": "draft", "data": {}})) == (409, "not_active")
    more = {**DESK, "tickets": [*DESK["tickets"], {"key": "later", "title": "Later", "fields": {}}]}
    assert alice.post(UPLOAD, more).status_code == 200
    assert refused(uma.post(TICKETS, {"ticket_definition": "later", "data": {}})) == (409, "not_published")
    assert rows() == NOTHING_OPENED


def test_one_open_run_for_a_conversation_and_workflow(desk, uma, tom, publish):
    publish(flow("other", ["a"], []))
    body = {"ticket_definition": "desk", "data": {"topic": "x"}, "conversation": "chat-7"}
    first = uma.post(TICKETS, body)
    assert first.status_code == 201
    answer = tom.post(TICKETS, body)
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (
        409,
        "This conversation has an open run of this workflow.",
    )
    assert rows() == (1, 1)
    assert uma.post(TICKETS, {**body, "ticket_definition": "other", "data": {}}).status_code == 201
    assert uma.post(TICKETS, {**body, "conversation": "chat-8"}).status_code == 201
    assert uma.post(f"{TICKETS}{first.json()['id']}/cancel/").status_code == 200
    assert uma.post(TICKETS, body).status_code == 201


def test_a_run_keeps_its_version(desk, ask, done, publish, tom):
    old = ask()
    publish({**DESK, "tasks": [{**DESK["tasks"][0], "title": "Look again"}, *DESK["tasks"][1:]]})
    new = ask()
    for ticket, version, title in ((old, 1, "Look at it"), (new, 2, "Look again")):
        row = tom.get(f"{TICKETS}{ticket['id']}/").json()
        assert (row["workflow_version"], row["open_tasks"][0]["title"]) == (version, title)
