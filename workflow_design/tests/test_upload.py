"""POST /api/workflow/upload/"""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import History
from workflow_design.kernel.document import to_yaml
from workflow_design.kernel.tests.each import each
from workflow_design.models import TaskDefinition, TicketDefinition, WorkflowDefinition, WorkflowTransition
from workflow_design.tests.documents import PURCHASE, TASKS, TICKETS, UPLOAD, WORKFLOWS, errors, long_document

pytestmark = pytest.mark.usefixtures("cast")

EXAMPLES = sorted(
    path for path in (Path(__file__).parents[2] / "examples").iterdir() if path.suffix in (".yaml", ".json")
)


def keys(alice, workflow):
    rows = alice.get(f"{WORKFLOWS}{workflow['id']}/tasks/", {"ordering": "order"}).json()["results"]
    return [row["key"] for row in rows]


def counts(in_company, acme):
    with in_company(acme):
        models = (WorkflowDefinition, TaskDefinition, WorkflowTransition, TicketDefinition, History)
        return [model.objects.count() for model in models]


def form(content, name="purchase.yaml", kind="application/octet-stream", field="file"):
    """A multipart body with one file, and its content type."""
    place = f'Content-Disposition: form-data; name="{field}"; filename="{name}"'
    body = f"--limit\r\n{place}\r\nContent-Type: {kind}\r\n\r\n".encode() + content + b"\r\n--limit--\r\n"
    return body, "multipart/form-data; boundary=limit"


def test_a_new_document(alice, in_company, acme):
    response = alice.post(UPLOAD, PURCHASE)
    assert response.status_code == 201
    answer = response.json()
    assert list(answer) == [
        *("workflow", "tickets", "created", "changed"),
        *("version", "published_version", "diff", "problems", "proved"),
    ]
    assert (answer["created"], answer["changed"], answer["proved"]) == (True, True, True)
    assert (answer["version"], answer["published_version"]) == (1, None)
    pk = answer["workflow"]["id"]
    assert alice.get(f"{WORKFLOWS}{pk}/").json() == answer["workflow"]
    assert alice.get(f"{TICKETS}{answer['tickets'][0]['id']}/").json() == answer["tickets"][0]
    assert keys(alice, answer["workflow"]) == ["approve", "order"]
    assert [(problem["code"], problem["path"]) for problem in answer["problems"]] == [
        ("unknown_role", "/tasks/0/assignee_roles/0"),
        ("output_not_kept", "/tasks/1/output_transform/order_id"),
    ]
    with in_company(acme):
        entry = History.objects.get(subject_type="workflow")
        assert (entry.event, entry.actor, entry.subject_id) == ("workflow.created", "alice@acme.example", pk)


def test_the_same_document_twice_changes_nothing(alice, purchase, in_company, acme):
    before = counts(in_company, acme)
    response = alice.post(UPLOAD, PURCHASE)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["created"], answer["changed"], answer["diff"]) == (False, False, [])
    assert answer["workflow"] == purchase["workflow"]
    assert counts(in_company, acme) == before


def test_what_differs_is_told_and_written(alice, purchase, in_company, acme):
    changed = json.loads(json.dumps(PURCHASE))
    changed["workflow"]["title"] = "Purchases"
    changed["tasks"].insert(1, {"key": "check", "title": "Check", "task_type": "FORM"})
    changed["transitions"][0] = {"from": None, "to": "check"}
    changed["transitions"].append({"from": "check", "to": "approve"})
    changed["tickets"][0]["company_role_access"] = []
    response = alice.post(UPLOAD, changed)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["created"], answer["changed"]) == (False, True)
    assert {(difference["path"], difference["change"]) for difference in answer["diff"]} >= {
        ("/workflow/title", "changed"),
        ("/tasks/1", "added"),
    }
    assert keys(alice, answer["workflow"]) == ["approve", "check", "order"]
    assert answer["workflow"]["title"] == "Purchases"
    assert answer["tickets"][0]["company_role_access"] == []
    old = {row["key"]: row["id"] for row in alice.get(TASKS).json()["results"]}
    assert set(old) == {"approve", "check", "order"}
    assert alice.post(UPLOAD, changed).json()["changed"] is False
    with in_company(acme):
        assert History.objects.filter(event="workflow.uploaded").count() == 1


def test_ids_of_what_stays_are_kept(alice, purchase):
    before = {row["key"]: row["id"] for row in alice.get(TASKS).json()["results"]}
    reversed_tasks = {**PURCHASE, "tasks": PURCHASE["tasks"][::-1]}
    answer = alice.post(UPLOAD, reversed_tasks).json()
    assert keys(alice, answer["workflow"]) == ["order", "approve"]
    assert {row["key"]: row["id"] for row in alice.get(TASKS).json()["results"]} == before


def test_nothing_is_deleted_unless_pruned(alice, purchase):
    shorter = {
        **PURCHASE,
        "tasks": PURCHASE["tasks"][:1],
        "transitions": [{"from": None, "to": "approve"}, {"from": "approve", "to": None}],
        "tickets": [],
    }
    answer = alice.post(UPLOAD, shorter).json()
    assert keys(alice, answer["workflow"]) == ["approve", "order"]
    assert len(answer["tickets"]) == 1
    codes = [problem["code"] for problem in answer["problems"]]
    assert codes.count("not_in_document") == 2
    answer = alice.post(f"{UPLOAD}?prune=true", shorter).json()
    assert keys(alice, answer["workflow"]) == ["approve"]
    assert answer["tickets"] == []


def test_a_moved_default_transition(alice, purchase):
    links = [dict(link) for link in PURCHASE["transitions"]]
    links[1] = {"from": "approve", "to": "order", "is_default": True}
    links[2] = {"from": "approve", "to": None, "condition": {"===": [{"var": "approved"}, False]}}
    response = alice.post(UPLOAD, {**PURCHASE, "transitions": links})
    assert (response.status_code, response.json()["changed"]) == (200, True)
    exported = alice.get(f"{WORKFLOWS}{purchase['workflow']['id']}/export/").json()["transitions"]
    assert exported[1] == {"from": "approve", "to": "order", "is_default": True}


def test_a_dry_run_writes_nothing(alice, in_company, acme):
    before = counts(in_company, acme)
    response = alice.post(f"{UPLOAD}?dry_run=true", PURCHASE)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["created"], answer["changed"]) == (True, True)
    assert answer["workflow"]["title"] == "Purchase approval"
    assert counts(in_company, acme) == before


@pytest.mark.parametrize("content_type", ["application/yaml", "application/x-yaml", "text/yaml"])
def test_yaml(alice, content_type):
    response = alice.post(UPLOAD, to_yaml(PURCHASE).encode(), content_type=content_type)
    assert response.status_code == 201
    assert alice.post(UPLOAD, PURCHASE).json()["changed"] is False


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("purchase.yaml", "application/octet-stream", to_yaml(PURCHASE).encode()),
        ("purchase.YML", "text/plain", to_yaml(PURCHASE).encode()),
        ("purchase.json", "application/json", json.dumps(PURCHASE).encode()),
        ("purchase", "application/octet-stream", json.dumps(PURCHASE).encode()),
        ("purchase", "application/octet-stream", to_yaml(PURCHASE).encode()),
    ],
)
def test_a_file(alice, name, kind, content):
    body, content_type = form(content, name, kind)
    assert alice.post(UPLOAD, body, content_type=content_type).status_code == 201


def test_a_form_without_the_file(alice):
    body, content_type = form(b"x", field="other")
    response = alice.post(UPLOAD, body, content_type=content_type)
    assert (response.status_code, errors(response)) == (400, [("file", "required")])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_goes_round(alice, example):
    kind = "application/json" if example.suffix == ".json" else "application/yaml"
    answer = alice.post(UPLOAD, example.read_bytes(), content_type=kind).json()
    assert {problem["code"] for problem in answer["problems"]} <= {"unknown_role"}
    for form_name in ("json", "yaml"):
        exported = alice.get(f"{WORKFLOWS}{answer['workflow']['id']}/export/", {"as": form_name})
        assert exported.headers["Content-Type"].startswith(f"application/{form_name}")
        again = alice.post(UPLOAD, exported.content, content_type=f"application/{form_name}")
        assert (again.status_code, again.json()["changed"]) == (200, False)


def test_parts_one_by_one(alice):
    assert alice.post(UPLOAD, {"workflow": {"key": "leave", "title": "Leave"}}).status_code == 201
    task = {"key": "ask", "title": "Ask", "task_type": "FORM", "workflow": "leave"}
    response = alice.post(UPLOAD, {"task": task})
    assert (response.status_code, response.json()["changed"]) == (200, True)
    assert alice.post(UPLOAD, {"task": task}).json()["changed"] is False
    response = alice.post(UPLOAD, {"ticket": {"key": "leave", "title": "Leave", "workflow": "leave", "fields": {}}})
    assert [ticket["key"] for ticket in response.json()["tickets"]] == ["leave"]
    unknown = alice.post(UPLOAD, {"task": {**task, "workflow": "holiday"}})
    assert (unknown.status_code, errors(unknown)[0][1]) == (400, "unknown_workflow")


def test_every_error_at_once_and_nothing_written(alice, in_company, acme):
    before = counts(in_company, acme)
    bad = json.loads(json.dumps(PURCHASE))
    bad["tasks"][0]["output_schema"]["properties"]["approved"]["type"] = "bool"
    bad["tasks"][1]["task_type"] = "ROBOT"
    bad["transitions"][1]["condition"] = {"launch": []}
    bad["transitions"][3]["from"] = "nobody"
    bad["tickets"][0]["fields"] = {"colour": None}
    response = alice.post(UPLOAD, bad)
    assert response.status_code == 400
    attrs = [attr for attr, _ in errors(response)]
    for start in (
        "tasks.0.output_schema",
        "tasks.1.task_type",
        "transitions.1.condition",
        "transitions.3.from",
        "tickets.0.fields.colour",
    ):
        assert any(attr.startswith(start) for attr in attrs), (start, attrs)
    assert counts(in_company, acme) == before


def test_a_ticket_key_of_another_workflow(alice, purchase, in_company, acme):
    before = counts(in_company, acme)
    response = alice.post(UPLOAD, {**PURCHASE, "workflow": {**PURCHASE["workflow"], "key": "other"}})
    assert response.status_code == 400
    assert ("tickets.0.key", "key_taken") in errors(response)
    assert counts(in_company, acme) == before


def test_another_order_of_keys_is_stored(alice, purchase):
    """People see it, though it is the same to Python."""
    tasks = [dict(PURCHASE["tasks"][0]), PURCHASE["tasks"][1]]
    schema = tasks[0]["output_schema"]
    tasks[0]["output_schema"] = dict(reversed(schema.items()))
    workflow = {**PURCHASE["workflow"], "state_schema": {"type": "object", "minProperties": 1}}
    assert alice.post(UPLOAD, {**PURCHASE, "workflow": workflow}).json()["changed"]
    workflow["state_schema"] = dict(reversed(workflow["state_schema"].items()))
    for changed in (True, False):
        answer = alice.post(UPLOAD, {**PURCHASE, "workflow": workflow, "tasks": tasks}).json()
        assert answer["changed"] is changed
    document = alice.get(f"{WORKFLOWS}{purchase['workflow']['id']}/export/").json()
    assert list(document["tasks"][0]["output_schema"]) == list(reversed(schema))
    assert list(document["workflow"]["state_schema"]) == ["minProperties", "type"]


@each("query", ["dry_run=1", "prune=yes", "dry_run="])
def test_flags_are_true_or_false(alice, query):
    assert alice.post(f"{UPLOAD}?{query}", PURCHASE).status_code == 400


def test_agents_do_not_exist_yet(alice):
    nodes = [{"id": "1", "type": "trigger"}, {"id": "2", "type": "aiAgent"}]
    response = alice.post(UPLOAD, {"name": "Helper", "nodes": nodes, "connections": []})
    assert response.status_code == 400
    assert any("agent" in error["detail"].lower() for error in response.json()["errors"])


@pytest.mark.parametrize("role", ["admin", "ticket_admin", "user", "task_worker"])
def test_only_creators_upload(api, role, in_company, acme):
    caller = api(role)
    before = counts(in_company, acme)
    assert caller.post(UPLOAD, PURCHASE).status_code == 403
    assert counts(in_company, acme) == before


def test_a_new_bundle_has_the_hash_that_writes_to_it_give(alice):
    document = long_document(12, 20)
    document["tickets"] = [{"key": key, "title": key} for key in ("b-type", "a-type", "a")]
    made = alice.post(UPLOAD, document)
    address = f"{WORKFLOWS}{made.json()['workflow']['id']}/"
    assert alice.post(f"{address}publish/", {"accept_unproved": True}).json()["version"] == 1
    assert alice.patch(address, {"guidelines": "New"}).json()["has_changes"] is True
    assert alice.patch(address, {"guidelines": ""}).json()["has_changes"] is False


def test_the_number_of_statements_does_not_grow(alice):
    used = {}
    alice.get(WORKFLOWS)  # the company is looked up once
    for size in (5, 100):
        document = long_document(size, size)
        with CaptureQueriesContext(connection) as captured:
            assert alice.post(UPLOAD, document).status_code == 201
        document["tasks"] = [{**task, "description": "changed"} for task in document["tasks"]]
        document["transitions"] = [{**link, "priority": link["priority"] + 1} for link in document["transitions"]]
        with CaptureQueriesContext(connection) as again:
            assert alice.post(UPLOAD, document).status_code == 200
        used[size] = (len(captured), len(again))
    assert used[5] == used[100]


def test_a_thousand_tasks(alice):
    document = long_document(1_000, 500)
    assert alice.post(UPLOAD, document).status_code == 201
    assert alice.post(UPLOAD, document).json()["changed"] is False


def test_other_companies_have_the_same_keys(alice, purchase, api, globex):
    carol = api("workflow_creator", globex)
    assert carol.post(UPLOAD, PURCHASE).status_code == 201
    theirs = {**PURCHASE, "workflow": {**PURCHASE["workflow"], "title": "Theirs"}}
    assert carol.post(UPLOAD, theirs).json()["workflow"]["title"] == "Theirs"
    assert alice.get(f"{WORKFLOWS}{purchase['workflow']['id']}/").json()["title"] == "Purchase approval"
