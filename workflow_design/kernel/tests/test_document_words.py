"""What changed, in sentences."""

from __future__ import annotations

import copy
from typing import Any

from workflow_design.kernel.document import diff, normalize
from workflow_design.kernel.document.words import sentences
from workflow_design.kernel.tests.each import each

BASE: dict[str, Any] = {
    "workflow": {
        "key": "leave",
        "title": "Leave",
        "fields": [
            {"FieldName": "days", "FieldType": "integer"},
            {"FieldName": "region", "FieldType": "string"},
        ],
    },
    "tasks": [
        {
            "key": "ask",
            "title": "Ask",
            "task_type": "FORM",
            "assignee_roles": ["manager"],
            "output_schema": {"type": "object", "properties": {"fine": {"type": "boolean"}, "why": {"type": "string"}}},
        },
        {"key": "plan", "title": "Plan", "task_type": "FORM"},
        {"key": "tell", "title": "Tell", "task_type": "FORM"},
    ],
    "transitions": [
        {"from": None, "to": "ask"},
        {"from": "ask", "to": "plan", "condition": {">": [{"var": "days"}, 3]}},
        {"from": "ask", "to": "tell", "is_default": True},
        {"from": "plan", "to": "tell"},
        {"from": "tell", "to": None},
    ],
    "tickets": [{"key": "leave", "title": "Leave request", "fields": {"days": None}}],
}


def changed(*steps: tuple[Any, ...]) -> list[str]:
    """The sentences after `steps`: (path…, key, value) sets, REMOVED removes, the key "+" appends."""
    document = copy.deepcopy(BASE)
    for *path, key, value in steps:
        part: Any = document
        for step in path:
            part = part[step]
        if value is REMOVED:
            del part[key]
        elif key == "+":
            part.append(value)
        else:
            part[key] = value
    before, after = normalize(BASE).bundle, normalize(document).bundle
    assert not normalize(document).errors
    changes = diff(before, after)
    found = sentences(changes, before, after)
    assert len(found) == len(changes)
    return found


REMOVED = object()


@each(
    "step, expected",
    [
        (("workflow", "title", "Holidays"), 'Workflow: title changed from "Leave" to "Holidays".'),
        (("workflow", "guidelines", "Be kind."), 'Workflow: guidelines changed from nothing to "Be kind.".'),
        (("workflow", "guidelines", "x" * 200), "Workflow: guidelines changed."),
        (("workflow", "fields", 1, REMOVED), 'Workflow: fields changed: "region" removed.'),
        (("workflow", "fields", 1, "FieldType", "text"), 'Workflow: fields changed: "region" changed.'),
        (
            ("workflow", "fields", "+", {"FieldName": "until", "FieldType": "date"}),
            'Workflow: fields changed: "until" added.',
        ),
        (("tasks", 0, "title", "Decide"), 'Task "Decide": title changed from "Ask" to "Decide".'),
        (("tasks", 0, "due_in_seconds", 3600), 'Task "Ask": due in seconds changed from nothing to 3600.'),
        (("tasks", 0, "assignee_roles", []), 'Task "Ask": assignee roles changed from manager to nothing.'),
        (
            ("tasks", 0, "assignee_roles", ["manager", "boss"]),
            'Task "Ask": assignee roles changed from manager to manager, boss.',
        ),
        (
            ("tasks", 0, "output_schema", "properties", {"fine": {"type": "boolean"}, "note": {"type": "string"}}),
            'Task "Ask": output schema changed: "note" added, "why" removed.',
        ),
        (
            ("tasks", 1, "output_schema", {"type": "object", "properties": {"x": {"type": "integer"}}}),
            'Task "Plan": output schema changed: "x" added.',
        ),
        (("tasks", 1, "title", "Tell"), 'Task "Tell" (plan): title changed from "Plan" to "Tell".'),
        (
            ("transitions", 1, "condition", {">=": [{"var": "days"}, 5]}),
            'Transition from "Ask" to "Plan": condition changed from days > 3 to days ≥ 5.',
        ),
        (
            ("transitions", 1, "condition", REMOVED),
            'Transition from "Ask" to "Plan": condition changed from days > 3 to always.',
        ),
        (("transitions", 2, "is_default", False), 'Transition from "Ask" to "Tell": default changed from yes to no.'),
        (("transitions", 3, "priority", 2), 'Transition from "Plan" to "Tell": priority changed from 0 to 2.'),
        (
            ("transitions", "+", {"from": "ask", "to": None, "condition": {"var": "fine"}}),
            'Transition from "Ask" to the end added, taken when fine.',
        ),
        (
            ("transitions", "+", {"from": "plan", "to": "ask", "on_event": "timeout"}),
            'Transition from "Plan" to "Ask" on timeout added.',
        ),
        (
            ("transitions", "+", {"from": "plan", "to": None, "is_default": True}),
            'Transition from "Plan" to the end added, taken when no other is.',
        ),
        (("transitions", 0, REMOVED), 'Transition from the start to "Ask" removed.'),
        (
            ("tickets", 0, "fields", {"region": "EU"}),
            'Ticket type "Leave request": fields changed: "region" added, "days" removed.',
        ),
        (("tickets", 0, "title", "Off"), 'Ticket type "Off": title changed from "Leave request" to "Off".'),
        (("tickets", 0, REMOVED), 'Ticket type "Leave request" removed.'),
        (("tickets", "+", {"key": "sick", "title": "Sick note"}), 'Ticket type "Sick note" added.'),
    ],
)
def test_one_change(step, expected):
    assert changed(step) == [expected]


def test_tasks_that_come_and_go():
    assert changed(
        ("tasks", 1, REMOVED),
        ("tasks", "+", {"key": "rest", "title": "Rest", "task_type": "FORM"}),
        ("transitions", 3, REMOVED),
        ("transitions", 1, REMOVED),
    ) == [
        'Task "Plan" removed.',
        'Task "Rest" added.',
        'Transition from "Ask" to "Plan" removed.',
        'Transition from "Plan" to "Tell" removed.',
    ]


def test_another_order():
    tasks, links = BASE["tasks"], BASE["transitions"]
    assert changed(("tasks", [tasks[2], *tasks[:2]]), ("transitions", links[::-1])) == [
        'Tasks: order changed to "Tell", "Ask", "Plan".',
        "Transitions: order changed.",
    ]


def test_everything_is_new():
    bundle = normalize(BASE).bundle
    found = sentences(diff(None, bundle), None, bundle)
    assert found[:2] == ['Workflow "Leave" added.', 'Task "Ask" added.']
    assert len(found) == 1 + 3 + 5 + 1


def test_many_names_are_counted():
    fields = [{"FieldName": f"f{number}", "FieldType": "string"} for number in range(30)]
    (found,) = changed(("workflow", "fields", [*BASE["workflow"]["fields"], *fields]))
    assert found.endswith('"f19" added, 10 more.')
