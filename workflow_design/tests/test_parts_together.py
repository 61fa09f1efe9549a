"""Tasks and transitions below their workflow: their order, and what they say of one another."""

import pytest

from workflow_design.kernel.tests.each import each
from workflow_design.tests.documents import TASKS, TRANSITIONS, WORKFLOWS, errors

pytestmark = pytest.mark.usefixtures("files_workflow", "tasks")


@pytest.fixture(scope="module")
def tasks(cast, files_workflow):
    """Three tasks of the workflow."""
    return [
        cast["workflow_creator"]
        .post(f"{WORKFLOWS}{files_workflow['id']}/tasks/", {"title": title, "task_type": "FORM"})
        .json()
        for title in ("Ask", "Decide", "Tell")
    ]


def test_tasks_come_last_unless_they_say_where(alice, workflow, tasks):
    assert [task["order"] for task in tasks] == [0, 1, 2]
    rows = alice.get(f"{WORKFLOWS}{workflow['id']}/tasks/", {"ordering": "-order"}).json()["results"]
    assert [row["key"] for row in rows] == ["tell", "decide", "ask"]


def test_task_order(alice, workflow, tasks):
    address = f"{WORKFLOWS}{workflow['id']}/task-order/"
    ids = [task["id"] for task in reversed(tasks)]
    response = alice.put(address, {"tasks": ids})
    assert (response.status_code, response.json()) == (200, {"tasks": ids})
    rows = alice.get(f"{WORKFLOWS}{workflow['id']}/tasks/", {"ordering": "order"}).json()["results"]
    assert [row["id"] for row in rows] == ids


@each("which", ["missing", "twice", "foreign", "text"])
def test_task_order_names_every_task_once(alice, workflow, tasks, which):
    ids = [task["id"] for task in tasks]
    wrong = {"missing": ids[:2], "twice": [*ids, ids[0]], "foreign": [*ids[:2], 999_999], "text": "abc"}[which]
    assert alice.put(f"{WORKFLOWS}{workflow['id']}/task-order/", {"tasks": wrong}).status_code == 400
    rows = alice.get(f"{WORKFLOWS}{workflow['id']}/tasks/", {"ordering": "order"}).json()["results"]
    assert [row["id"] for row in rows] == ids


def test_a_stale_task_is_not_written(alice, tasks):
    address = f"{TASKS}{tasks[0]['id']}/"
    first = alice.get(address).headers["ETag"]
    alice.patch(address, {"title": "Asked"})
    assert alice.patch(address, {"title": "B"}, headers={"if-match": first}).status_code == 412
    assert alice.delete(address, headers={"if-match": first}).status_code == 412
    assert alice.get(address).json()["title"] == "Asked"


def test_deleting_a_task_deletes_its_transitions(alice, workflow, tasks):
    body = {"workflow": workflow["id"], "from_task": tasks[0]["id"], "to_task": tasks[1]["id"]}
    link = alice.post(TRANSITIONS, body).json()
    assert alice.delete(f"{TASKS}{tasks[1]['id']}/").status_code == 204
    assert alice.get(f"{TRANSITIONS}{link['id']}/").status_code == 404


def test_a_transition_has_every_field_of_the_contract(alice, workflow, tasks):
    condition = {">": [{"var": "days"}, 5]}
    body = {"workflow": workflow["id"], "from_task": tasks[0]["id"], "to_task": tasks[1]["id"]}
    response = alice.post(TRANSITIONS, {**body, "condition": '{">": [{"var": "days"}, 5]}', "priority": 2})
    assert response.status_code == 201
    row = response.json()
    assert {name: row[name] for name in row if name not in ("id", "created_at", "updated_at")} == {
        **body,
        "company": "acme",
        "condition": condition,
        "priority": 2,
        "is_default": False,
        "on_event": "completed",
        "version": 1,
        "created_by": alice.user.pk,
    }
    assert alice.patch(f"{TRANSITIONS}{row['id']}/", {"condition": None, "is_default": True}).json()["is_default"]


def test_both_tasks_are_the_workflows_own(alice, workflow, tasks, api, globex):
    other = alice.post(WORKFLOWS, {"title": "Other"}).json()
    foreign = alice.post(TASKS, {"workflow": other["id"], "title": "Foreign", "task_type": "FORM"}).json()
    body = {"workflow": workflow["id"], "from_task": tasks[0]["id"], "to_task": foreign["id"]}
    response = alice.post(TRANSITIONS, body)
    assert (response.status_code, errors(response)) == (400, [("to_task", "unknown_task")])
    # A task of another company is as unknown as one that doesn't exist.
    carol = api("workflow_creator", globex)
    theirs = carol.post(WORKFLOWS, {"title": "Theirs"}).json()
    response = carol.post(TRANSITIONS, {"workflow": theirs["id"], "from_task": None, "to_task": tasks[0]["id"] + 1_000})
    assert errors(response) == [("to_task", "unknown_task")]
    assert alice.get(TRANSITIONS).json()["count"] == 0


@each(
    "values, attr",
    [
        ({"condition": {"launch": [1]}}, "condition"),
        ({"condition": 5}, "condition"),
        ({"condition": {}}, "condition"),
        ({"condition": "{"}, "condition"),
        ({"priority": 1.5}, "priority"),
        ({"on_event": "exploded"}, "on_event"),
        ({"is_default": "yes"}, "is_default"),
        ({"is_default": True, "condition": True}, "condition"),
    ],
)
def test_bad_values_of_a_transition(alice, workflow, tasks, values, attr):
    body = {"workflow": workflow["id"], "from_task": tasks[0]["id"], "to_task": None, **values}
    response = alice.post(TRANSITIONS, body)
    assert response.status_code == 400
    assert [error["attr"].split(".")[0] for error in response.json()["errors"]] == [attr]


def test_the_same_link_twice_and_two_defaults_are_conflicts(alice, workflow, tasks):
    body = {"workflow": workflow["id"], "from_task": tasks[0]["id"], "to_task": None}
    assert alice.post(TRANSITIONS, {**body, "is_default": True}).status_code == 201
    assert alice.post(TRANSITIONS, body).status_code == 409
    second = alice.post(TRANSITIONS, {**body, "to_task": tasks[1]["id"], "is_default": True})
    assert second.status_code == 409
    assert second.json()["errors"][0]["detail"] == "This task has a default transition for this event."


PARTS = {
    "tasks": {"title": "X", "task_type": "FORM"},
    "transitions": {"from_task": None, "to_task": None},
    "tickets": {"title": "X"},
}


@each("name, body", PARTS.items())
def test_a_workflow_that_the_address_tells(alice, workflow, name, body):
    """Bodies need not name it; if they do, it is that one."""
    own, other = workflow["id"], alice.post(WORKFLOWS, {"title": "Other"}).json()["id"]
    nested, flat = f"{WORKFLOWS}{own}/{name}/", f"/api/workflow/{name}/"
    before = alice.get(flat).json()["count"]
    for wrong in (other, float(own), True, str(own), None):
        answer = alice.post(nested, {**body, "workflow": wrong})
        assert (answer.status_code, errors(answer)) == (400, [("workflow", "other_workflow")]), wrong
        assert alice.post(f"{WORKFLOWS}999999/{name}/", {**body, "workflow": wrong}).status_code == 404, wrong
    assert alice.get(flat).json()["count"] == before
    made = alice.post(nested, {**body, "workflow": own}).json()
    assert made["workflow"] == own
    address = f"{flat}{made['id']}/"
    read = alice.get(address)
    for wrong in (other, float(own), True, str(own), None):
        for call in (alice.put, alice.patch):
            answer = call(address, {**body, "workflow": wrong})
            assert (answer.status_code, errors(answer)) == (400, [("workflow", "invalid")]), wrong
    for given in (body, {**body, "workflow": own}):
        assert alice.put(address, given).json()["workflow"] == own
    assert alice.get(address).headers["ETag"] == read.headers["ETag"]


def test_nested_lists_are_of_their_workflow(alice, workflow, tasks):
    other = alice.post(WORKFLOWS, {"title": "Other"}).json()
    for name in ("tasks", "transitions", "tickets"):
        assert alice.get(f"{WORKFLOWS}{other['id']}/{name}/").json()["count"] == 0
        assert alice.get(f"{WORKFLOWS}999999/{name}/").status_code == 404
        assert alice.post(f"{WORKFLOWS}999999/{name}/", {"title": "X", "task_type": "FORM"}).status_code == 404
    assert alice.get(f"{WORKFLOWS}{workflow['id']}/tasks/").json()["count"] == 3


def test_another_order_of_keys_is_a_change(alice, tasks):
    """People see it: forms show their fields in this order."""
    address = f"{TASKS}{tasks[0]['id']}/"
    properties = {"first": {"type": "string"}, "second": {"type": "boolean"}}
    for shown in (properties, dict(reversed(properties.items()))):
        before = alice.get(address).headers["ETag"]
        response = alice.patch(address, {"output_schema": {"type": "object", "properties": shown}})
        assert list(response.json()["output_schema"]["properties"]) == list(shown)
        assert response.headers["ETag"] != before
        again = alice.patch(address, {"output_schema": {"type": "object", "properties": shown}})
        assert again.headers["ETag"] == response.headers["ETag"]
