"""POST /api/workflow/workflows/{id}/validate/, and what upload and saving say of what the checks find."""

import json
from copy import deepcopy

import pytest

from workflow_design.kernel.structure.assumptions import ANSWERS, CALLS, PEOPLE, SIZES, SUCCESS, TEMPLATES, TYPES
from workflow_design.tests.documents import PURCHASE, TASKS, UPLOAD, WORKFLOWS

pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture
def document():
    """The purchase document, to change, with nothing said about it but the role that doesn't exist."""
    document = deepcopy(PURCHASE)
    schema = {"type": "object", "properties": {"order_id": {"type": "string"}}}
    document["tasks"][1]["output_schema"] = schema
    document["tasks"][0]["assignee_roles"] = []
    return document


def said(answer):
    return [(problem["severity"], problem["code"], problem["path"]) for problem in answer["problems"]]


def validate(caller, pk):
    response = caller.post(f"{WORKFLOWS}{pk}/validate/")
    assert response.status_code == 200, response.content
    return response.json()


def test_a_working_copy_without_problems(alice, document):
    pk = alice.post(UPLOAD, document).json()["workflow"]["id"]
    assert validate(alice, pk) == {
        "problems": [],
        "proved": True,
        "assumptions": [PEOPLE, CALLS, SUCCESS, ANSWERS, SIZES, TEMPLATES, TYPES],
    }


def test_upload_and_validate_say_the_same(alice, document):
    document["transitions"][1]["condition"] = {"===": [{"var": "aproved"}, True]}
    document["tasks"][0]["assignee_roles"] = ["manager"]
    answer = alice.post(UPLOAD, document).json()
    assert said(answer) == [
        ("warning", "unknown_role", "/tasks/0/assignee_roles/0"),
        ("error", "unknown_variable", "/transitions/1/condition/===/0/var"),
    ]
    assert answer["problems"][1] == {
        "severity": "error",
        "code": "unknown_variable",
        "message": 'The condition from "approve" to "order" reads "aproved", but there is no such field or variable '
        'here; did you mean "approved"?',
        "path": "/transitions/1/condition/===/0/var",
        "task": "approve",
        "transition": 1,
    }
    assert validate(alice, answer["workflow"]["id"])["problems"] == answer["problems"]


def test_a_dry_run_says_it_too(alice, document):
    document["tasks"][1]["action_url"] = ""
    answer = alice.post(f"{UPLOAD}?dry_run=true", document).json()
    assert said(answer) == [("error", "missing_setting", "/tasks/1/action_url")]
    assert alice.get(WORKFLOWS).json()["count"] == 0


def test_findings_never_refuse_a_save(alice, document):
    answer = alice.post(UPLOAD, document).json()
    pk = answer["workflow"]["id"]
    assert alice.patch(f"{WORKFLOWS}{pk}/", {"fields": []}).status_code == 200
    order = alice.get(TASKS, {"workflow": pk, "ordering": "order"}).json()["results"][1]
    assert alice.patch(f"{TASKS}{order['id']}/", {"action_url": ""}).status_code == 200
    assert said(validate(alice, pk)) == [
        ("error", "unknown_field", "/tickets/0/fields/amount"),
        ("error", "missing_setting", "/tasks/1/action_url"),
        ("error", "unknown_variable", "/tasks/1/input_transform/total/$/var"),
    ]


def test_paths_point_into_the_document_that_came(alice, document):
    """A part that is kept points into the export; what moved is found where the document has it."""
    assert alice.post(UPLOAD, document).status_code == 201
    task = {**document["tasks"][1], "workflow": "purchase", "input_transform": {"total": {"$": {"var": "amuont"}}}}
    assert said(alice.post(UPLOAD, {"task": task}).json()) == [
        ("error", "unknown_variable", "/task/input_transform/total/$/var")
    ]
    steps = {
        "name": "Intake",
        "state_schema": {"type": "object", "required": ["nmae"]},
        "steps": [{"id": "a", "name": "A", "fields": ["name"]}],
    }
    assert said(alice.post(UPLOAD, steps).json()) == [("error", "impossible_schema", "/state_schema/required/0")]
    graph = {
        "name": "Graph",
        "nodes": [
            {"id": "t", "type": "trigger"},
            {"id": "n", "type": "transform", "params": {"x": {"$": {"var": "y"}}}},
        ],
        "connections": [{"from": "t", "to": "n"}],
    }
    assert said(alice.post(UPLOAD, graph).json()) == [("error", "unknown_variable", "/nodes/1/params/x/$/var")]


def test_a_path_ends_at_a_condition_that_is_text(alice, document):
    document["transitions"][1]["condition"] = json.dumps({"===": [{"var": "aproved"}, True]})
    answer = alice.post(UPLOAD, document).json()
    assert said(answer) == [("error", "unknown_variable", "/transitions/1/condition")]
    assert said(validate(alice, answer["workflow"]["id"])) == [
        ("error", "unknown_variable", "/transitions/1/condition/===/0/var")
    ]


def test_workflows_that_are_run_exist(alice, document):
    document["workflow"] |= {"end_action_type": "workflow", "end_action": {"workflow": "pay"}}
    document["tasks"][1] |= {"action": "workflow", "action_url": "", "input_transform": {"workflow": "ship"}}
    answer = alice.post(UPLOAD, document).json()
    assert said(answer) == [
        ("error", "unknown_workflow", "/workflow/end_action/workflow"),
        ("error", "unknown_workflow", "/tasks/1/input_transform/workflow"),
    ]
    for key in ("pay", "ship"):
        assert alice.post(WORKFLOWS, {"key": key, "title": key}).status_code == 201
    assert said(validate(alice, answer["workflow"]["id"])) == [
        ("warning", "child_not_active", "/workflow/end_action/workflow"),
        ("warning", "child_not_active", "/tasks/1/input_transform/workflow"),
    ]


def test_who_may(api, alice, purchase, globex):
    pk = purchase["workflow"]["id"]
    for role in ("workflow_creator", "ticket_admin", "admin"):
        assert api(role).post(f"{WORKFLOWS}{pk}/validate/").status_code == 200
    for role in ("user", "task_worker", ()):
        assert api(role).post(f"{WORKFLOWS}{pk}/validate/").status_code == 403
    assert api(None).post(f"{WORKFLOWS}{pk}/validate/").status_code == 401
    assert api("workflow_creator", globex).post(f"{WORKFLOWS}{pk}/validate/").status_code == 404
    assert alice.post(f"{WORKFLOWS}{pk + 1000}/validate/").status_code == 404
    assert alice.get(f"{WORKFLOWS}{pk}/validate/").status_code == 405
