"""/api/workflow/workflows/ and one of them."""

import pytest

from core.models import History
from workflow_design.kernel.tests.each import each
from workflow_design.models import TaskDefinition, WorkflowDefinition
from workflow_design.tests.documents import TASKS, WORKFLOWS, errors

pytestmark = pytest.mark.usefixtures("cast")


def test_a_workflow_has_every_field_of_the_contract(alice):
    response = alice.post(WORKFLOWS, {"key": "leave", "title": "Leave request"})
    assert response.status_code == 201
    row = response.json()
    assert {name: row[name] for name in row if name not in ("id", "created_at", "updated_at")} == {
        "company": "acme",
        "key": "leave",
        "title": "Leave request",
        "description": "",
        "status": "DRAFT",
        "version": 1,
        "published_version": None,
        "has_changes": True,
        "ext_ref": [],
        "fields": [],
        "state_schema": {},
        "guidelines": "",
        "display_layout": "",
        "end_action_type": "none",
        "end_action": None,
        "created_by": alice.user.pk,
    }
    assert alice.get(f"{WORKFLOWS}{row['id']}/").json() == row


def test_a_key_is_made_from_the_title(alice):
    assert alice.post(WORKFLOWS, {"title": "Büro & Küche!"}).json()["key"] == "buro-kuche"
    assert alice.post(WORKFLOWS, {"title": "Büro & Küche?"}).json()["key"] == "buro-kuche-2"
    assert alice.post(WORKFLOWS, {"title": "休暇"}).json()["key"] == "untitled"


def test_a_taken_key_is_a_conflict(alice, workflow):
    response = alice.post(WORKFLOWS, {"key": "leave", "title": "Another"})
    assert response.status_code == 409
    assert response.json() == {
        "type": "client_error",
        "errors": [{"code": "conflict", "detail": "A workflow with this key exists.", "attr": None}],
    }


def test_every_error_comes_in_one_answer_and_nothing_is_written(alice):
    response = alice.post(
        WORKFLOWS,
        {
            "key": "Not A Key",
            "fields": [{"FieldName": "1st", "FieldType": "nunber"}],
            "state_schema": {"type": "strin"},
            "end_action_type": "tool_call",
            "ext_ref": {"Label": "x"},
        },
    )
    assert response.status_code == 400
    found = dict(errors(response))
    assert set(found) >= {"key", "title", "fields.0.FieldName", "fields.0.FieldType", "end_action_type", "ext_ref"}
    assert any(path and path.startswith("state_schema") for path in found)


def test_nothing_is_written_by_a_refused_create(alice, in_company, acme):
    alice.post(WORKFLOWS, {"key": "x", "title": ""})
    with in_company(acme):
        assert WorkflowDefinition.objects.count() == 0
        assert not History.objects.filter(subject_type="workflow").exists()


@each("body", [b"[]", b'"text"', b"5", b"null"])
def test_a_body_that_is_no_object_is_refused(alice, body):
    assert alice.post(WORKFLOWS, body).status_code == 400


def test_patch_changes_what_it_names(alice, workflow):
    response = alice.patch(f"{WORKFLOWS}{workflow['id']}/", {"guidelines": "Be kind."})
    assert response.status_code == 200
    row = response.json()
    assert row["guidelines"] == "Be kind."
    assert row["updated_at"] > workflow["updated_at"]
    assert {**row, "guidelines": "", "updated_at": workflow["updated_at"]} == workflow


def test_put_replaces_and_keeps_the_key(alice, workflow):
    alice.patch(f"{WORKFLOWS}{workflow['id']}/", {"guidelines": "Be kind."})
    row = alice.put(f"{WORKFLOWS}{workflow['id']}/", {"title": "Holidays"}).json()
    assert (row["key"], row["title"], row["guidelines"]) == ("leave", "Holidays", "")


def test_read_only_fields_and_unknown_keys_are_ignored(alice, workflow):
    row = alice.patch(
        f"{WORKFLOWS}{workflow['id']}/",
        {"status": "ACTIVE", "id": 999, "company": "globex", "version": 7, "nonsense": 1},
    ).json()
    assert row == workflow


def test_a_write_that_changes_nothing_is_no_write(alice, workflow, in_company, acme):
    before = alice.get(f"{WORKFLOWS}{workflow['id']}/").headers["ETag"]
    response = alice.patch(f"{WORKFLOWS}{workflow['id']}/", {"title": "Leave request"})
    assert (response.status_code, response.headers["ETag"]) == (200, before)
    with in_company(acme):
        events = History.objects.filter(subject_type="workflow").values_list("event", flat=True)
        assert list(events) == ["workflow.created"]


def test_if_match(alice, workflow):
    address = f"{WORKFLOWS}{workflow['id']}/"
    first = alice.get(address).headers["ETag"]
    assert alice.patch(address, {"title": "A"}, headers={"if-match": first}).status_code == 200
    for call in (
        lambda: alice.patch(address, {"title": "B"}, headers={"if-match": first}),
        lambda: alice.put(address, {"title": "B"}, headers={"if-match": first}),
        lambda: alice.delete(address, headers={"if-match": first}),
        # 412 comes before 400.
        lambda: alice.patch(address, {"title": ""}, headers={"if-match": first}),
    ):
        response = call()
        assert response.status_code == 412
        assert errors(response) == [(None, "stale")]
    assert alice.get(address).json()["title"] == "A"
    assert alice.patch(address, {"title": "C"}, headers={"if-match": "*"}).status_code == 200


def test_a_write_to_a_part_moves_the_workflows_etag(alice, workflow):
    address = f"{WORKFLOWS}{workflow['id']}/"
    before = alice.get(address).headers["ETag"]
    alice.post(TASKS, {"workflow": workflow["id"], "key": "ask", "title": "Ask", "task_type": "FORM"})
    assert alice.get(address).headers["ETag"] != before
    assert alice.patch(address, {"title": "A"}, headers={"if-match": before}).status_code == 412


def test_delete_takes_everything_with_it(alice, purchase, in_company, acme):
    assert alice.delete(f"{WORKFLOWS}{purchase['workflow']['id']}/").status_code == 204
    assert alice.get(f"{WORKFLOWS}{purchase['workflow']['id']}/").status_code == 404
    with in_company(acme):
        assert TaskDefinition.objects.count() == 0
        last = History.objects.filter(subject_type="workflow").latest("id")
        assert (last.event, last.subject, last.actor) == ("workflow.deleted", "Purchase approval", "alice@acme.example")


def test_another_companys_workflow_is_not_there(alice, workflow, api, globex):
    other = api("workflow_creator", globex)
    for call in (other.get, other.patch, other.put, other.delete):
        response = call(f"{WORKFLOWS}{workflow['id']}/")
        assert response.status_code == 404
        assert response.json()["errors"] == [{"code": "not_found", "detail": "Not found.", "attr": None}]
    assert alice.get(f"{WORKFLOWS}{workflow['id']}/").json() == workflow


@each("role", ["ticket_admin", "admin"])
def test_readers_read_and_do_not_write(api, workflow, role):
    reader = api(role)
    address = f"{WORKFLOWS}{workflow['id']}/"
    assert reader.get(address).json() == workflow
    assert reader.get(WORKFLOWS).json()["count"] == 1
    for response in (
        reader.post(WORKFLOWS, {"title": "X"}),
        reader.patch(address, {"title": "X"}),
        reader.put(address, {"title": "X"}),
        reader.delete(address),
        reader.post(f"{address}archive/"),
    ):
        assert response.status_code == 403
    assert reader.get(address).json() == workflow


@each("action", ["activate", "deactivate"])
def test_without_a_version_there_is_nothing_to_activate(alice, workflow, action):
    response = alice.post(f"{WORKFLOWS}{workflow['id']}/{action}/")
    assert response.status_code == 409
    assert errors(response) == [(None, "not_published")]
    assert alice.get(f"{WORKFLOWS}{workflow['id']}/").json()["status"] == "DRAFT"


def test_archive(alice, workflow):
    response = alice.post(f"{WORKFLOWS}{workflow['id']}/archive/")
    assert (response.status_code, response.json()["status"]) == (200, "ARCHIVED")
    # Status is live: it is no change of what would be published.
    assert response.headers["ETag"] == '"1"'
    assert alice.post(f"{WORKFLOWS}{workflow['id']}/archive/").json()["status"] == "ARCHIVED"


def test_duplicate_copies_tasks_and_transitions_but_no_ticket_types(alice, purchase):
    source = purchase["workflow"]["id"]
    response = alice.post(f"{WORKFLOWS}{source}/duplicate/", {"key": "copy", "title": "Copied"})
    assert response.status_code == 201
    made = response.json()
    assert (made["key"], made["title"], made["status"]) == ("copy", "Copied", "DRAFT")
    document = alice.get(f"{WORKFLOWS}{made['id']}/export/").json()
    original = alice.get(f"{WORKFLOWS}{source}/export/").json()
    assert document["tasks"] == original["tasks"]
    assert document["transitions"] == original["transitions"]
    assert "tickets" not in document or document["tickets"] == []
    for body, key in (({}, "purchase-approval-copy"), ({"key": None, "title": None}, "purchase-approval-copy-2")):
        again = alice.post(f"{WORKFLOWS}{source}/duplicate/", body)
        assert (again.status_code, again.json()["title"], again.json()["key"]) == (201, "Purchase approval (copy)", key)
    assert alice.post(f"{WORKFLOWS}{source}/duplicate/", {"key": "copy"}).status_code == 409


def test_version_and_changes_follow_the_content(alice, purchase, in_company, acme):
    pk = purchase["workflow"]["id"]
    with in_company(acme):
        row = WorkflowDefinition.objects.get(pk=pk)
        row.published_version, row.published_hash = 3, row.bundle_hash
        row.save(update_fields=["published_version", "published_hash"])
    address = f"{WORKFLOWS}{pk}/"

    def state():
        answer = alice.get(address).json()
        return answer["version"], answer["has_changes"]

    assert state() == (3, False)
    task = alice.get(f"{address}tasks/").json()["results"][0]
    assert task["version"] == 3
    alice.patch(f"{TASKS}{task['id']}/", {"title": "Decide"})
    assert state() == (4, True)
    alice.patch(f"{TASKS}{task['id']}/", {"title": "Approve"})
    assert state() == (3, False)
    alice.patch(f"{TASKS}{task['id']}/", {"key": "decide"})
    assert state() == (4, True)
    alice.patch(f"{TASKS}{task['id']}/", {"key": "approve"})
    assert state() == (3, False)
    # Who may open a ticket type is live, and no part of a version.
    ticket = alice.get(f"{address}tickets/").json()["results"][0]
    alice.patch(f"/api/workflow/tickets/{ticket['id']}/", {"company_role_access": []})
    assert state() == (3, False)
