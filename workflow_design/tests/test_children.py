"""Workflows that run one another: what publishing says of those that can't come to an end, and of those that can."""

import pytest

from workflow_design.tests.documents import UPLOAD, WORKFLOWS

pytestmark = pytest.mark.usefixtures("cast")

DEEP = {"===": [{"var": "deep"}, True]}


def document(key, *runs, links, **gates):
    """A workflow of `decide` and a task for each workflow that it runs; links as (from, to, values)."""
    tasks = [
        {
            "key": "decide",
            "title": "Decide",
            "task_type": "FORM",
            "output_schema": {"type": "object", "required": ["deep"], "properties": {"deep": {"type": "boolean"}}},
            **gates,
        }
    ]
    for child in runs:
        task = {"key": f"run-{child}", "title": child, "task_type": "SYNC_ACTION", "action": "workflow"}
        tasks.append({**task, "input_transform": {"workflow": child}})
    return {
        "format": "ticketflower/1",
        "workflow": {"key": key, "title": key.title()},
        "tasks": tasks,
        "transitions": [{"from": link[0], "to": link[1], **(link[2] if len(link) > 2 else {})} for link in links],
    }


def choosing(key, child):
    """`decide` runs `child` or ends."""
    return document(
        key,
        child,
        links=[
            (None, "decide"),
            ("decide", f"run-{child}", {"condition": DEEP}),
            ("decide", None, {"is_default": True}),
        ],
    )


def always(key, child, *more, **gates):
    """`decide` leads to a run of `child`, always."""
    return document(key, child, links=[(None, "decide"), ("decide", f"run-{child}"), *more], **gates)


@pytest.fixture
def said(alice):
    """`said(document)`: what validating finds of workflows that run others, as (severity, code, task)."""

    def said(made):
        pk = alice.post(UPLOAD, made).json()["workflow"]["id"]
        found = alice.post(f"{WORKFLOWS}{pk}/validate/").json()["problems"]
        return [
            (problem["severity"], problem["code"], problem.get("task"))
            for problem in found
            if problem["code"] in ("endless_recursion", "recursion_bounded", "child_not_active", "unknown_workflow")
        ]

    return said


def publish(alice, made):
    pk = alice.post(UPLOAD, made).json()["workflow"]["id"]
    return alice.post(f"{WORKFLOWS}{pk}/publish/", {"accept_unproved": True})


def test_a_workflow_that_may_run_itself(said):
    assert said(choosing("tree", "tree")) == [("warning", "recursion_bounded", "run-tree")]


def test_one_that_always_does_is_refused(said, alice):
    made = always("tree", "tree")
    assert said(made) == [("error", "endless_recursion", "run-tree")]
    answer = publish(alice, made)
    assert answer.status_code == 422
    (problem,) = [one for one in answer.json()["problems"] if one["code"] == "endless_recursion"]
    assert problem["path"] == "/tasks/1/input_transform/workflow"
    assert problem["message"].startswith('No run of "tree" can end: ')


@pytest.mark.parametrize("split", ["parallel", "inclusive"])
def test_a_way_beside_the_task_does_not_help_where_both_are_taken(said, split):
    made = always("tree", "tree", ("decide", None), split=split)
    assert said(made) == [("error", "endless_recursion", "run-tree")]


@pytest.mark.parametrize("event", ["error", "timeout"])
def test_a_transition_for_its_failure_is_a_way_to_the_end(said, event):
    made = always("tree", "tree", ("run-tree", None, {"on_event": event}))
    made["tasks"][1]["timeout_seconds"] = 60
    assert said(made) == [("warning", "recursion_bounded", "run-tree")]


def test_through_another_workflow(said, alice):
    assert publish(alice, document("a", links=[(None, "decide"), ("decide", None)])).status_code == 201
    assert publish(alice, always("b", "a")).status_code == 201
    assert said(always("a", "b")) == [("error", "endless_recursion", "run-b")]
    assert said(choosing("a", "b")) == [("warning", "recursion_bounded", "run-b")]
    assert publish(alice, choosing("a", "b")).status_code == 201
    # The other one now leads back as well, and can end, for the first one can.
    assert said(always("b", "a")) == [("warning", "recursion_bounded", "run-a")]


def test_a_workflow_that_does_not_lead_back(said, alice):
    leaf = {"workflow": {"key": "leaf", "title": "L"}, "tasks": [{"key": "t", "title": "T", "task_type": "FORM"}]}
    assert publish(alice, leaf).status_code == 201
    assert said(always("root", "leaf")) == []


def test_one_that_takes_no_runs(said, alice):
    leaf = {"workflow": {"key": "leaf", "title": "L"}, "tasks": [{"key": "t", "title": "T", "task_type": "FORM"}]}
    pk = alice.post(UPLOAD, leaf).json()["workflow"]["id"]
    assert said(always("root", "leaf")) == [("warning", "child_not_active", "run-leaf")]
    assert publish(alice, leaf).status_code == 201
    assert said(always("root", "leaf")) == []
    assert alice.post(f"{WORKFLOWS}{pk}/archive/").status_code == 200
    assert said(always("root", "leaf")) == [("warning", "child_not_active", "run-leaf")]
    assert said(always("trunk", "nobody")) == [("error", "unknown_workflow", "run-nobody")]
