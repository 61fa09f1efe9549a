"""POST /api/tickets/{id}/cancel/, hold/ and resume/."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import History
from workflow_ops.models import Incident, TaskInstance, WorkflowInstance
from workflow_ops.tests.documents import TASKS, TICKETS, refused


@pytest.fixture
def ticket(ask):
    return ask()


def act(person, ticket, name):
    return person.post(f"{TICKETS}{ticket['id']}/{name}/")


def events(ticket):
    entries = History.objects.filter(subject_type="ticket", subject_id=ticket["id"]).order_by("id")
    return [(entry.event, entry.actor.partition("@")[0]) for entry in entries]


def test_cancel(ticket, uma, will):
    task = ticket["open_tasks"][0]["id"]
    will.post(f"{TASKS}{task}/claim/")
    answer = act(uma, ticket, "cancel")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["open_tasks"]) == ("CANCELLED", [])
    row = WorkflowInstance.objects.get(ticket=ticket["id"])
    assert row.marking == {"tokens": {}, "open": {}, "stopped": {}, "next": 2, "status": "CANCELLED"}
    assert row.completed_at is not None
    assert will.get(f"{TASKS}{task}/").json()["status"] == "CANCELLED"
    assert events(ticket) == [("ticket.opened", "uma"), ("task.claimed", "will"), ("ticket.cancelled", "uma")]
    for name in ("claim", "release"):
        assert will.post(f"{TASKS}{task}/{name}/").status_code == 409
    assert refused(act(uma, ticket, "cancel")) == (409, "run_closed")


def test_a_late_result_is_refused_and_remembered(ticket, uma, will, api):
    task = ticket["open_tasks"][0]["id"]
    act(uma, ticket, "cancel")
    before = TaskInstance.objects.values().get(pk=task)
    complete = f"{TASKS}{task}/complete/"
    for body, headers in (
        ({"output": {"priority": 1}}, {}),
        ({"output": {"priority": 1}}, {"Idempotency-Key": "k"}),
        # Whatever it is, it comes too late.
        ({"output": {"nonsense": 1}}, {}),
    ):
        assert refused(will.post(complete, body, headers=headers)) == (409, "task_cancelled")
    bulk = {"action": "complete", "tasks": [task], "output": {"priority": 1}}
    assert will.post("/api/tasks/bulk/", bulk).json()["results"][0]["status"] == 409
    assert TaskInstance.objects.values().get(pk=task) == before
    assert events(ticket)[2:] == [("task.late", "will")] * 4
    late = History.objects.filter(event="task.late").last()
    assert late.detail == {"task": "triage", "id": task, "task_status": "CANCELLED"}
    # Whose result it could never have been leaves no trace.
    assert uma.post(complete, {"output": {}}).status_code == 403
    assert len(events(ticket)) == 6
    assert WorkflowInstance.objects.get(ticket=ticket["id"]).data == ticket["data"]


def test_who_may_cancel(ticket, will, tom, alice):
    will.post(f"{TASKS}{ticket['open_tasks'][0]['id']}/claim/")
    # A worker sees the ticket; the creator doesn't.
    assert act(will, ticket, "cancel").status_code == 403
    assert act(alice, ticket, "cancel").status_code == 404
    assert len(events(ticket)) == 2
    assert act(tom, ticket, "cancel").json()["status"] == "CANCELLED"


def test_what_is_completed_can_not_be_cancelled(ticket, uma, done, tom):
    done(ticket, "triage", priority=0)
    assert refused(act(uma, ticket, "cancel")) == (409, "run_closed")
    assert refused(act(tom, ticket, "hold")) == (409, "closed")
    assert refused(act(tom, ticket, "resume")) == (409, "not_on_hold")
    assert tom.get(f"{TICKETS}{ticket['id']}/").json()["status"] == "COMPLETED"


def test_on_hold_nothing_is_done(ticket, uma, will, tom):
    task = f"{TASKS}{ticket['open_tasks'][0]['id']}/"
    will.post(f"{task}claim/")
    for person in (uma, will):
        assert act(person, ticket, "hold").status_code == 403
    answer = act(tom, ticket, "hold")
    assert (answer.status_code, answer.json()["status"]) == (200, "ON_HOLD")
    assert refused(act(tom, ticket, "hold")) == (409, "on_hold")
    before = TaskInstance.objects.values().get(instance__ticket=ticket["id"])
    for name, body in (("complete", {"output": {"priority": 1}}), ("save", {"output": {}}), ("release", None)):
        for person in (will, tom):
            assert refused(person.post(f"{task}{name}/", body)) == (409, "on_hold"), name
    assert refused(tom.post(f"{task}assign/", {"user": None})) == (409, "on_hold")
    assert TaskInstance.objects.values().get(instance__ticket=ticket["id"]) == before
    for person in (uma, will):
        assert act(person, ticket, "resume").status_code == 403
    assert act(tom, ticket, "resume").json()["status"] == "IN_PROGRESS"
    assert will.post(f"{task}complete/", {"output": {"priority": 0}}).json()["ticket"]["status"] == "COMPLETED"
    assert [event for event, _ in events(ticket)][2:] == ["ticket.held", "ticket.resumed", "task.completed"]


def test_clocks_stand_still_on_hold(ticket, done, tom):
    task = done(ticket, "triage", priority=1)["opened_tasks"][0]["id"]
    due = TaskInstance.objects.get(pk=task).due_at
    act(tom, ticket, "hold")
    # It was put on hold two hours ago, an hour before the task was due.
    run = WorkflowInstance.objects.filter(ticket=ticket["id"])
    run.update(held_at=timezone.now() - timedelta(hours=2))
    TaskInstance.objects.filter(pk=task).update(due_at=due - timedelta(hours=2))
    assert tom.get(TASKS, {"overdue": "true"}).json()["count"] == 0
    act(tom, ticket, "resume")
    moved = TaskInstance.objects.get(pk=task).due_at
    assert abs(moved - due) < timedelta(seconds=10)
    assert run.get().held_at is None
    # What is done keeps the time that it was due at.
    assert TaskInstance.objects.get(instance__ticket=ticket["id"], number=1).due_at is None


def test_cancel_ends_what_is_on_hold_or_stopped(ticket, uma, tom):
    act(tom, ticket, "hold")
    assert act(uma, ticket, "cancel").json()["status"] == "CANCELLED"
    assert WorkflowInstance.objects.get(ticket=ticket["id"]).held_at is None
    assert Incident.objects.count() == 0
