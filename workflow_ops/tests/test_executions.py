"""POST /api/workflow/workflows/{id}/execute/, GET /api/executions/."""

import pytest

from core.models import History
from workflow_design.tests.documents import UPLOAD, WORKFLOWS
from workflow_ops.models import Ticket, WorkflowInstance
from workflow_ops.tests.documents import EXECUTIONS, TASKS, errors, flow, refused, statements


@pytest.fixture
def execute(desk):
    """`execute(person, input={…})`"""

    def execute(person, workflow=desk, **body):
        return person.post(f"{WORKFLOWS}{workflow}/execute/", body)

    return execute


def ids(person, **query):
    return [row["id"] for row in person.get(EXECUTIONS, query).json()["results"]]


def test_a_run_without_a_ticket(desk, execute, alice, will):
    response = execute(alice, input={"topic": "x", "priority": 3}, conversation="chat")
    assert response.status_code == 201
    run = response.json()
    assert run == {
        "id": run["id"],
        "company": "acme",
        "workflow": desk,
        "workflow_version": 1,
        "ticket": None,
        "status": "IN_PROGRESS",
        "conversation": "chat",
        "parent": None,
        "parent_task": None,
        "end_action": None,
        "started_at": run["started_at"],
        "completed_at": None,
        "duration_ms": None,
        "input": {"topic": "x", "priority": 3},
        "output": None,
        "tasks_executed": 0,
        "tokens_used": 0,
        "cost": 0,
        "created_by": alice.user.pk,
        "created_at": run["created_at"],
        "updated_at": run["updated_at"],
    }
    assert Ticket.objects.count() == 0
    (task,) = will.get(TASKS, {"status": "OPEN"}).json()["results"]
    assert (task["ticket"], task["execution"]) == (None, run["id"])
    answer = will.post(f"{TASKS}{task['id']}/complete/", {"output": {"priority": 0}})
    assert (answer.status_code, answer.json()["ticket"]) == (200, None)
    ended = alice.get(f"{EXECUTIONS}{run['id']}/").json()
    assert (ended["status"], ended["output"], ended["tasks_executed"]) == (
        "COMPLETED",
        {"topic": "x", "priority": 0},
        1,
    )
    assert ended["duration_ms"] >= 0
    assert ended["completed_at"] > ended["started_at"]
    assert [(entry.event, entry.subject) for entry in History.objects.filter(subject_type="execution")] == [
        ("task.completed", f"execution {run['id']}"),
        ("execution.opened", f"execution {run['id']}"),
    ]
    logs = alice.get(f"{EXECUTIONS}{run['id']}/logs/").json()["results"]
    assert [(log["task"], log["status"], log["error"]) for log in logs] == [
        (None, "IN_PROGRESS", None),
        ("triage", "COMPLETED", None),
    ]


def test_who_sees_which(execute, ask, alice, tom, api, will, uma):
    other = api(("workflow_creator", "user"))
    mine, theirs = execute(alice, input={}).json()["id"], execute(tom, input={}).json()["id"]
    of_ticket = WorkflowInstance.objects.get(ticket=ask(by=other)["id"]).pk
    assert (ids(alice), ids(tom)) == ([mine], [mine, theirs, of_ticket])
    # A requester who also creates workflows sees no more of their ticket than any requester.
    assert ids(other) == []
    for pk in (theirs, of_ticket, 999_999):
        for path in ("", "logs/"):
            answer = alice.get(f"{EXECUTIONS}{pk}/{path}")
            assert (answer.status_code, errors(answer)) == (404, [(None, "not_found")])
    for person in (will, uma, api("admin")):
        assert person.get(EXECUTIONS).status_code == execute(person, input={}).status_code == 403
    assert WorkflowInstance.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"input": {"topic": 5}}, [("input.topic", "type")]),
        ({"input": {"colour": "red"}}, [("input.colour", "unknown_field")]),
        ({"input": []}, [("input", "wrong_type")]),
        ({"input": None}, [("input", "wrong_type")]),
        ({"input": {}, "conversation": 5}, [("conversation", "wrong_type")]),
        ({"input": {"topic": 1}, "conversation": "x" * 201}, [("conversation", "too_long"), ("input.topic", "type")]),
    ],
)
def test_input_that_is_wrong(execute, alice, body, found):
    response = execute(alice, **body)
    assert (response.status_code, errors(response)) == (400, found)
    assert WorkflowInstance.objects.count() == 0


def test_what_can_not_be_executed(desk, execute, alice):
    assert execute(alice, workflow=999_999, input={}).status_code == 404
    draft = alice.post(UPLOAD, flow("draft", ["a"], [])).json()["workflow"]["id"]
    assert refused(execute(alice, workflow=draft, input={})) == (409, "not_active")
    assert alice.post(f"{WORKFLOWS}{desk}/archive/").status_code == 200
    assert refused(execute(alice, input={})) == (409, "not_active")
    assert WorkflowInstance.objects.count() == 0


def test_one_open_run_for_a_conversation(execute, alice, tom):
    assert execute(alice, input={}, conversation="c").status_code == 201
    assert refused(execute(tom, input={}, conversation="c")) == (409, "conflict")
    assert execute(tom, input={}, conversation="d").status_code == 201
    assert ids(tom, conversation="c") == ids(alice)


def test_filters(execute, alice, tom, desk, publish):
    other = publish(flow("other", ["a"], []))
    first, second = execute(tom, input={}).json()["id"], execute(tom, workflow=other, input={}).json()["id"]
    assert ids(tom, workflow=other) == [second]
    assert ids(tom, status="IN_PROGRESS") == [first, second]
    assert ids(tom, status="ERROR") == []
    assert ids(tom, ordering="-started_at") == [second, first]
    for query in ({"status": "OPEN"}, {"workflow": "x"}, {"conversation": "x" * 201}, {"ordering": "cost"}):
        answer = tom.get(EXECUTIONS, query)
        assert (answer.status_code, errors(answer)[0][0]) == (400, next(iter(query)))


def test_as_many_statements_for_one_as_for_many(execute, tom, alice):
    execute(alice, input={})
    few = [len(statements(lambda person=person: ids(person))) for person in (tom, alice)]
    for _ in range(20):
        execute(alice, input={})
    assert few == [len(statements(lambda person=person: ids(person))) for person in (tom, alice)] == [2, 2]
