"""Numbers of a workflow's runs, and what a publish would leave behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from workflow_design.tests.documents import UPLOAD
from workflow_ops.models import TaskInstance, WorkflowInstance
from workflow_ops.tests.documents import EXECUTIONS, TASKS, TICKETS, flow

NO_TIMES = {"p50_ms": None, "p90_ms": None}
ZERO = {"NOT_STARTED": 0, "IN_PROGRESS": 0, "ON_HOLD": 0, "COMPLETED": 0, "CANCELLED": 0, "ERROR": 0}
EVEN, ODD, NEITHER = {"amount": 500}, {"amount": 5}, {"amount": 0.5}
# An even amount goes to `pay`, an odd one to `ship`; with any other `check` stops.
DOCUMENT = flow(
    "order",
    [
        ("check", {"output_schema": {"type": "object", "properties": {"amount": {"type": "number"}}}}),
        "pay",
        ("ship", {"due_in_seconds": 3600}),
    ],
    [
        (None, "check"),
        ("check", "pay", {"condition": {"===": [{"%": [{"var": "amount"}, 2]}, 0]}}),
        ("check", "ship", {"condition": {"===": [{"%": [{"var": "amount"}, 2]}, 1]}}),
        ("pay", "ship"),
        ("ship", None),
    ],
)


@pytest.fixture
def workflow(api, acme_db):
    """The id of a published workflow."""
    return publish(api, DOCUMENT)


def publish(api, document, **query):
    query = {"publish": "true", "accept_unproved": "true", **query}
    made = api("workflow_creator").call("POST", UPLOAD, document, query=query)
    assert made.status_code in (200, 201), made.content
    return made.json()["workflow"]["id"]


@pytest.fixture
def open_ticket(api):
    def opened(*outputs):
        """A ticket after so many tasks have been completed with these outputs."""
        tom = api("ticket_admin")
        ticket = tom.post(TICKETS, {"ticket_definition": "order", "data": {}}).json()
        for output in outputs:
            done = tom.post(f"{TASKS}{ticket['open_tasks'][0]['id']}/complete/", {"output": output})
            assert done.status_code == 200
            ticket = done.json()["ticket"]
        return ticket

    return opened


def numbers(api, workflow, role="workflow_creator"):
    answer = api(role).get(f"/api/workflow/workflows/{workflow}/stats/")
    assert answer.status_code == 200
    return answer.json()


def impact(api, workflow):
    answer = api("workflow_creator").get(f"/api/workflow/workflows/{workflow}/publish-impact/")
    assert answer.status_code == 200
    return answer.json()


def test_nothing_has_run(api, workflow):
    assert numbers(api, workflow) == {
        "company": "acme",
        "workflow": workflow,
        "tickets": ZERO,
        "executions": ZERO,
        "durations": {"completed": 0, **NO_TIMES},
        "error_rate": None,
        "tasks": [],
    }
    assert impact(api, workflow) == {
        "company": "acme",
        "workflow": workflow,
        "version": 1,
        "published_version": 1,
        "has_changes": False,
        "open_runs": 0,
        "versions": [],
        "removed_tasks": [],
    }


def test_numbers_of_runs_and_tasks(api, workflow, open_ticket):
    tom = api("ticket_admin")
    for minutes in (1, 2, 3, 10):
        ticket = open_ticket(ODD, {})
        assert ticket["status"] == "COMPLETED"
        took(ticket, minutes)
    open_ticket(EVEN)
    late = open_ticket(ODD)
    TaskInstance.objects.filter(pk=late["open_tasks"][0]["id"]).update(due_at=timezone.now() - timedelta(hours=1))
    held = open_ticket()
    assert tom.post(f"{TICKETS}{held['id']}/hold/").status_code == 200
    assert tom.post(f"{TICKETS}{open_ticket()['id']}/cancel/").status_code == 200
    assert open_ticket(NEITHER)["status"] == "ERROR"
    assert tom.post(f"/api/workflow/workflows/{workflow}/execute/", {"input": {}}).status_code == 201

    found = numbers(api, workflow)
    assert found["tickets"] == {**ZERO, "COMPLETED": 4, "IN_PROGRESS": 2, "ON_HOLD": 1, "CANCELLED": 1, "ERROR": 1}
    assert found["executions"] == {**ZERO, "IN_PROGRESS": 1}
    assert found["durations"] == {"completed": 4, "p50_ms": 150_000, "p90_ms": 474_000}
    assert found["error_rate"] == 0.1
    tasks = {row["key"]: row for row in found["tasks"]}
    assert list(tasks) == ["check", "pay", "ship"]
    counts = ("title", "open", "overdue", "stopped", "completed")
    assert {key: tuple(row[name] for name in counts) for key, row in tasks.items()} == {
        "check": ("Check", 2, 0, 1, 6),
        "pay": ("Pay", 1, 0, 0, 0),
        "ship": ("Ship", 1, 1, 0, 4),
    }
    assert (tasks["ship"]["p50_ms"], tasks["ship"]["p90_ms"]) == (75_000, 237_000)
    assert {name: tasks["pay"][name] for name in NO_TIMES} == NO_TIMES
    assert len(tom.get(EXECUTIONS).json()["results"]) == 10


def took(ticket, minutes):
    """As if the run had taken so long, and its last task half of it."""
    end, whole = timezone.now(), timedelta(minutes=minutes)
    run = WorkflowInstance.objects.filter(ticket=ticket["id"])
    run.update(started_at=end - whole, completed_at=end)
    last = TaskInstance.objects.filter(instance__ticket=ticket["id"]).latest("id")
    TaskInstance.objects.filter(pk=last.pk).update(created_at=end - whole / 2, completed_at=end)


def test_another_workflows_runs_do_not_count(api, workflow, open_ticket):
    open_ticket(ODD, {})
    other = publish(api, flow("other", ["check"], []))
    assert (numbers(api, other)["tickets"], numbers(api, other)["tasks"]) == (ZERO, [])
    assert impact(api, other)["open_runs"] == 0


def test_what_a_publish_leaves_behind(api, workflow, open_ticket):
    open_ticket()
    open_ticket(EVEN)
    assert open_ticket(NEITHER)["status"] == "ERROR"
    open_ticket(ODD, {})
    creator = api("workflow_creator")
    without_pay = {
        **DOCUMENT,
        "tasks": [task for task in DOCUMENT["tasks"] if task["key"] != "pay"],
        "transitions": [{"from": None, "to": "check"}, {"from": "check", "to": "ship"}, {"from": "ship", "to": None}],
    }
    assert creator.call("POST", UPLOAD, without_pay, query={"prune": "true"}).status_code == 200
    first = {
        "version": 1,
        "open_runs": 3,
        "tasks": [
            {"key": "check", "title": "Check", "open_tasks": 2, "open_runs": 2, "in_working_copy": True},
            {"key": "pay", "title": "Pay", "open_tasks": 1, "open_runs": 1, "in_working_copy": False},
        ],
    }
    before = impact(api, workflow)
    assert before == {
        "company": "acme",
        "workflow": workflow,
        "version": 2,
        "published_version": 1,
        "has_changes": True,
        "open_runs": 3,
        "versions": [first],
        "removed_tasks": ["pay"],
    }
    publish(api, without_pay)
    open_ticket({})
    after = impact(api, workflow)
    assert (after["version"], after["published_version"], after["has_changes"]) == (2, 2, False)
    assert after["versions"] == [
        {
            "version": 2,
            "open_runs": 1,
            "tasks": [{"key": "ship", "title": "Ship", "open_tasks": 1, "open_runs": 1, "in_working_copy": True}],
        },
        first,
    ]
    # A task keeps the title that it had last, and its numbers from before.
    tasks = {row["key"]: (row["open"], row["stopped"]) for row in numbers(api, workflow)["tasks"]}
    assert tasks == {"check": (1, 1), "ship": (1, 0), "pay": (1, 0)}


def test_a_draft(api, acme_db):
    made = api("workflow_creator").post(UPLOAD, flow("draft", ["check"], [])).json()["workflow"]["id"]
    found = impact(api, made)
    assert (found["version"], found["published_version"], found["has_changes"]) == (1, None, True)


def test_statements_do_not_grow_with_what_has_run(api, workflow, open_ticket):
    counts = []
    for more in (0, 3):
        for _ in range(more):
            open_ticket(ODD, {})
            open_ticket()
        for path in ("stats", "publish-impact"):
            with CaptureQueriesContext(connection) as captured:
                api("workflow_creator").get(f"/api/workflow/workflows/{workflow}/{path}/")
            counts.append(len(captured))
    assert counts[:2] == counts[2:]


def test_who_may_see_them(api, workflow):
    for name in ("stats", "publish-impact"):
        path = f"/api/workflow/workflows/{workflow}/{name}/"
        assert [api(role).get(path).status_code for role in ("ticket_admin", "admin", "user", "task_worker", None)] == [
            *(200, 200, 403, 403, 401)
        ]
        assert api("workflow_creator").get(f"/api/workflow/workflows/999999/{name}/").status_code == 404
