"""The other forms of a document: one task or ticket type, steps, and the integration graph."""

from __future__ import annotations

from workflow_design.kernel.document import export, normalize, workflow_key
from workflow_design.kernel.fields import merged_fields
from workflow_design.kernel.tests.documents import errors, form, ways
from workflow_design.kernel.tests.each import each


def test_a_workflow_alone_is_a_bundle_without_tasks():
    found = normalize({"workflow": {"key": "w", "title": "W"}})
    assert found.errors == []
    assert found.sections == {"workflow"}
    assert (found.bundle["tasks"], found.bundle["transitions"], found.bundle["tickets"]) == ([], [], [])


def test_one_task():
    found = normalize({"task": {**form("a"), "workflow": "w", "titel": "x", "split": "no"}})
    assert found.sections == {"tasks"}
    assert found.bundle["workflow"]["key"] == "w"
    assert [task["key"] for task in found.bundle["tasks"]] == ["a"]
    assert found.bundle["transitions"] == []
    assert [(problem.code, problem.path) for problem in found.problems] == [
        ("unknown_key", "/task/titel"),
        ("not_an_option", "/task/split"),
    ]
    assert workflow_key({"task": {**form("a"), "workflow": "w"}}) == "w"


def test_one_ticket_type():
    found = normalize({"ticket": {"key": "t", "title": "T", "workflow": "w"}})
    assert (found.errors, found.sections) == ([], {"tickets"})
    assert found.bundle["tickets"][0]["company_role_access"] == ["everyone"]


@each(
    "document, expected",
    [
        ({"task": form("a")}, [("required", "/task/workflow")]),
        ({"task": {**form("a"), "workflow": "A B"}}, [("bad_key", "/task/workflow")]),
        ({"task": 3}, [("wrong_type", "/task")]),
        ({"task": {**form("a"), "workflow": "w"}, "tickets": []}, [("not_allowed", "/task")]),
        ({"workflow": 3, "tasks": []}, [("wrong_type", "/workflow")]),
        ({"workflow": "No", "tasks": []}, [("bad_key", "/workflow")]),
    ],
)
def test_mistakes_in_a_single_part(document, expected):
    assert errors(document) == expected


def test_a_bundle_may_name_a_workflow_that_exists():
    document = {"workflow": "w", "tasks": [form("a")]}
    assert workflow_key(document) == "w"
    found = normalize(document)
    assert (found.errors, found.sections) == ([], {"tasks", "transitions"})


def test_without_transitions_the_list_is_a_sequence():
    found = normalize({"workflow": {"key": "w", "title": "W"}, "tasks": [form("a"), form("b"), form("c")]})
    assert found.sections == {"workflow", "tasks", "transitions"}
    assert ways(found.bundle) == [(None, "a", None), ("a", "b", None), ("b", "c", None), ("c", None, None)]
    none = normalize({"workflow": {"key": "w", "title": "W"}, "tasks": [form("a")], "transitions": []})
    assert none.bundle["transitions"] == []


INTAKE = {
    "name": "Survivor Intake",
    "description": "First contact",
    "guidelines": "Be kind.",
    "state_schema": {"type": "object", "required": ["name"]},
    "end_action_type": "none",
    "steps": [
        {"id": 1, "name": "Verify contact", "fields": ["name", {"name": "age", "type": "integer", "required": True}]},
        {
            "id": "risk",
            "name": "Assess risk",
            "fields": [
                {
                    "FieldName": "level",
                    "FieldType": "choice",
                    "Options": ["low", "high"],
                    "Public": True,
                    "Required": True,
                }
            ],
        },
        {"name": "close_case"},
    ],
}


def test_steps_are_forms_one_after_the_other():
    found = normalize(INTAKE)
    assert found.problems == []
    bundle = found.bundle
    assert bundle["workflow"]["key"] == "survivor-intake"
    assert bundle["workflow"]["title"] == "Survivor Intake"
    assert bundle["workflow"]["guidelines"] == "Be kind."
    assert bundle["workflow"]["state_schema"] == INTAKE["state_schema"]
    assert [(task["key"], task["title"], task["task_type"]) for task in bundle["tasks"]] == [
        ("1", "Verify contact", "FORM"),
        ("risk", "Assess risk", "FORM"),
        ("close_case", "Close case", "FORM"),
    ]
    assert bundle["tasks"][0]["output_schema"] == {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["age"],
    }
    assert ways(bundle) == [
        (None, "1", None),
        ("1", "risk", None),
        ("risk", "close_case", None),
        ("close_case", None, None),
    ]
    assert [(ticket["key"], ticket["title"], ticket["fields"]) for ticket in bundle["tickets"]] == [
        ("survivor-intake", "Survivor Intake", {})
    ]
    fields = merged_fields(bundle)
    assert fields.problems == []
    assert {name: field.public for name, field in fields.fields.items()} == {"level": True, "name": False, "age": False}
    assert normalize(export(bundle)).bundle == bundle


def test_declared_fields_of_steps_are_asked_on_submission():
    document = {
        **INTAKE,
        "fields": [
            {"FieldName": "channel", "FieldType": "string", "Default": "phone"},
            {"FieldName": "name", "FieldType": "string"},
        ],
    }
    found = normalize(document)
    assert found.problems == []
    assert found.bundle["tickets"][0]["fields"] == {"channel": "phone", "name": None}


@each(
    "change, expected",
    [
        ({"name": None}, [("required", "/name"), ("required", "/name")]),
        ({"name": "…"}, [("bad_key", "/name")]),
        ({"steps": 3}, [("wrong_type", "/steps")]),
        ({"steps": [3]}, [("wrong_type", "/steps/0")]),
        ({"steps": [{"id": "a", "name": "A"}, {"id": "A", "name": "B"}]}, [("duplicate", "/steps/1/id")]),
        ({"steps": [{"fields": []}]}, [("required", "/steps/0/name"), ("required", "/steps/0/id")]),
        ({"steps": [{"id": "a", "name": "A", "fields": ["first name"]}]}, [("bad_key", "/steps/0/fields/0/FieldName")]),
        ({"steps": [{"id": "a", "name": "A", "fields": ["x", "x"]}]}, [("duplicate", "/steps/0/fields/1")]),
        (
            {"steps": [{"id": "a", "name": "A", "fields": [{"name": "x", "type": "int"}]}]},
            [("not_an_option", "/steps/0/fields/0/FieldType")],
        ),
        ({"end_action_type": "tool_call"}, [("unsupported", "/end_action_type")]),
        ({"state_schema": {"type": 3}}, [("schema_invalid", "/state_schema/type")]),
    ],
)
def test_mistakes_in_steps(change, expected):
    found = errors({**INTAKE, **change})
    assert sorted({path for _, path in found}) == sorted({path for _, path in expected})


def graph(nodes, connections, **more):
    return {"name": "Bug Report", "nodes": nodes, "connections": connections, **more}


def call(node, **more):
    return {"id": node, "type": "integration", "integration": "jira", "task": "create_issue", **more}


def choice(name, rule=None):
    return {"id": name, "type": "condition", **({"condition": rule} if rule is not None else {})}


BIG = {">": [{"var": "x"}, 1]}
START = {"id": "start", "type": "trigger"}


def test_the_integration_graph():
    found = normalize(
        graph(
            [
                START,
                call("1", params={"project": "BUG", "summary": {"$": {"var": "title"}}}),
                choice("2", BIG),
                call("3", integration="Our Git", task="github.create_repo", name="Make the repository"),
                {"id": 4, "type": "transform", "params": {"label": {"$": {"var": "_data.title"}}}},
            ],
            [
                {"from": "start", "to": "1"},
                {"from": "1", "to": "2"},
                {"from": "2", "to": "3", "condition": True},
                {"from": "2", "to": 4, "condition": False},
            ],
            fields=[{"FieldName": "title", "FieldType": "string", "Required": True}],
        )
    )
    assert found.problems == []
    first, repository, transform = found.bundle["tasks"]
    assert (first["key"], first["title"], first["task_type"], first["action"], first["integration"]) == (
        "1",
        "Create issue",
        "SYNC_ACTION",
        "jira.create_issue",
        "jira",
    )
    assert first["input_transform"] == {"project": "BUG", "summary": {"$": {"var": "title"}}}
    assert (first["split"], first["join"]) == ("inclusive", "exclusive")
    assert (repository["title"], repository["action"], repository["integration"]) == (
        "Make the repository",
        "github.create_repo",
        "Our Git",
    )
    assert (transform["action"], transform["integration"]) == ("compute", None)
    assert transform["output_transform"] == {"label": {"$": {"var": "_data.title"}}}
    assert transform["output_schema"] == {"type": "object", "properties": {"label": {}}}
    assert ways(found.bundle) == [(None, "1", None), ("1", "3", BIG), ("1", "4", {"!": [BIG]})]
    assert found.bundle["tickets"][0]["fields"] == {"title": None}
    assert normalize(export(found.bundle)).bundle == found.bundle


def test_a_graph_goes_on_everywhere_and_waits_for_all():
    found = normalize(
        graph(
            [START, *(call(node) for node in "abcd")],
            [{"from": s, "to": t} for s, t in [("start", "a"), ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]],
        )
    )
    gates = {task["key"]: (task["split"], task["join"]) for task in found.bundle["tasks"]}
    assert gates == {
        "a": ("parallel", "exclusive"),
        "b": ("exclusive", "exclusive"),
        "c": ("exclusive", "exclusive"),
        "d": ("exclusive", "inclusive"),
    }


def test_conditions_one_behind_the_other_are_all_asked():
    other = {"==": [{"var": "y"}, 2]}
    found = normalize(
        graph(
            [START, call("a"), choice("c1", BIG), choice("c2", other), call("b")],
            [
                {"from": "start", "to": "a"},
                {"from": "a", "to": "c1"},
                {"from": "c1", "to": "c2"},
                {"from": "c2", "to": "b"},
                {"from": "c1", "to": "b", "condition": False},
            ],
        )
    )
    assert found.errors == []
    assert ways(found.bundle) == [
        (None, "a", None),
        ("a", "b", {"or": [{"!": [BIG]}, {"and": [BIG, other]}]}),
    ]


def test_a_condition_may_choose_at_the_start_and_have_a_default():
    found = normalize(
        graph(
            [choice("c", BIG), call("a"), call("b")],
            [{"from": "c", "to": "a"}, {"from": "c", "to": "b", "is_default": True}],
        )
    )
    assert found.errors == []
    assert ways(found.bundle) == [(None, "a", BIG), (None, "b", None)]
    assert found.bundle["transitions"][1]["is_default"] is True


@each(
    "nodes, connections, expected",
    [
        ([{"id": "x", "type": "aiAgent"}], [], [("unsupported", "/nodes/0/type")]),
        ([{"id": "x", "type": "loop"}], [], [("not_an_option", "/nodes/0/type")]),
        ([{"type": "trigger"}], [], [("required", "/nodes/0/id")]),
        ([3], [], [("wrong_type", "/nodes/0")]),
        ([call("a"), call("a")], [], [("duplicate", "/nodes/1/id")]),
        ([call("A b"), call("a-b")], [], [("duplicate", "/nodes/1/id")]),
        (
            [{"id": "a", "type": "integration", "integration_id": 1, "task": "x"}],
            [],
            [("not_allowed", "/nodes/0/integration_id")],
        ),
        ([{"id": "a", "type": "integration", "task": "jira.x"}], [], [("required", "/nodes/0/integration")]),
        ([{"id": "a", "type": "integration", "integration": "jira"}], [], [("required", "/nodes/0/task")]),
        ([call("a", integration="Our Jira")], [], [("bad_action", "/nodes/0/task")]),
        ([call("a", params={"$": {"frob": 1}})], [], [("unknown_operator", "/nodes/0/params/$/frob")]),
        (
            [choice("c", {"frob": 1})],
            [],
            [("unknown_operator", "/nodes/0/condition/frob"), ("condition_end", "/nodes")],
        ),
        ([call("a")], [{"from": "a", "to": "z"}], [("unknown_task", "/connections/0/to")]),
        ([call("a")], [{"from": "a"}], [("required", "/connections/0/to")]),
        ([call("a")], [7], [("wrong_type", "/connections/0")]),
        ([START, call("a")], [{"from": "a", "to": "start"}], [("not_allowed", "/connections/0/to")]),
        (
            [call("a")],
            [{"from": "a", "to": None, "condition": {"frob": 1}}],
            [("unknown_operator", "/connections/0/condition/frob")],
        ),
        ([call("a")], [{"from": "a", "to": None, "priority": "x"}], [("wrong_type", "/connections/0/priority")]),
        (
            [choice("c", BIG), choice("d", BIG)],
            [{"from": "c", "to": "d"}, {"from": "d", "to": "c"}],
            [("condition_circle", "/connections/0")],
        ),
    ],
)
def test_mistakes_in_a_graph(nodes, connections, expected):
    assert errors(graph(nodes, connections)) == expected


def test_a_graph_of_conditions_that_multiplies_is_refused():
    rules = [choice(f"c{i}", BIG) for i in range(300)]
    calls = [call(f"a{i}") for i in range(300)]
    into = [{"from": f"a{i}", "to": "c0"} for i in range(300)]
    out = [{"from": "c0", "to": f"a{i}"} for i in range(300)]
    assert ("too_many", "/connections") in errors(graph(calls + rules[:1], into + out))
