"""POST /api/tasks/{id}/complete/ and /api/tasks/bulk/."""

import pytest

from core.models import History
from users.models import CompanyRole
from workflow_ops.models import TaskInstance, WorkflowInstance
from workflow_ops.tests.documents import TASKS, TICKETS, errors, flow, form, refused

pytestmark = pytest.mark.usefixtures("desk")

BULK = f"{TASKS}bulk/"


@pytest.fixture
def ticket(ask):
    return ask()


@pytest.fixture
def triage(ticket):
    return ticket["open_tasks"][0]["id"]


def complete(person, task, output, **options):
    return person.post(f"{TASKS}{task}/complete/", {"output": output}, **options)


def test_what_it_led_to(ticket, triage, will, tom):
    response = complete(will, triage, {"priority": 2, "remark": "Old"})
    assert response.status_code == 200
    body = response.json()
    task, (opened,) = body["task"], body["opened_tasks"]
    assert (task["id"], task["status"], task["output"]) == (triage, "COMPLETED", {"priority": 2, "remark": "Old"})
    assert task["assignee"] == task["completed_by"] == will.user.pk
    assert task["completed_at"] == task["updated_at"]
    assert (opened["task_key"], opened["status"], opened["input"]) == (
        "answer",
        "OPEN",
        {"topic": "Printer", "remark": "Old"},
    )
    assert (body["ticket"]["id"], body["ticket"]["status"]) == (ticket["id"], "IN_PROGRESS")
    assert [row["id"] for row in body["ticket"]["open_tasks"]] == [opened["id"]]
    assert tom.get(f"{TASKS}{triage}/").json() == task
    run = WorkflowInstance.objects.get(ticket=ticket["id"])
    assert (run.tasks_executed, run.completed_at) == (1, None)
    assert run.data == {"urgent": False, "topic": "Printer", "origin": "web", "priority": 2, "remark": "Old"}


def test_the_end(ticket, triage, will):
    ended = complete(will, triage, {"priority": 0}).json()
    assert (ended["ticket"]["status"], ended["opened_tasks"], ended["ticket"]["open_tasks"]) == ("COMPLETED", [], [])
    run = WorkflowInstance.objects.get(ticket=ticket["id"])
    assert run.completed_at is not None
    assert run.marking["open"] == run.marking["tokens"] == {}


@pytest.mark.parametrize(
    ("output", "attrs"),
    [
        ({}, ["output.priority"]),
        ({"priority": "high"}, ["output.priority"]),
        ({"priority": 1.5}, ["output.priority"]),
        ({"priority": 1, "remark": None}, ["output.remark"]),
        # What the schema doesn't name.
        ({"priority": 1, "topic": "Other"}, ["output.topic"]),
        ({"priority": "x", "remark": 5}, ["output.priority", "output.remark"]),
        (None, ["output"]),
        ([], ["output"]),
        ("x", ["output"]),
    ],
)
def test_output_that_the_form_does_not_take(ticket, triage, will, output, attrs):
    before = TaskInstance.objects.values().get(pk=triage), History.objects.count()
    response = complete(will, triage, output)
    assert (response.status_code, sorted(attr for attr, _ in errors(response))) == (400, attrs)
    assert (TaskInstance.objects.values().get(pk=triage), History.objects.count()) == before
    assert WorkflowInstance.objects.get(ticket=ticket["id"]).data == ticket["data"]


def test_paths_lead_into_the_output(publish, uma, will):
    lines = {"type": "array", "items": form(["price"], price={"type": "number"})}
    publish(flow("order", [("list", {"output_schema": form(["lines"], lines=lines)})], []))
    ticket = uma.post(TICKETS, {"ticket_definition": "order", "data": {}}).json()
    response = complete(will, ticket["open_tasks"][0]["id"], {"lines": [{"price": 1}, {"price": "2"}, {}]})
    assert sorted(attr for attr, _ in errors(response)) == ["output.lines.1.price", "output.lines.2.price"]


def test_once(triage, will, tom):
    assert complete(will, triage, {"priority": 1}).status_code == 200
    rows = list(TaskInstance.objects.values()), History.objects.count()
    for person in (will, tom):
        assert refused(complete(person, triage, {"priority": 0})) == (409, "task_closed")
        assert refused(complete(person, triage, {"nonsense": 0})) == (409, "task_closed")
    assert (list(TaskInstance.objects.values()), History.objects.count()) == rows


def test_a_ticket_admin_completes_for_others(triage, will, tom):
    will.post(f"{TASKS}{triage}/claim/")
    task = complete(tom, triage, {"priority": 0}).json()["task"]
    assert (task["assignee"], task["completed_by"]) == (will.user.pk, tom.user.pk)


def test_an_absent_optional_output_leaves_the_old_value(publish, uma, will, tom):
    again = {"output_schema": form([], note={"type": "string"})}
    publish(flow("notes", [("a", again), ("b", again)], [(None, "a"), ("a", "b"), ("b", None)]))
    ticket = uma.post(TICKETS, {"ticket_definition": "notes", "data": {}}).json()
    after = complete(will, ticket["open_tasks"][0]["id"], {"note": "first"}).json()
    complete(will, after["opened_tasks"][0]["id"], {})
    assert tom.get(f"{TICKETS}{ticket['id']}/").json()["data"] == {"note": "first"}


def test_other_tasks_stay_open(publish, uma, will):
    publish(flow("two", ["a", "b"], [(None, "a"), (None, "b"), ("a", None), ("b", None)]))
    ticket = uma.post(TICKETS, {"ticket_definition": "two", "data": {}}).json()
    first, second = (task["id"] for task in ticket["open_tasks"])
    answer = complete(will, second, {}).json()
    assert (answer["ticket"]["status"], [task["id"] for task in answer["ticket"]["open_tasks"]]) == (
        "IN_PROGRESS",
        [first],
    )
    assert complete(will, first, {}).json()["ticket"]["status"] == "COMPLETED"


# --- bulk ---


def bulk(person, **body):
    return person.post(BULK, body)


def results(response):
    assert response.status_code == 200, response.content
    return [(row["task"], row["status"]) for row in response.json()["results"]]


def test_bulk_does_each_on_its_own(ask, will, tom):
    first, second = (ask()["open_tasks"][0]["id"] for _ in range(2))
    assert results(bulk(will, action="claim", tasks=[first, 999_999, second, first])) == [
        (first, 200),
        (999_999, 404),
        (second, 200),
        (first, 409),
    ]
    assert results(bulk(will, action="release", tasks=[second])) == [(second, 200)]
    assert results(bulk(tom, action="assign", tasks=[first, second], user=will.user.pk)) == [
        (first, 200),
        (second, 200),
    ]
    assert results(bulk(will, action="save", tasks=[first], output={"priority": "?"})) == [(first, 200)]
    response = bulk(will, action="complete", tasks=[first, second], output={"priority": "?"})
    assert results(response) == [(first, 400), (second, 400)]
    assert [row["errors"][0]["attr"] for row in response.json()["results"]] == ["output.priority"] * 2
    assert results(bulk(will, action="complete", tasks=[second, first], output={"priority": 0})) == [
        (second, 200),
        (first, 200),
    ]
    assert set(WorkflowInstance.objects.values_list("status", flat=True)) == {"COMPLETED"}


def test_bulk_gives_nobody_more_than_the_single_call(ask, done, will, uma, api):
    CompanyRole.objects.create(name="first level")
    task = done(ask(), "triage", priority=1)["opened_tasks"][0]["id"]
    people = (will, uma, api(()))
    before = TaskInstance.objects.values().get(pk=task), History.objects.count()
    for person in people:
        for body in (
            {"action": "claim"},
            {"action": "assign", "user": person.user.pk},
            {"action": "save", "output": {}},
        ):
            assert results(bulk(person, tasks=[task], **body)) == [(task, 403)]
    assert (TaskInstance.objects.values().get(pk=task), History.objects.count()) == before


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"action": "claim"}, [("tasks", "wrong_type")]),
        ({"action": "claim", "tasks": 5}, [("tasks", "wrong_type")]),
        ({"action": "claim", "tasks": ["5"]}, [("tasks", "wrong_type")]),
        ({"action": "claim", "tasks": [True]}, [("tasks", "wrong_type")]),
        ({"action": "claim", "tasks": [2**63]}, [("tasks", "wrong_type")]),
        ({"action": "claim", "tasks": [1] * 101}, [("tasks", "too_many")]),
        ({"action": "delete", "tasks": [1]}, [("action", "not_an_option")]),
        ({"action": ["claim"], "tasks": [1]}, [("action", "not_an_option")]),
        ({"action": "assign", "tasks": [1]}, [("user", "required")]),
        ({"action": "assign", "tasks": [], "user": "5"}, [("user", "wrong_type")]),
        ({"action": "claim", "tasks": [], "user": True}, [("user", "wrong_type")]),
        ({"action": "claim", "tasks": [], "output": [None]}, [("output", "wrong_type")]),
        ({"action": "complete", "tasks": [1], "output": None}, [("output", "wrong_type")]),
        ({}, [("action", "not_an_option")]),
    ],
)
def test_bulk_bodies_that_are_wrong(triage, will, body, found):
    response = will.post(BULK, body)
    assert (response.status_code, errors(response)) == (400, found)
