"""A document on top of a stored bundle: what changes, what stays, and where its parts were written."""

from __future__ import annotations

from workflow_design.kernel.document import diff, export, normalize
from workflow_design.kernel.tests.documents import errors, form, purchase, ways


def stored(document=None):
    found = normalize(document or purchase())
    assert found.errors == []
    return found.bundle


def keys(bundle, section="tasks"):
    return [entity["key"] for entity in bundle[section]]


def test_the_same_document_twice_changes_nothing():
    current = stored()
    found = normalize(purchase(), current=current)
    assert found.problems == []
    assert found.after == current
    assert diff(current, found.after) == []


def test_sections_that_are_absent_stay():
    current = stored()
    found = normalize({"workflow": {"key": "purchase", "title": "New title"}}, current=current)
    assert found.after["workflow"]["title"] == "New title"
    assert found.after["workflow"]["fields"] == []
    for section in ("tasks", "transitions", "tickets"):
        assert found.after[section] == current[section]


def test_a_task_alone_keeps_its_place_and_the_transitions():
    current = stored()
    found = normalize({"task": {**form("approve"), "workflow": "purchase", "title": "Decide"}}, current=current)
    assert found.problems == []
    assert keys(found.after) == ["approve", "order"]
    assert found.after["tasks"][0]["title"] == "Decide"
    assert found.after["transitions"] == current["transitions"]
    assert found.after["workflow"] == current["workflow"]


def test_a_new_task_alone_comes_last():
    found = normalize({"task": {**form("archive"), "workflow": "purchase"}}, current=stored())
    assert keys(found.after) == ["approve", "order", "archive"]
    assert found.locate("/tasks/2/title") == "/task/title"
    assert found.locate("/tasks/0/title") == "/tasks/0/title"


def test_what_a_list_leaves_out_is_reported_and_stays():
    current = stored()
    document = purchase()
    document["tasks"] = [form("check"), document["tasks"][1]]
    document["tickets"] = []
    document["transitions"].append({"from": "check", "to": "approve"})
    found = normalize(document, current=current)
    assert keys(found.after) == ["approve", "order", "check"]
    assert keys(found.after, "tickets") == ["purchase"]
    assert [(problem.severity, problem.code, problem.path, problem.task) for problem in found.problems] == [
        ("warning", "not_in_document", "/tasks", "approve"),
        ("warning", "not_in_document", "/tickets", None),
    ]
    assert [found.locate(f"/tasks/{index}/title") for index in range(3)] == [
        "/tasks/0/title",
        "/tasks/1/title",
        "/tasks/0/title",
    ]


def test_prune_removes_what_the_lists_leave_out_with_its_transitions():
    current = stored()
    found = normalize({"workflow": "purchase", "tasks": [form("approve")], "tickets": []}, current=current, prune=True)
    assert found.problems == []
    assert keys(found.after) == ["approve"]
    assert found.after["tickets"] == []
    assert ways(found.after) == [(None, "approve", None), ("approve", None, None)]


def test_prune_needs_a_list():
    current = stored()
    assert (
        normalize({"workflow": {"key": "purchase", "title": "P"}}, current=current, prune=True).after["tasks"]
        == (current["tasks"])
    )
    alone = normalize({"task": {**form("approve"), "workflow": "purchase"}}, current=current, prune=True)
    assert keys(alone.after) == ["approve", "order"]


def test_a_transition_to_a_pruned_task_is_an_error():
    document = purchase()
    del document["tasks"][1]
    assert errors(document, current=stored()) == []
    assert errors(document, current=stored(), prune=True) == [
        ("unknown_task", "/transitions/1/to"),
        ("unknown_task", "/transitions/3/from"),
    ]


def test_the_documents_order_holds_where_it_lists_everything():
    document = purchase()
    document["tasks"].reverse()
    assert keys(normalize(document, current=stored()).after) == ["order", "approve"]


def test_a_whole_list_without_transitions_is_a_sequence_but_a_part_of_it_is_not():
    current = stored()
    whole = normalize({"workflow": "purchase", "tasks": export(current)["tasks"]}, current=current)
    assert ways(whole.after) == [(None, "approve", None), ("approve", "order", None), ("order", None, None)]
    part = normalize({"workflow": "purchase", "tasks": export(current)["tasks"][:1]}, current=current)
    assert part.after["transitions"] == current["transitions"]
    assert "transitions" not in part.sections


def test_fields_and_tasks_that_are_stored_are_known():
    current = stored()
    ticket = {"ticket": {"key": "t2", "title": "T", "workflow": "purchase", "fields": {"amount": 3, "approved": None}}}
    assert errors(ticket, current=current) == []
    assert errors({"ticket": {**ticket["ticket"], "fields": {"nothing": None}}}, current=current) == [
        ("unknown_field", "/ticket/fields/nothing")
    ]
    transitions = {"workflow": "purchase", "transitions": [{"from": "order", "to": "approve"}]}
    assert errors(transitions, current=current) == []
    assert errors({**transitions, "transitions": [{"from": "order", "to": "gone"}]}, current=current) == [
        ("unknown_task", "/transitions/0/to")
    ]


def test_paths_of_other_forms_lead_to_what_was_written():
    document = {
        "name": "Intake",
        "steps": [{"id": "a", "name": "A", "fields": ["x"]}, {"id": "b", "name": "B"}],
    }
    found = normalize(document)
    assert found.locate("/tasks/0/output_schema/properties/x/type") == "/steps/0/fields"
    assert found.locate("/tasks/1/title") == "/steps/1/name"
    assert found.locate("/workflow/guidelines") == "/guidelines"
    assert found.locate("/workflow/key") == "/name"
    assert found.locate("/tickets/0/title") == "/name"
    later = normalize({**document, "steps": document["steps"][1:]}, current=found.bundle)
    assert keys(later.after) == ["a", "b"]
    assert later.locate("/tasks/1/title") == "/steps/0/name"
    assert later.locate("/tasks/0/title") == "/tasks/0/title"


def test_nothing_that_was_stored_is_written_to():
    current = stored()
    before = repr(current)
    normalize({"workflow": "purchase", "tasks": [form("new")], "transitions": []}, current=current, prune=True)
    assert repr(current) == before
