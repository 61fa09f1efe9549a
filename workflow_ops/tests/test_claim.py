"""POST /api/tasks/{id}/claim/, release/, assign/ and save/."""

import pytest

from core.models import History
from users.models import CompanyRole
from workflow_ops.models import TaskInstance
from workflow_ops.tests.documents import TASKS, errors, refused


@pytest.fixture
def level(will):
    role = CompanyRole.objects.create(name="first level")
    will.user.company_roles.add(role)
    return role


@pytest.fixture
def task(ask, done, level):
    """The id of an open task that those of the first level may do."""
    return done(ask(), "triage", priority=1)["opened_tasks"][0]["id"]


@pytest.fixture
def wilma(api, level):
    """Another of the first level."""
    caller = api(("task_worker", "user"))
    caller.user.company_roles.add(level)
    return caller


@pytest.fixture
def stranger(api):
    """A worker who has not that role."""
    return api(("task_worker", "admin"))


def act(person, task, name, body=None):
    return person.post(f"{TASKS}{task}/{name}/", body)


def holder(task):
    row = TaskInstance.objects.get(pk=task)
    return row.status, row.assignee_id


def told(task):
    entries = [entry for entry in History.objects.order_by("id") if entry.detail.get("id") == task]
    return [(entry.event, entry.actor.partition("@")[0], entry.detail["task_status"]) for entry in entries]


def test_claim_and_release(task, will):
    answer = act(will, task, "claim")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["assignee"]) == ("IN_PROGRESS", will.user.pk)
    assert refused(act(will, task, "claim")) == (409, "claimed")
    answer = act(will, task, "release")
    assert (answer.json()["status"], answer.json()["assignee"]) == ("OPEN", None)
    assert refused(act(will, task, "release")) == (409, "not_claimed")
    assert told(task) == [("task.claimed", "will", "IN_PROGRESS"), ("task.released", "will", "OPEN")]


def test_what_somebody_has_is_theirs(task, will, wilma, tom):
    act(will, task, "claim")
    assert refused(act(wilma, task, "claim")) == (409, "claimed")
    for name, body in (
        ("release", None),
        ("save", {"output": {}}),
        ("complete", {"output": {"reply": "x"}}),
        ("assign", {"user": None}),
    ):
        assert refused(act(wilma, task, name, body)) == (403, "not_yours"), name
    assert holder(task) == ("IN_PROGRESS", will.user.pk)
    assert len(told(task)) == 1
    # Ticket admins repair what others have.
    assert act(tom, task, "release").status_code == 200
    assert holder(task) == ("OPEN", None)


def test_who_is_no_candidate(task, stranger, uma, alice, api):
    for person in (stranger, uma, alice, api("admin"), api(())):
        for name, body in (
            ("claim", None),
            ("release", None),
            ("assign", {"user": person.user.pk}),
            ("save", {"output": {}}),
            ("complete", {"output": {"reply": "x"}}),
        ):
            assert refused(act(person, task, name, body)) == (403, "not_a_candidate"), name
    assert holder(task) == ("OPEN", None)
    assert told(task) == []
    assert act(stranger, 999_999, "claim").status_code == 404


def test_a_role_that_is_taken_back_counts_from_the_next_call_on(task, will, level):
    will.user.company_roles.remove(level)
    assert refused(act(will, task, "claim")) == (403, "not_a_candidate")
    will.user.company_roles.add(level)
    will.user.system_roles = ["user"]
    will.user.save()
    assert refused(act(will, task, "claim")) == (403, "not_a_candidate")
    assert holder(task) == ("OPEN", None)
    will.user.system_roles = ["task_worker"]
    will.user.save()
    assert act(will, task, "claim").status_code == 200


def test_assign(task, will, wilma, tom, stranger, level):
    answer = act(tom, task, "assign", {"user": wilma.user.pk})
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["assignee"]) == ("IN_PROGRESS", wilma.user.pk)
    # Whoever has it may pass it on.
    assert act(wilma, task, "assign", {"user": will.user.pk}).json()["assignee"] == will.user.pk
    assert act(will, task, "assign", {"user": None}).json()["status"] == "OPEN"
    entry = History.objects.filter(event="task.assigned").last()
    assert entry.detail == {
        "task": "answer",
        "id": task,
        "task_status": "IN_PROGRESS",
        "user": wilma.user.pk,
    }
    wilma.user.is_active = False
    wilma.user.save()
    for user in (stranger.user.pk, wilma.user.pk, tom.user.pk, 999_999, "will", True, 1.5, [], -1, 10**30):
        answer = act(tom, task, "assign", {"user": user})
        assert (answer.status_code, errors(answer)) == (400, [("user", "not_a_candidate")]), user
    assert errors(act(tom, task, "assign", {})) == [("user", "required")]
    assert holder(task) == ("OPEN", None)


def test_a_draft_is_kept_and_not_checked(task, will, tom):
    before = told(task)
    answer = act(will, task, "save", {"output": {"reply": 5, "other": [1]}})
    assert (answer.status_code, answer.json()["output"]) == (200, {"reply": 5, "other": [1]})
    # It claims nothing and is no event.
    assert (holder(task), told(task)) == (("OPEN", None), before)
    for output in (None, [], "x", 5):
        assert errors(act(will, task, "save", {"output": output})) == [("output", "wrong_type")]
    assert errors(act(will, task, "save", {})) == [("output", "wrong_type")]
    assert act(will, task, "complete", {"output": {"reply": "On"}}).json()["task"]["output"] == {"reply": "On"}
    assert refused(act(will, task, "save", {"output": {}})) == (409, "task_closed")


def test_what_is_done_can_not_be_taken(task, will, tom):
    act(will, task, "complete", {"output": {"reply": "On"}})
    row = TaskInstance.objects.values().get(pk=task)
    for person, name, body in (
        (will, "claim", None),
        (will, "release", None),
        (tom, "assign", {"user": will.user.pk}),
        (tom, "claim", None),
    ):
        assert refused(act(person, task, name, body)) == (409, "task_closed")
    assert TaskInstance.objects.values().get(pk=task) == row
