"""Start, end, splits, events, settings, schemas, templates and ticket types."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from typing import Any

from workflow_design.kernel.document import export, normalize
from workflow_design.kernel.structure import assumptions, check
from workflow_design.kernel.tests.each import each
from workflow_design.kernel.tests.structure_cases import DOCUMENT, document, found, of_task, problems
from workflow_design.kernel.tests.test_examples import FILES, bundle_of


def form(key: str, **values: Any) -> dict[str, Any]:
    return {"key": key, "title": key, "task_type": "FORM", **values}


def flow(*ways: str, **gates: Any) -> dict[str, Any]:
    """`a>b` leads from a to b; `-` is the start or the end."""
    pairs = [way.split(">") for way in ways]
    keys = [key for key in dict.fromkeys(key for pair in pairs for key in pair) if key != "-"]
    return {
        "workflow": {"key": "w", "title": "W"},
        "tasks": [form(key, **gates.get(key, {})) for key in keys],
        "transitions": [{"from": None if a == "-" else a, "to": None if b == "-" else b} for a, b in pairs],
    }


def test_nothing_is_said_about_the_document():
    assert found(document()) == []


@each("name", FILES)
def test_nothing_is_said_about_the_examples(name):
    assert check(bundle_of(name)) == []


def test_the_bundle_is_only_read():
    bundle = normalize(DOCUMENT).after
    before = deepcopy(bundle)
    assert check(bundle) == check(bundle) == []
    assert bundle == before


def test_paths_point_into_the_exported_document():
    changed = document()
    changed["tasks"][0]["input_schema"]["properties"]["amuont"] = {}
    ((_, code, path),) = found(changed)
    part: Any = export(normalize(changed).after)
    for step in path.split("/")[1:]:
        part = part[int(step)] if isinstance(part, list) else part[step]
    assert (code, part) == ("unknown_field", {})


# --- start, end, ways ---


@each(
    "document, expected",
    [
        ({"workflow": {"key": "w", "title": "W"}}, [("error", "no_tasks", "/tasks")]),
        (flow("->a", "a>-"), []),
        (flow("a>b"), []),
        (flow("->a", "a>b", "b>a", "b>-"), []),
        (flow("a>b", "b>a", "b>-"), [("error", "no_start", "/transitions")]),
        (flow("->a", "a>b", "b>a"), [("error", "no_end", "/transitions")]),
        (flow("->a", "a>-", "b>-"), [("error", "unreachable_task", "/tasks/1")]),
        (flow("->a", "a>-", "b>c", "c>b"), [("error", "unreachable_task", f"/tasks/{n}") for n in (1, 2)]),
        (flow("->a", "a>-", "a>b", "b>c", "c>b"), [("error", "no_way_to_end", f"/tasks/{n}") for n in (1, 2)]),
        (flow("a>b", "b>a"), [("error", "no_start", "/transitions"), ("error", "no_end", "/transitions")]),
    ],
)
def test_start_end_and_what_lies_between(document, expected):
    assert found(document) == expected


def test_a_way_of_any_event_counts():
    changed = flow("->a", "a>-", "a>b", "b>-", a={"due_in_seconds": 60})
    changed["transitions"][2]["on_event"] = "timeout"
    assert found(changed) == []


def test_a_start_that_conditions_may_forbid_counts():
    changed = flow("->a", "a>-")
    changed["workflow"]["fields"] = [{"FieldName": "x", "FieldType": "boolean"}]
    changed["transitions"][0]["condition"] = {"var": "x"}
    assert found(changed) == []


# --- splits and events ---


def test_a_parallel_split_has_neither_conditions_nor_defaults():
    changed = document()
    changed["tasks"][0]["split"] = "parallel"
    assert found(changed) == [
        ("error", "condition_on_parallel", "/transitions/1/condition"),
        ("error", "default_on_parallel", "/transitions/2/is_default"),
    ]
    assert [(problem.task, problem.transition) for problem in problems(changed)] == [("approve", 1), ("approve", 2)]
    del changed["transitions"][2]["is_default"]
    changed["transitions"][1]["condition"] = True
    assert found(changed) == []


def with_event(place, event, **values):
    changed = document()
    changed["tasks"][place].update(values)
    changed["transitions"].append({"from": changed["tasks"][place]["key"], "to": None, "on_event": event})
    path = f"/transitions/{len(changed['transitions']) - 1}"
    return [(severity, code) for severity, code, where in found(changed) if where == f"{path}/on_event"]


@each(
    "place, event, values, expected",
    [
        (0, "timeout", {"due_in_seconds": 60}, []),
        (0, "timeout", {}, [("error", "timeout_without_limit")]),
        (0, "timeout", {"timeout_seconds": 60}, [("error", "timeout_without_limit")]),
        (0, "error", {}, [("warning", "event_never_occurs")]),
        (1, "timeout", {}, []),
        (1, "timeout", {"timeout_seconds": None, "due_in_seconds": 60}, [("error", "timeout_without_limit")]),
        (1, "error", {}, []),
        (1, "error", {"action": "compute"}, []),
        (1, "timeout", {"action": "compute"}, [("warning", "event_never_occurs")]),
    ],
)
def test_events_that_can_occur(place, event, values, expected):
    assert with_event(place, event, **values) == expected


def test_too_many_inclusive_joins():
    def ladder(size):
        keys = [f"t{number}" for number in range(size)]
        over = [f"{a}>{b}" for a, b in zip(keys, keys[2:], strict=False)]
        changed = flow("->t0", *map(">".join, pairwise(keys)), *over)
        for task in changed["tasks"]:
            task["join"] = "inclusive"
        return changed

    assert found(ladder(1_200)) == []
    assert found(ladder(1_400)) == [("error", "graph_refused", "")]


# --- what tasks set ---


@each(
    "place, values, expected",
    [
        (0, {"action_url": "https://x.example/"}, [("warning", "unused_setting", "/action_url")]),
        (0, {"integration": "crm"}, [("warning", "unused_setting", "/integration")]),
        (0, {"timeout_seconds": 5}, [("warning", "unused_setting", "/timeout_seconds")]),
        (0, {"retry_policy": {}}, [("warning", "unused_setting", "/retry_policy")]),
        (0, {"input_transform": {}}, [("warning", "unused_setting", "/input_transform")]),
        (0, {"output_transform": {}}, [("warning", "unused_setting", "/output_transform")]),
        (0, {"assignee_roles": ["x"], "assignment_policy": "requester", "due_in_seconds": 5}, []),
        (1, {"assignee_roles": ["x"]}, [("warning", "unused_setting", "/assignee_roles")]),
        (1, {"assignment_policy": "requester"}, [("warning", "unused_setting", "/assignment_policy")]),
        (1, {"due_in_seconds": 5}, [("warning", "unused_setting", "/due_in_seconds")]),
        (1, {"action_url": ""}, [("error", "missing_setting", "/action_url")]),
        (1, {"action_url": "", "integration": "shop"}, []),
        (1, {"action": "jira.create_issue", "action_url": "", "integration": "jira"}, []),
        (1, {"action": "jira.create_issue", "action_url": ""}, [("error", "missing_setting", "/integration")]),
        (
            1,
            {"action": "jira.create_issue", "integration": "jira"},
            [("warning", "unused_setting", "/action_url")],
        ),
        (
            1,
            {
                "action": "compute",
                **dict.fromkeys(["action_url", "input_transform", "timeout_seconds"]),
                "output_transform": {"code": "x"},
            },
            [],
        ),
        (
            1,
            {
                "action": "compute",
                "task_type": "ASYNC_ACTION",
                **dict.fromkeys(["action_url", "input_transform", "timeout_seconds", "output_transform"]),
            },
            [("error", "missing_setting", "/output_transform"), ("error", "callback_never_comes", "/task_type")],
        ),
        (1, {"action": "workflow", "action_url": "", "input_transform": {"workflow": "pay", "data": {}}}, []),
        (
            1,
            {"action": "workflow", "action_url": "", "input_transform": {"data": {}}},
            [("error", "missing_setting", "/input_transform")],
        ),
        (
            1,
            {"action": "workflow", "action_url": "", "input_transform": {"workflow": {"$": {"var": "city"}}}},
            [("error", "missing_setting", "/input_transform")],
        ),
    ],
)
def test_settings(place, values, expected):
    assert of_task(place, **values) == expected


def test_a_workflow_that_starts_itself():
    changed = document()
    changed["workflow"] |= {"end_action_type": "workflow", "end_action": {"workflow": "trip"}}
    assert found(changed) == [("warning", "starts_itself", "/workflow/end_action/workflow")]
    changed["workflow"]["end_action"] = {"workflow": "other"}
    assert found(changed) == []


# --- schemas ---


def schema(required=(), **properties):
    return {"type": "object", "required": list(required), "properties": properties}


def inputs(**properties):
    return {"input_schema": schema(**properties)}


def outputs(*required, **properties):
    return {"output_schema": schema(required, **properties)}


@each(
    "values, code, path",
    [
        (inputs(amuont={}), "unknown_field", "/input_schema/properties/amuont"),
        (inputs(amount={"type": "string"}), "field_type_clash", "/input_schema/properties/amount"),
        (inputs(amount={"type": ["number", "null"]}, city={}, nights={"type": "number"}), None, None),
        (inputs(leaves={"type": "string"}, approved={"type": "boolean"}), None, None),
        (
            inputs(leaves={"type": "string", "format": "date-time"}),
            "field_type_clash",
            "/input_schema/properties/leaves",
        ),
        (outputs("approvd", approved={}), "impossible_schema", "/output_schema/required/0"),
        ({"output_schema": {"type": "array", "items": {}}}, "impossible_schema", "/output_schema"),
        (outputs(amount={"type": "string"}), "field_type_clash", "/output_schema/properties/amount"),
        (outputs(**{"a b": {}}), "bad_field_name", "/output_schema/properties/a b"),
    ],
)
def test_schemas_of_tasks(values, code, path):
    said = [one for one in of_task(0, **values) if one[2].startswith(f"/{next(iter(values))}")]
    assert said == ([] if code is None else [("error", code, path)])


@each(
    "state_schema, expected",
    [
        (schema(["amount", "approved"]), []),
        (schema(["amuont"]), [("error", "impossible_schema", "/workflow/state_schema/required/0")]),
        (schema(amuont={}), [("error", "unknown_field", "/workflow/state_schema/properties/amuont")]),
        (schema(["gone"], gone={}), [("error", "unknown_field", "/workflow/state_schema/properties/gone")]),
        (
            schema(amount={"type": "string"}),
            [("error", "field_type_clash", "/workflow/state_schema/properties/amount")],
        ),
        ({"type": "array"}, [("error", "impossible_schema", "/workflow/state_schema")]),
        ({"type": "object", "required": ["code"]}, []),
    ],
)
def test_the_state_schema(state_schema, expected):
    changed = document()
    changed["workflow"]["state_schema"] = state_schema
    assert found(changed) == expected


# --- templates ---


def output(template, **values):
    said = of_task(1, output_transform=template, **values)
    return [(severity, code, path.removeprefix("/output_transform")) for severity, code, path in said]


BODY = {"$": {"var": "body.code"}}


@each(
    "template, expected",
    [
        ({"code": BODY, "state": {"$": {"var": "body.state"}}}, []),
        ({"code": BODY, "state": {"$?": {"var": "body.state"}}}, []),
        ({"$": {"var": "body"}}, []),
        ({"$literal": {"code": "x"}}, []),
        ({"code": {"$": {"var": "headers.x"}}}, []),
        ({"code": {"$": {"var": "_data.city"}}}, []),
        ({"code": {"$": {"cat": [{"var": "_ticket.number"}, {"var": "_task.key"}]}}}, []),
        ({"code": BODY, "stat": "open"}, [("error", "unknown_output", "/stat")]),
        ({"state": "open"}, [("error", "missing_output", "")]),
        ([BODY], [("error", "impossible_output", "")]),
        ("x", [("error", "impossible_output", "")]),
        ({"$": {"cat": ["x"]}}, [("error", "impossible_output", "")]),
        ({"code": 5}, [("error", "type_mismatch", "/code")]),
        ({"code": None}, [("error", "type_mismatch", "/code")]),
        ({"code": {"$": {"var": "status"}}}, [("error", "type_mismatch", "/code")]),
        ({"code": {"$": {"var": "_data.nights"}}}, [("error", "type_mismatch", "/code")]),
        ({"code": [BODY]}, [("error", "type_mismatch", "/code")]),
        ({"code": BODY, "state": "opened"}, [("error", "unknown_option", "/state")]),
        (
            {"code": BODY, "state": {"$": {"if": [{"var": "body.ok"}, "ok", "bad"]}}},
            [("error", "unknown_option", "/state")],
        ),
        ({"code": BODY, "state": {"$": {"if": [{"var": "body.ok"}, "done", "bad"]}}}, []),
        ({"code": {"$": {"var": "city"}}}, [("error", "unknown_variable", "/code/$/var")]),
        ({"code": {"$": {"var": "_data.citty"}}}, [("error", "unknown_variable", "/code/$/var")]),
        (
            {"code": {"$?": {"===": [{"var": "status"}, "200"]}}},
            [("error", "type_mismatch", "/code/$?"), ("error", "type_mismatch", "/code")],
        ),
    ],
)
def test_what_an_output_transform_makes(template, expected):
    assert output(template) == expected


def test_of_a_compute_there_is_no_answer():
    plain = dict.fromkeys(["action_url", "input_transform", "timeout_seconds"])
    assert output({"code": BODY}, action="compute", **plain) == [("error", "unknown_variable", "/code/$/var")]
    assert output({"code": {"$": {"var": "_data.city"}}}, action="compute", **plain) == []


def test_without_an_output_schema_nothing_is_kept():
    said = of_task(1, output_schema={})
    assert said == [("warning", "output_not_kept", "/output_transform/code")]


@each(
    "template, expected",
    [
        ({"n": {"$": {"var": "_ticket.number"}}, "t": {"$": {"var": "_task.key"}}}, []),
        ({"rows": {"$map": [{"var": "reasons"}, {"because": {"$": {"var": "why"}}}]}}, []),
        ({"$literal": {"$": {"var": "nothing"}}}, []),
        ({"a": [{"$": {"var": "amuont"}}]}, [("error", "unknown_variable", "/a/0/$/var")]),
        ({"a": {"$": {"var": "body"}}}, [("error", "unknown_variable", "/a/$/var")]),
        ({"$map": [{"var": "city"}, {}]}, [("error", "not_a_list", "/$map/0")]),
        ({"$map": [{"var": "reasons"}, {"$": {"var": "how"}}]}, [("warning", "unknown_property", "/$map/1/$/var")]),
    ],
)
def test_what_an_input_transform_reads(template, expected):
    said = of_task(1, input_transform=template)
    assert [(severity, code, path.removeprefix("/input_transform")) for severity, code, path in said] == expected


def test_the_end_action_reads_fields():
    changed = document()
    for name, action in (("data", {"workflow": "pay"}), ("body", {"url": "https://x.example/"})):
        changed["workflow"]["end_action_type"] = "workflow" if name == "data" else "api_call"
        for variable, codes in (("amount", []), ("amuont", ["unknown_variable"]), ("_task", ["unknown_variable"])):
            changed["workflow"]["end_action"] = {**action, name: {"x": {"$": {"var": variable}}}}
            assert [code for _, code, _ in found(changed)] == codes


# --- ticket types ---


def test_required_fields_that_nobody_asks_for():
    changed = document()
    changed["tickets"][0]["fields"] = {}
    assert found(changed) == [("warning", "required_not_asked", "/workflow/fields/0/Required")]
    changed["tickets"].append({"key": "other", "title": "Other", "fields": {"amount": {"const": 5}}})
    assert found(changed) == [("warning", "required_not_asked", "/tickets/0/fields")]
    changed["tasks"][0]["output_schema"]["properties"]["amount"] = {"type": "number"}
    assert found(changed) == []
    changed = document()
    changed["tickets"] = []
    assert found(changed) == []


def test_a_ticket_type_left_behind_by_a_change_of_the_fields():
    bundle = normalize(document()).after
    bundle["workflow"] = {**bundle["workflow"], "fields": bundle["workflow"]["fields"][1:]}
    said = [(problem.code, problem.path) for problem in check(bundle)]
    assert ("unknown_field", "/tickets/0/fields/amount") in said


# --- assumptions ---


def test_assumptions_are_those_that_apply():
    assert assumptions(normalize(flow("->a", "a>-")).after) == [
        "People act: every form that opens can be filled in, and is completed some day."
    ]
    assert len(assumptions(normalize(flow("->a", "a>b", "b>a", "b>-")).after)) == 2
    changed = document()
    changed["tasks"][1]["task_type"] = "ASYNC_ACTION"
    said = [[sentence.split()[0] for sentence in assumptions(normalize(one).after)] for one in (document(), changed)]
    assert said[0] == ["People", "Every", "Calls", "What", "Where", "Templates", "Runs"]
    assert said[1] == ["People", "Every", "Calls", "Callbacks", "What", "Where", "Templates", "Runs"]
    assert assumptions(normalize({"workflow": {"key": "w", "title": "W"}}).after) == []


def test_assumptions_name_calls_child_runs_and_loops_of_tasks_that_compute():
    def first_words(**values):
        task = {"key": "a", "task_type": "SYNC_ACTION", "timeout_seconds": 5, **values}
        ways = [{"from": None, "to": "a"}, *({"from": "a", "to": to, "on_event": on} for on, to in exits.items())]
        found = normalize({"workflow": {"key": "w", "title": "W"}, "tasks": [task], "transitions": ways})
        return [" ".join(sentence.split()[:2]) for sentence in assumptions(found.after)]

    exits = {"completed": None}
    assert first_words() == ["Every call", "Calls succeed"]
    assert first_words(action="workflow") == ["Every call", "Calls succeed", "Runs of"]
    exits = {"completed": None, "error": None}
    assert first_words() == ["Every call", "Calls succeed"]
    assert first_words(timeout_seconds=None) == ["Every call"]
    exits["timeout"] = None
    assert first_words() == ["Every call"]
    exits = {"completed": "a"}
    compute = {"action": "compute", "output_transform": {}, "timeout_seconds": None}
    assert first_words(**compute) == ["Loops end:", "At most"]
