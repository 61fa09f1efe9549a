"""Tasks, transitions and ticket types one by one: what each may say."""

import pytest

from workflow_design.kernel.tests.each import each
from workflow_design.tests.documents import TASKS, TICKETS, TRANSITIONS, WORKFLOWS, errors

pytestmark = pytest.mark.usefixtures("files_workflow")


def test_a_task_has_every_field_of_the_contract(alice, workflow):
    response = alice.post(TASKS, {"workflow": workflow["id"], "title": "Ask", "task_type": "FORM"})
    assert response.status_code == 201
    row = response.json()
    assert {name: row[name] for name in row if name not in ("id", "created_at", "updated_at")} == {
        "company": "acme",
        "workflow": workflow["id"],
        "key": "ask",
        "order": 0,
        "title": "Ask",
        "description": "",
        "version": 1,
        "ext_ref": [],
        "task_type": "FORM",
        "input_schema": {},
        "output_schema": {},
        "edit_layout": "",
        "display_layout": "",
        "action": None,
        "integration": None,
        "action_url": "",
        "input_transform": None,
        "output_transform": None,
        "timeout_seconds": None,
        "retry_policy": None,
        "split": "exclusive",
        "join": "exclusive",
        "assignee_roles": [],
        "assignment_policy": "claim",
        "due_in_seconds": None,
        "created_by": alice.user.pk,
    }


def test_key_order_of_schemas_is_kept(alice, workflow):
    schema = {"type": "object", "properties": {"zeta": {"type": "string"}, "alpha": {"type": "string"}}}
    row = alice.post(
        TASKS, {"workflow": workflow["id"], "title": "Ask", "task_type": "FORM", "output_schema": schema}
    ).json()
    again = alice.get(f"{TASKS}{row['id']}/").json()["output_schema"]
    assert list(again["properties"]) == ["zeta", "alpha"]


@each(
    "values, expected",
    [
        ({"workflow": None}, [("workflow", "required")]),
        ({"workflow": "1"}, [("workflow", "wrong_type")]),
        ({"workflow": True}, [("workflow", "wrong_type")]),
        ({"workflow": 987654}, [("workflow", "unknown_workflow")]),
        ({"workflow": 2**70}, [("workflow", "wrong_type")]),
        ({"task_type": "ROBOT"}, [("task_type", "not_an_option")]),
        ({"title": 7}, [("title", "wrong_type")]),
        ({"order": -1}, [("order", "out_of_range")]),
        ({"split": None}, [("split", "not_an_option")]),
        ({"timeout_seconds": "60"}, [("timeout_seconds", "wrong_type")]),
    ],
)
def test_bad_values_of_a_task(alice, workflow, values, expected):
    body = {"workflow": workflow["id"], "title": "Ask", "task_type": "FORM", **values}
    response = alice.post(TASKS, body)
    assert response.status_code == 400
    assert errors(response) == expected
    assert alice.get(TASKS).json()["count"] == 0


@each(
    "schema",
    [
        {"$ref": "https://example.com/schema.json"},
        {"$id": "https://example.com/schema.json"},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"type": "strin"},
        {"pattern": "(a+"},
        {"pattern": "(?=a)b"},
    ],
)
def test_a_schema_that_cannot_be_stored(alice, workflow, schema):
    body = {"workflow": workflow["id"], "title": "Ask", "task_type": "FORM", "output_schema": schema}
    response = alice.post(TASKS, body)
    assert response.status_code == 400
    assert all(error["attr"].startswith("output_schema") for error in response.json()["errors"])


def test_ends_must_be_named(alice, workflow):
    response = alice.post(TRANSITIONS, {"workflow": workflow["id"]})
    assert errors(response) == [("from_task", "required"), ("to_task", "required")]


def test_a_ticket_type_is_checked_against_the_workflows_fields(alice, workflow):
    alice.patch(f"{WORKFLOWS}{workflow['id']}/", {"fields": [{"FieldName": "days", "FieldType": "integer"}]})
    body = {"workflow": workflow["id"], "title": "Leave", "fields": {"days": "five", "nights": None}}
    response = alice.post(TICKETS, body)
    assert response.status_code == 400
    assert sorted(error["attr"] for error in response.json()["errors"]) == ["fields.days", "fields.nights"]
    row = alice.post(TICKETS, {**body, "fields": {"days": {"const": 5}}}).json()
    assert (row["key"], row["fields"], row["company_role_access"]) == ("leave", {"days": {"const": 5}}, ["everyone"])
