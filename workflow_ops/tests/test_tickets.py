"""GET /api/tickets/ and /api/tickets/{id}/: who sees what, filters, search."""

import pytest

from workflow_ops.models import TaskInstance
from workflow_ops.tests.documents import TASKS, TICKETS, errors, flow, statements

NOT_FOUND = {"type": "client_error", "errors": [{"code": "not_found", "detail": "Not found.", "attr": None}]}


def seen(person, **query):
    return [row["id"] for row in person.get(TICKETS, query).json()["results"]]


@pytest.fixture
def others(api):
    """Another requester, and a worker."""
    return api(("user", "workflow_creator")), api(("task_worker", "admin"))


def test_requesters_see_their_own(ask, uma, tom, alice, will, others):
    other, _ = others
    mine, theirs = ask()["id"], ask(by=other)["id"]
    assert (seen(uma), seen(other), seen(tom)) == ([mine], [theirs], [mine, theirs])
    # Nor does a role see more than its tasks: neither creators, nor admins, nor workers.
    assert (seen(alice), seen(will)) == ([], [])
    for person in (uma, alice, will):
        answer = person.get(f"{TICKETS}{theirs}/")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
        assert person.get(f"{TICKETS}999999999/").json() == NOT_FOUND
    assert tom.get(f"{TICKETS}{theirs}/").status_code == 200


def test_workers_see_those_with_their_tasks(ask, will, others):
    _, other = others
    ticket = ask()
    triage = f"{TASKS}{ticket['open_tasks'][0]['id']}/"
    address = f"{TICKETS}{ticket['id']}/"
    assert [person.get(address).status_code for person in (will, other)] == [404, 404]
    assert will.post(f"{triage}claim/").status_code == 200
    assert [person.get(address).status_code for person in (will, other)] == [200, 404]
    assert (seen(will), seen(other)) == ([ticket["id"]], [])
    assert will.post(f"{triage}release/").status_code == 200
    assert will.get(address).status_code == 404
    # What they have done stays theirs to see.
    assert will.post(f"{triage}complete/", {"output": {"priority": 0}}).status_code == 200
    assert (seen(will), will.get(address).json()["status"]) == ([ticket["id"]], "COMPLETED")


def test_the_data_that_each_sees(ask, done, uma, will, tom, others):
    _, other = others
    ticket = ask()
    after = done(ticket, "triage", priority=1, remark="Old thing")["ticket"]
    address = f"{TICKETS}{ticket['id']}/"
    submitted = {"urgent": False, "topic": "Printer", "origin": "web"}
    everything = {**submitted, "priority": 1, "remark": "Old thing"}
    # The priority is public; the remark is not the requester's.
    assert uma.get(address).json()["data"] == {**submitted, "priority": 1}
    assert tom.get(address).json()["data"] == everything
    # Who did triage knows what it was given and gave.
    assert after["data"] == will.get(address).json()["data"] == everything
    answer = TaskInstance.objects.get(instance__ticket=ticket["id"], number=2)
    assert tom.post(f"{TASKS}{answer.pk}/assign/", {"user": None}).status_code == 200
    answer.assignee, answer.status = other.user, "IN_PROGRESS"
    answer.save()
    # Who has the answer to give was told the topic and the remark.
    assert other.get(address).json()["data"] == everything
    assert other.get(f"{TASKS}{answer.pk}/").json()["input"] == {"topic": "Printer", "remark": "Old thing"}
    reply = {"output": {"reply": "Switch it on"}}
    assert other.post(f"{TASKS}{answer.pk}/complete/", reply).json()["ticket"]["data"] == {
        **everything,
        **reply["output"],
    }
    assert uma.get(address).json()["data"] == {**submitted, "priority": 1}
    assert will.get(address).json()["data"] == everything


def test_a_draft_opens_no_field(ask, done, will, tom, api):
    other = api(("task_worker", "admin"))
    ticket = ask()
    done(ticket, "triage", by=other, priority=1, remark="Between us")
    answer = TaskInstance.objects.get(instance__ticket=ticket["id"], number=2)
    # Without the input of its own that would show the remark.
    TaskInstance.objects.filter(pk=answer.pk).update(assignee=will.user, status="IN_PROGRESS", input={})
    draft = {"output": {"remark": "?", "reply": "?"}}
    assert will.post(f"{TASKS}{answer.pk}/save/", draft).status_code == 200
    assert "remark" not in will.get(f"{TICKETS}{ticket['id']}/").json()["data"]


def test_filters(ask, done, uma, tom, desk, publish, others):
    publish(flow("other", ["a"], []))
    other, _ = others
    done_one, open_one = ask(), ask(by=other)
    done(done_one, "triage", priority=0)
    body = {"ticket_definition": "other", "data": {}, "conversation": "chat"}
    third = tom.post(TICKETS, body).json()
    a, b, c = done_one["id"], open_one["id"], third["id"]
    assert seen(tom) == [a, b, c]
    assert seen(tom, status="COMPLETED") == [a]
    assert seen(tom, status="IN_PROGRESS") == [b, c]
    assert seen(tom, workflow=desk) == [a, b]
    assert seen(tom, ticket_definition=third["ticket_definition"]) == [c]
    assert seen(tom, created_by=other.user.pk) == [b]
    assert seen(tom, conversation="chat") == [c]
    assert seen(tom, created_after=open_one["created_at"]) == [b, c]
    assert seen(tom, created_before=open_one["created_at"]) == [a]
    assert seen(tom, status="COMPLETED", workflow=desk, created_by=other.user.pk) == []
    assert seen(tom, ordering="-id", limit=2) == [c, b]
    assert seen(tom, ordering="-created_at") == [c, b, a]
    # A filter finds nothing that one doesn't see.
    assert seen(uma, created_by=other.user.pk) == []


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"status": "OPEN"}, "status"),
        ({"workflow": "desk"}, "workflow"),
        ({"workflow": 10**30}, "workflow"),
        ({"ticket_definition": "1.5"}, "ticket_definition"),
        ({"created_by": "-1"}, "created_by"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"created_before": "2026-13-01T00:00:00Z"}, "created_before"),
        ({"conversation": "x" * 201}, "conversation"),
        ({"ordering": "data"}, "ordering"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"offset": -1}, "offset"),
    ],
)
def test_filters_of_the_wrong_type(ask, tom, query, attr):
    ask()
    answer = tom.get(TICKETS, query)
    assert (answer.status_code, [found for found, _ in errors(answer)]) == (400, [attr])


def test_search(desk, uma, tom, will):
    subjects = ("Broken printer on 3rd floor", "Printing is slow", "Coffee")
    pks = [
        uma.post(TICKETS, {"ticket_definition": "desk", "data": {"topic": "x"}, "subject": subject}).json()["id"]
        for subject in subjects
    ]
    assert seen(tom, search="print") == pks[:2]
    assert seen(tom, search="PRINT floor") == pks[:1]
    assert seen(tom, search=str(pks[2])) == pks[2:]
    assert seen(tom, search="tea") == seen(tom, search="%") == seen(tom, search="'; --") == []
    assert seen(tom, search="9" * 40) == []
    assert seen(uma, search="coffee") == pks[2:]
    assert seen(will, search="coffee") == seen(will, search=str(pks[2])) == []
    task = tom.get(f"{TICKETS}{pks[2]}/").json()["open_tasks"][0]["id"]
    assert will.post(f"{TASKS}{task}/claim/").status_code == 200
    assert seen(will, search="coffee") == seen(will, search=str(pks[2])) == pks[2:]


def test_as_many_statements_for_one_as_for_many(ask, uma, will, tom, done):
    ask()
    done(ask(), "triage", priority=1)
    few = [len(statements(lambda person=person: person.get(TICKETS))) for person in (uma, will, tom)]
    for _ in range(20):
        done(ask(), "triage", priority=1)
    many = [len(statements(lambda person=person: person.get(TICKETS))) for person in (uma, will, tom)]
    assert few == many == [2, 2, 2]
    ticket = ask()["id"]
    assert len(statements(lambda: uma.get(f"{TICKETS}{ticket}/"))) == 2
