"""GET /api/tickets/{id}/history/, GET /api/executions/{id}/logs/."""

import pytest

from workflow_ops.tests.documents import EXECUTIONS, TICKETS, errors, statements


def history(person, ticket, **query):
    return person.get(f"{TICKETS}{ticket['id']}/history/", query).json()["results"]


@pytest.fixture
def finished(ask, done):
    ticket = ask()
    done(ticket, "triage", priority=0)
    return ticket


STEP = {
    "conditions": [{"transition": 1, "condition": "priority > 0", "value": False, "inputs": {"priority": 0}}],
}


def test_ticket_admins_are_told_each_condition(finished, tom, will, uma):
    task = finished["open_tasks"][0]["id"]
    opened, completed = history(tom, finished)
    assert opened["event"] == "ticket.opened"
    assert opened["detail"] == {"version": 1, "status": "IN_PROGRESS", "steps": [{"opened": ["triage"]}]}
    assert (opened["actor"], opened["actor_name"]) == (uma.user.pk, "uma@acme.example")
    assert completed["event"] == "task.completed"
    assert completed["detail"] == {
        "task": "triage",
        "id": task,
        "task_status": "COMPLETED",
        "status": "COMPLETED",
        "steps": [STEP],
    }
    assert completed["at"] == completed["created_at"] > opened["at"]
    assert (completed["company"], completed["created_by"]) == ("acme", will.user.pk)


def test_others_are_told_without(finished, uma, will):
    task = finished["open_tasks"][0]["id"]
    for person in (uma, will):
        assert [entry["detail"] for entry in history(person, finished)] == [
            {"version": 1, "status": "IN_PROGRESS"},
            {"task": "triage", "id": task, "task_status": "COMPLETED", "status": "COMPLETED"},
        ]


def test_nobody_else_is_told(finished, alice, api):
    for person in (alice, api("admin"), api(("user", "workflow_creator"))):
        for pk in (finished["id"], 999_999):
            answer = person.get(f"{TICKETS}{pk}/history/")
            assert (answer.status_code, errors(answer)) == (404, [(None, "not_found")])


def test_pages_and_order(finished, tom):
    assert [entry["event"] for entry in history(tom, finished, ordering="-id")] == ["task.completed", "ticket.opened"]
    assert [entry["event"] for entry in history(tom, finished, limit=1, offset=1)] == ["task.completed"]
    assert tom.get(f"{TICKETS}{finished['id']}/history/", {"ordering": "detail"}).status_code == 400


def test_statements(finished, tom, uma):
    for person in (tom, uma):
        assert len(statements(lambda person=person: history(person, finished))) == 3


def test_logs_tell_the_same_of_an_execution(finished, tom, alice):
    run = tom.get(EXECUTIONS).json()["results"][0]["id"]
    opened, completed = tom.get(f"{EXECUTIONS}{run}/logs/").json()["results"]
    assert opened == {
        "id": opened["id"],
        "task": None,
        "status": "IN_PROGRESS",
        "timestamp": opened["timestamp"],
        "message": "ticket.opened by uma@acme.example",
        "data": {"version": 1, "status": "IN_PROGRESS", "steps": [{"opened": ["triage"]}]},
        "error": None,
    }
    assert (completed["task"], completed["status"]) == ("triage", "COMPLETED")
    assert completed["data"]["steps"] == [STEP]
    assert alice.get(f"{EXECUTIONS}{run}/logs/").status_code == 404
