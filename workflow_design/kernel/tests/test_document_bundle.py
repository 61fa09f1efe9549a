"""The bundle document: its normal form, and everything wrong with one at once."""

from __future__ import annotations

import copy

from workflow_design.kernel.document import (
    check_task,
    check_transition,
    check_workflow,
    normalize,
    read_entity,
    workflow_key,
)
from workflow_design.kernel.tests.documents import errors, form, purchase
from workflow_design.kernel.tests.each import each


def with_task(**task):
    return {"workflow": {"key": "w", "title": "W"}, "tasks": [{**form("a"), **task}]}


def with_transition(**transition):
    return {
        "workflow": {"key": "w", "title": "W"},
        "tasks": [form("a"), form("b")],
        "transitions": [{"from": None, "to": "a"}, transition],
    }


def test_the_contracts_example():
    document = purchase()
    before = copy.deepcopy(document)
    found = normalize(document)
    assert document == before
    assert found.problems == []
    assert found.sections == {"workflow", "tasks", "transitions", "tickets"}
    assert found.after is found.bundle
    assert list(found.bundle) == ["format", "workflow", "tasks", "transitions", "tickets"]
    assert found.bundle["workflow"] == {
        "key": "purchase",
        "title": "Purchase approval",
        "description": "",
        "ext_ref": [],
        "fields": [{"FieldName": "amount", "FieldType": "number", "Required": True}],
        "state_schema": {},
        "guidelines": "",
        "display_layout": "",
        "end_action_type": "none",
        "end_action": None,
    }
    assert list(found.bundle["tasks"][1].items()) == [
        ("key", "order"),
        ("title", "Place order"),
        ("description", ""),
        ("ext_ref", []),
        ("task_type", "SYNC_ACTION"),
        ("input_schema", {}),
        ("output_schema", {}),
        ("edit_layout", ""),
        ("display_layout", ""),
        ("action", "http"),
        ("integration", None),
        ("action_url", "https://shop.example/orders"),
        ("input_transform", {"total": {"$": {"var": "amount"}}}),
        ("output_transform", {"order_id": {"$": {"var": "body.id"}}}),
        ("timeout_seconds", None),
        ("retry_policy", None),
        ("split", "exclusive"),
        ("join", "exclusive"),
        ("assignee_roles", []),
        ("assignment_policy", "claim"),
        ("due_in_seconds", None),
    ]
    assert found.bundle["tasks"][0]["action"] is None
    assert list(found.bundle["transitions"][2].items()) == [
        ("from", "approve"),
        ("to", None),
        ("condition", None),
        ("priority", 0),
        ("is_default", True),
        ("on_event", "completed"),
    ]
    assert list(found.bundle["tickets"][0].items()) == [
        ("key", "purchase"),
        ("title", "Purchase request"),
        ("description", ""),
        ("ext_ref", []),
        ("fields", {"amount": None}),
        ("company_role_access", ["buyer"]),
        ("edit_layout", ""),
        ("display_layout", ""),
    ]


def test_every_mistake_in_one_pass():
    assert errors(
        {
            "format": "ticketflower/2",
            "workflow": {"key": "A b", "title": " ", "ext_ref": [{"URI": "javascript:alert(1)"}], "state_schema": 3},
            "tasks": [
                {"key": "a", "title": "A", "task_type": "FROM", "timeout_seconds": 0, "split": "both"},
                {"key": "a", "title": "x" * 256, "task_type": "FORM", "output_schema": {"type": "strin"}},
                7,
            ],
            "transitions": [
                {"from": None, "to": "nowhere", "condition": {"frobnicate": []}},
                {"from": "a", "to": None, "priority": "high", "is_default": "yes"},
                {"to": "a"},
            ],
            "tickets": [{"key": "t", "title": "T", "fields": {"nothing": None}, "company_role_access": "buyer"}],
        }
    ) == [
        ("bad_format", "/format"),
        ("bad_key", "/workflow/key"),
        ("blank", "/workflow/title"),
        ("bad_url", "/workflow/ext_ref/0/URI"),
        ("wrong_type", "/workflow/state_schema"),
        ("not_an_option", "/tasks/0/task_type"),
        ("out_of_range", "/tasks/0/timeout_seconds"),
        ("not_an_option", "/tasks/0/split"),
        ("too_long", "/tasks/1/title"),
        ("schema_invalid", "/tasks/1/output_schema/type"),
        ("wrong_type", "/tasks/2"),
        ("unknown_operator", "/transitions/0/condition/frobnicate"),
        ("wrong_type", "/transitions/1/priority"),
        ("wrong_type", "/transitions/1/is_default"),
        ("required", "/transitions/2/from"),
        ("wrong_type", "/tickets/0/company_role_access"),
        ("duplicate", "/tasks/1/key"),
        ("unknown_task", "/transitions/0/to"),
        ("unknown_field", "/tickets/0/fields/nothing"),
    ]


@each("key", ["a", "0", "a-b_c", "a" * 64, "7-eleven"])
def test_keys(key):
    assert errors(with_task(key=key)) == []


@each("key", ["", "A", "-a", "a-", "_a", "a b", "ä", "a" * 65, "a\n", 3, None, ["a"]])
def test_what_is_no_key(key):
    assert [path for _, path in errors(with_task(key=key))] == ["/tasks/0/key"]


def test_unknown_keys_are_warnings_with_the_nearest_known_one():
    found = normalize(with_task(asignee_roles=["x"], nonsense_at_all=1) | {"transitons": []})
    assert found.errors == []
    assert [(problem.severity, problem.path, problem.message) for problem in found.unknown] == [
        (
            "warning",
            "/transitons",
            '"transitons" isn\'t a key of a document and is ignored; did you mean "transitions"?',
        ),
        (
            "warning",
            "/tasks/0/asignee_roles",
            '"asignee_roles" isn\'t a key of a task and is ignored; did you mean "assignee_roles"?',
        ),
        ("warning", "/tasks/0/nonsense_at_all", '"nonsense_at_all" isn\'t a key of a task and is ignored'),
    ]


@each(
    "values, expected",
    [
        ({"title": "two\nlines"}, [("bad_text", "/title")]),
        ({"title": None}, [("required", "/title")]),
        ({"title": 3}, [("wrong_type", "/title")]),
        ({"description": "x" * 20_001}, [("too_long", "/description")]),
        ({"edit_layout": "x" * 200_001}, [("too_long", "/edit_layout")]),
        ({"due_in_seconds": True}, [("wrong_type", "/due_in_seconds")]),
        ({"due_in_seconds": 1.5}, [("wrong_type", "/due_in_seconds")]),
        ({"due_in_seconds": 365 * 86_400 + 1}, [("out_of_range", "/due_in_seconds")]),
        ({"assignee_roles": ["a", "b", "a"]}, [("duplicate", "/assignee_roles/2")]),
        ({"assignee_roles": [" "]}, [("blank", "/assignee_roles/0")]),
        (
            {"ext_ref": [{"Label": 3, "URI": "/relative"}]},
            [("wrong_type", "/ext_ref/0/Label"), ("bad_url", "/ext_ref/0/URI")],
        ),
        ({"action": "http"}, [("not_allowed", "/action")]),
        ({"task_type": "SYNC_ACTION", "action": "jira"}, [("bad_action", "/action")]),
        ({"task_type": "SYNC_ACTION", "action": ["http"]}, [("bad_action", "/action")]),
        ({"input_schema": True}, [("wrong_type", "/input_schema")]),
        ({"output_transform": {"$": {"frob": 1}}}, [("unknown_operator", "/output_transform/$/frob")]),
        ({"retry_policy": {"max_attempts": 21}}, [("out_of_range", "/retry_policy/max_attempts")]),
        (
            {"retry_policy": {"initial_seconds": 60, "max_seconds": 30}},
            [("out_of_range", "/retry_policy/initial_seconds")],
        ),
        ({"integration": ""}, [("blank", "/integration")]),
        ("a", [("wrong_type", "")]),
    ],
)
def test_what_a_task_may_not_hold(values, expected):
    task = {**form("a"), **values} if isinstance(values, dict) else values
    assert [(problem.code, problem.path) for problem in check_task(task)] == expected
    assert [problem.path for problem in check_task(task, "/x")] == ["/x" + path for _, path in expected]


@each(
    "url",
    [
        "ftp://a.example",
        "//a.example",
        "shop/orders",
        "https://",
        "https://u:p@a.example/",
        "https://a b",
        "http://[::1",
        "http://a:x",
    ],
)
def test_action_urls_are_absolute_and_hold_no_secrets(url):
    assert [problem.code for problem in check_task(form("a", action_url=url))] == ["bad_url"]


def test_null_stands_for_an_empty_default():
    task, problems = read_entity(
        "task", form("a", description=None, ext_ref=None, output_schema=None, assignee_roles=None, action_url=None)
    )
    assert problems == []
    assert task == read_entity("task", form("a"))[0]


def test_one_point_zero_is_one():
    task, problems = read_entity(
        "task",
        form(
            "a", due_in_seconds=60.0, input_schema={"minimum": 1.0, "maximum": 1.5}, retry_policy={"max_attempts": 3.0}
        ),
    )
    assert problems == []
    assert (task["due_in_seconds"], type(task["due_in_seconds"])) == (60, int)
    assert repr(task["input_schema"]) == "{'minimum': 1, 'maximum': 1.5}"
    assert task["retry_policy"] == {"max_attempts": 3, "initial_seconds": 1, "max_seconds": 300, "multiplier": 2}


def test_a_condition_in_a_string_is_parsed_once():
    found = normalize(with_transition(**{"from": "a", "to": "b", "condition": '{">": [{"var": "x"}, 1.0]}'}))
    assert found.errors == []
    assert found.bundle["transitions"][1]["condition"] == {">": [{"var": "x"}, 1]}


@each(
    "transition, expected",
    [
        ({"from": "a", "to": "x"}, [("unknown_task", "/transitions/1/to")]),
        ({"from": "x", "to": "a"}, [("unknown_task", "/transitions/1/from")]),
        ({"from": None, "to": "a"}, [("duplicate", "/transitions/1")]),
        (
            {"from": "a", "to": "b", "is_default": True, "condition": {"var": "x"}},
            [("default_with_condition", "/transitions/1/condition")],
        ),
        ({"from": None, "to": "b", "on_event": "error"}, [("not_allowed", "/transitions/1/on_event")]),
        ({"from": "a", "to": "b", "condition": "{"}, [("condition_syntax", "/transitions/1/condition")]),
        ({"from": "a", "to": "b", "priority": -1}, [("out_of_range", "/transitions/1/priority")]),
        ({"from": "a", "to": "b", "on_event": "timeout"}, []),
        ({"from": "a", "to": "a"}, []),
    ],
)
def test_transitions(transition, expected):
    found = errors(with_transition(**transition))
    assert [path for _, path in found] == [path for _, path in expected]
    if expected and expected[0][0] != "condition_syntax":
        assert found == expected


def test_one_default_per_task_and_event():
    document = with_transition(**{"from": "a", "to": "b", "is_default": True})
    document["transitions"].append({"from": "a", "to": None, "is_default": True})
    document["transitions"].append({"from": "a", "to": "b", "is_default": True, "on_event": "timeout"})
    assert errors(document) == [("two_defaults", "/transitions/2/is_default")]


@each(
    "values, normal, expected",
    [
        ({}, ("none", None), []),
        ({"end_action_type": "tool_call"}, ("none", None), [("unsupported", "/end_action_type")]),
        ({"end_action_type": "email"}, ("none", None), [("not_an_option", "/end_action_type")]),
        ({"end_action": {"url": "x"}}, ("none", None), [("not_allowed", "/end_action")]),
        (
            {"end_action_type": "api_call", "end_action": {"url": "https://a.example/x", "body": {"a": 1}}},
            ("api_call", {"url": "https://a.example/x", "method": "POST", "integration": None, "body": {"a": 1}}),
            [],
        ),
        ({"end_action_type": "api_call"}, None, [("required", "/end_action/url")]),
        (
            {"end_action_type": "workflow", "end_action": {"workflow": "next"}},
            ("workflow", {"workflow": "next", "data": None}),
            [],
        ),
        ({"end_action_type": "workflow", "end_action": {"data": {"$": {"no": 1}}}}, None, None),
    ],
)
def test_end_actions(values, normal, expected):
    workflow, problems = read_entity("workflow", {"key": "w", "title": "W", **values})
    found = [(problem.code, problem.path) for problem in problems]
    if expected is None:
        assert found == [("unknown_operator", "/end_action/data/$/no"), ("required", "/end_action/workflow")]
    else:
        assert found == expected
    if normal:
        assert (workflow["end_action_type"], workflow["end_action"]) == normal


def test_access_has_no_order_and_may_be_empty():
    ticket, problems = read_entity("ticket", {"key": "t", "title": "T", "company_role_access": ["b", "a"]})
    assert problems == []
    assert ticket["company_role_access"] == ["a", "b"]
    assert read_entity("ticket", {"key": "t", "title": "T", "company_role_access": []})[0]["company_role_access"] == []
    assert read_entity("ticket", {"key": "t", "title": "T"})[0]["company_role_access"] == ["everyone"]
    refused = read_entity("ticket", {"key": "t", "title": "T", "company_role_access": None})[1]
    assert [problem.code for problem in refused] == ["wrong_type"]


@each("document", [None, 3, "x", [], {}, {"format": "ticketflower/1"}, {"tasks": []}])
def test_what_is_no_document(document):
    found = normalize(document)
    assert len(found.errors) == 1
    assert found.sections == frozenset()
    assert workflow_key(document) is None


@each("section", ["tasks", "transitions", "tickets"])
def test_sections_are_lists(section):
    assert errors({"workflow": {"key": "w", "title": "W"}, section: {"a": 1}}) == [("wrong_type", f"/{section}")]


def test_checks_of_single_rows_leave_warnings_out():
    assert check_workflow({"key": "w", "title": "W", "unknown": 1}) == []
    assert check_transition({"from": None, "to": "a", "workflow": 3}) == []
    assert [problem.code for problem in check_task({**form("a"), "description": "\0"})] == ["json_text"]


def test_answers_are_bounded():
    found = normalize({"workflow": {"key": "w", "title": "W"}, "tasks": [{"x": 1}] * 600})
    assert len(found.problems) == 501
    assert found.problems[-1].message == "1,900 more problems aren't listed"
    assert {problem.severity for problem in found.problems} == {"error"}
