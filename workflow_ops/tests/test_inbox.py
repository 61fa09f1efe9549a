"""GET /api/tasks/ and /api/tasks/{id}/: whose inbox holds what, and its filters."""

from datetime import timedelta

import pytest
from django.utils import timezone

from users.models import CompanyRole
from workflow_ops.models import TaskInstance
from workflow_ops.tests.documents import DESK, TASKS, TICKETS, errors, flow, statements

pytestmark = pytest.mark.usefixtures("desk")


def inbox(person, **query):
    return [row["id"] for row in person.get(TASKS, query).json()["results"]]


@pytest.fixture
def level(will):
    """Will is of the first level."""
    role = CompanyRole.objects.create(name="first level")
    will.user.company_roles.add(role)
    return role


@pytest.fixture
def answering(ask, done, level):
    """The id of an open task to answer."""
    return done(ask(), "triage", priority=1)["opened_tasks"][0]["id"]


def test_a_row(answering, will, uma, desk):
    row = will.get(f"{TASKS}{answering}/").json()
    task = TaskInstance.objects.get(pk=answering)
    assert row == {
        "id": answering,
        "company": "acme",
        "task_key": "answer",
        "title": "Answer",
        "ticket": task.instance.ticket.pk,
        "execution": task.instance_id,
        "workflow": desk,
        "status": "OPEN",
        "assignee": None,
        "assignee_roles": ["first level"],
        "due_at": row["due_at"],
        "input": {"topic": "Printer"},
        "output": None,
        "form": DESK["tasks"][1]["output_schema"],
        "edit_layout": "",
        "display_layout": "",
        "completed_by": None,
        "completed_at": None,
        "created_by": uma.user.pk,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
    assert task.due_at - task.created_at == timedelta(hours=1)
    assert will.get(TASKS, {"status": "OPEN"}).json()["results"] == [row]


def test_candidates_by_company_role(answering, will, api, level, uma, alice, tom):
    other = api(("task_worker", "user"))
    assert answering in inbox(will)
    assert [inbox(person) for person in (other, uma, alice, api("admin"))] == [[], [], [], []]
    assert answering in inbox(tom)
    assert other.get(f"{TASKS}{answering}/").status_code == 404
    # A company role alone makes no worker.
    uma.user.company_roles.add(level)
    assert inbox(uma) == []
    other.user.company_roles.add(level)
    assert inbox(other) == [answering]
    other.user.company_roles.remove(level)
    assert inbox(other) == []


def test_everyone_and_no_roles_are_every_worker(publish, uma, will, tom):
    publish(flow("two", [("a", {"assignee_roles": ["everyone"]}), "b"], [(None, "a"), (None, "b")]))
    opened = uma.post(TICKETS, {"ticket_definition": "two", "data": {}}).json()["open_tasks"]
    assert inbox(will) == inbox(tom) == [task["id"] for task in opened]
    assert inbox(uma) == []


def test_what_somebody_has_is_out_of_the_others_inboxes(answering, will, api, level):
    other = api(("task_worker", "user"))
    other.user.company_roles.add(level)
    assert answering in inbox(other)
    will.post(f"{TASKS}{answering}/claim/")
    assert inbox(other) == []
    assert inbox(will, mine="true", status="IN_PROGRESS") == [answering]
    # It stays with who has it when they lose the role.
    will.user.company_roles.remove(level)
    assert answering in inbox(will)


def test_filters(answering, will, uma, tom, desk, publish):
    publish(flow("other", ["a"], []))
    ticket = uma.post(TICKETS, {"ticket_definition": "other", "data": {}}).json()
    task = ticket["open_tasks"][0]["id"]
    triage = TaskInstance.objects.get(task__key="triage").pk
    assert inbox(tom) == inbox(will) == [triage, answering, task]
    assert inbox(tom, status="COMPLETED") == inbox(tom, task_key="triage") == [triage]
    assert inbox(tom, status="OPEN") == [answering, task]
    assert inbox(tom, workflow=desk) == [triage, answering]
    assert inbox(tom, ticket=ticket["id"]) == [task]
    will.post(f"{TASKS}{task}/claim/")
    # Completing an open task claims it.
    assert inbox(will, mine="true") == inbox(tom, assignee=will.user.pk) == [triage, task]
    assert inbox(will, mine="false") == [answering]
    assert inbox(tom, mine="true") == []
    assert inbox(tom, task_key="a", status="IN_PROGRESS", workflow=desk) == []
    assert inbox(tom, ordering="-due_at,-id")[-1] == answering


def test_overdue(answering, will, tom):
    assert inbox(tom, overdue="true") == []
    TaskInstance.objects.filter(pk=answering).update(due_at=timezone.now() - timedelta(seconds=1))
    triage = TaskInstance.objects.get(task__key="triage").pk
    assert inbox(tom, overdue="true") == inbox(will, overdue="true") == [answering]
    assert inbox(tom, overdue="false") == [triage]
    assert will.post(f"{TASKS}{answering}/complete/", {"output": {"reply": "On"}}).status_code == 200
    assert inbox(tom, overdue="true") == []


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"status": "DONE"}, "status"),
        ({"mine": "yes"}, "mine"),
        ({"overdue": "1"}, "overdue"),
        ({"assignee": "me"}, "assignee"),
        ({"workflow": "1e3"}, "workflow"),
        ({"ticket": 2**63}, "ticket"),
        ({"task_key": "x" * 65}, "task_key"),
        ({"ordering": "input"}, "ordering"),
        ({"search": "x"}, "search"),
    ],
)
def test_filters_of_the_wrong_type(answering, tom, query, attr):
    answer = tom.get(TASKS, query)
    assert (answer.status_code, [found for found, _ in errors(answer)]) == (400, [attr])


def test_as_many_statements_for_one_as_for_many(answering, ask, done, will, tom):
    few = [len(statements(lambda person=person: inbox(person))) for person in (will, tom)]
    for _ in range(20):
        done(ask(), "triage", priority=1)
    assert few == [len(statements(lambda person=person: inbox(person))) for person in (will, tom)] == [3, 2]
    assert len(statements(lambda: will.get(f"{TASKS}{answering}/"))) == 3
