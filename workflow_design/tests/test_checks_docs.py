"""docs/checks.md names every code, and each of its examples is found where it says."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from tests.people import person
from users.models import CompanyRole
from workflow_design.kernel.document import normalize
from workflow_design.kernel.engine.step import FAILURES
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.language import EvaluationError, check_template, compile_template
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.simulation import simulate
from workflow_design.models import WorkflowDefinition
from workflow_design.services import checks
from workflow_design.services.checks import located
from workflow_design.tests.checks_page import DOCUMENT, PAGE, ROWS, changed, codes_in_use
from workflow_design.tests.documents import UPLOAD, errors, too_much_to_read


def nested(levels: int, value: Any = "x") -> Any:
    for _ in range(levels):
        value = [value]
    return value


def with_condition(rule: Any, **more: Any) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    document["transitions"][1]["condition"] = rule
    return {**document, **more}


def with_task(place: int, **values: Any) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    document["tasks"][place].update(values)
    return document


def with_property(schema: Any) -> dict[str, Any]:
    """`approve` writes `x` as well."""
    document = deepcopy(DOCUMENT)
    document["tasks"][0]["output_schema"]["properties"]["x"] = schema
    return document


def negations(levels: int) -> Any:
    rule: Any = {"var": "abroad"}
    for _ in range(levels):
        rule = {"!": rule}
    return rule


def branching() -> dict[str, Any]:
    """Each definition holds the next one ten times."""
    definitions = {
        f"d{n}": {"type": "object", "properties": {"x": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 10}}}
        for n in range(20)
    }
    return {"type": "object", "properties": {}, "$defs": {**definitions, "d20": {}}, "allOf": [{"$ref": "#/$defs/d0"}]}


def ladder() -> dict[str, Any]:
    """1,400 inclusive joins."""
    keys = [f"t{number}" for number in range(1_400)]
    pairs = [(None, "t0"), *pairwise(keys), *zip(keys, keys[2:], strict=False)]
    tasks = [{"key": key, "title": key, "task_type": "FORM", "join": "inclusive"} for key in keys]
    return {
        "workflow": {"key": "w", "title": "W"},
        "tasks": tasks,
        "transitions": [{"from": a, "to": b} for a, b in pairs],
    }


def wide() -> dict[str, Any]:
    """A parallel split into 800 tasks that meet, then two that write one field."""
    wide = [f"t{number}" for number in range(800)]
    note = {"type": "object", "properties": {"note": {"type": "string"}}}
    tasks: list[dict[str, Any]] = [
        {"key": key, "title": key, "task_type": "FORM"} for key in ["first", *wide, "last", "one", "two"]
    ]
    tasks[0]["split"] = tasks[801]["join"] = "parallel"
    tasks[802]["output_schema"] = tasks[803]["output_schema"] = note
    pairs: list[Any] = [(None, "first"), *(("first", key) for key in wide), *((key, "last") for key in wide)]
    pairs += [("last", "one"), ("one", "two"), ("two", None)]
    return {
        "workflow": {"key": "w", "title": "W"},
        "tasks": tasks,
        "transitions": [{"from": a, "to": b} for a, b in pairs],
    }


def many_options() -> dict[str, Any]:
    """A ticket type that asks for 30 fields with 1,000 options each."""
    options = [f"option {n}" for n in range(1_000)]
    names = [f"f{n}" for n in range(30)]
    fields = [{"FieldName": name, "FieldType": "choice", "Options": options} for name in names]
    document = deepcopy(DOCUMENT)
    document["workflow"]["fields"] += fields
    document["tickets"][0]["fields"] |= dict.fromkeys(names)
    return document


LONG = {
    "form_unusable": many_options,
    "too_long": lambda: with_task(0, title="x" * 256),
    "too_many": lambda: with_task(0, assignee_roles=[f"role {n}" for n in range(101)]),
    "too_many_problems": lambda: {**DOCUMENT, **{f"key {n}": 1 for n in range(600)}},
    "json_depth": lambda: {**DOCUMENT, "x": nested(101)},
    "json_size": lambda: {**DOCUMENT, "x": [0] * 500_001},
    "json_type": lambda: {**DOCUMENT, "x": {1, 2}},
    "schema_too_deep": lambda: with_task(0, output_schema={"default": nested(70)}),
    "schema_too_large": lambda: with_property({"enum": list(range(1_001))}),
    "schema_too_branching": lambda: with_task(0, output_schema=branching()),
    "condition_number": lambda: with_condition('{"==": [{"var": "amount"}, ' + "9" * 350 + "]}"),
    "condition_too_deep": lambda: with_condition(negations(70)),
    "condition_too_large": lambda: with_condition({"merge": list(range(10_001))}),
    "template_too_deep": lambda: with_task(1, input_transform=nested(70)),
    "template_too_large": lambda: with_task(1, input_transform=list(range(10_001))),
    "graph_refused": ladder,
    "flow_unproved": wide,
    "writers_unproved": wide,
    "not_all_checked": too_much_to_read,
}
ELSEWHERE = ("key_taken", "not_in_document", "template_text", "template_number", "result_depth", "split_character")
SIMULATED = [row for row in ROWS if row.section == "Simulation"]
EXAMPLES = [row for row in ROWS if row not in SIMULATED and row.code not in ELSEWHERE]


@cache
def long_findings(make: Callable[[], Any]) -> tuple[bool, list[Problem]]:
    """The findings of a long document, which may be the example of several codes."""
    return findings(make())


def findings(document: Any) -> tuple[bool, list[Problem]]:
    """Whether it is refused, and what is said about it."""
    read = normalize(document)
    if read.errors:
        return True, read.problems
    return False, [*read.problems, *located(checks.report(read.after).problems, read, document)]


def test_the_page_names_every_code_and_no_other():
    # An incident of an action has the name of its event.
    assert {row.code for row in ROWS} == codes_in_use() | set(FAILURES)


def test_each_code_has_one_row_for_a_place_where_it_occurs():
    assert len({row.code for row in ROWS}) == len(ROWS)


@pytest.fixture
def company(acme_db):
    """Will does tasks; there is a company role that nobody has, and a workflow that isn't published."""
    person("task_worker", acme_db)
    CompanyRole.objects.create(name="auditor")
    WorkflowDefinition.objects.create(key="hotel", title="Hotel")


def test_nothing_is_said_about_the_pages_document(company):
    assert findings(DOCUMENT) == (False, [])


def found(row: Any) -> tuple[bool, str, bool] | None:
    """Whether the row's example is refused, how severe what is found where it says is, and whether that says why."""
    refused, problems = (
        findings(changed(row.example)[0]) if row.example.startswith("`") else long_findings(LONG[row.code])
    )
    said = {problem.path: problem for problem in problems if problem.code == row.code}
    problem = said.get(row.where) if row.where else next(iter(said.values()), None)
    return None if problem is None else (refused, problem.severity, bool(problem.message))


def promised(row: Any) -> tuple[bool, str, bool]:
    """The same, as its severity has it."""
    severity = "warning" if row.code == "too_many_problems" else row.severity.partition(";")[0]
    return (True, "error", True) if row.severity == "refused" else (False, severity, True)


def test_examples(company):
    assert len(EXAMPLES) > 100
    assert {row.code: found(row) for row in EXAMPLES} == {row.code: promised(row) for row in EXAMPLES}


def test_a_ticket_type_with_a_field_that_isnt_there_is_refused():
    document, _ = changed("`/tickets/0/fields/amuont: null`")
    assert [(problem.code, problem.path) for problem in normalize(document).errors] == [
        ("unknown_field", "/tickets/0/fields/amuont")
    ]


def test_a_key_that_is_taken(alice):
    assert alice.post(UPLOAD, DOCUMENT).status_code == 201
    response = alice.post(UPLOAD, {**DOCUMENT, "workflow": {**DOCUMENT["workflow"], "key": "other"}})
    assert (response.status_code, errors(response)) == (400, [("tickets.0.key", "key_taken")])


def test_what_stays_although_it_isnt_in_the_document():
    shorter = {**DOCUMENT, "tasks": DOCUMENT["tasks"][:1]}
    read = normalize(shorter, current=normalize(DOCUMENT).after)
    said = [(problem.severity, problem.code, problem.path) for problem in read.problems]
    assert said == [("warning", "not_in_document", "/tasks")]


@pytest.mark.parametrize(("template", "code"), [("a\0", "template_text"), (float("inf"), "template_number")])
def test_templates_checked_alone(template, code):
    assert [problem.code for problem in check_template(template, "")] == [code]


# --- simulation ---


def looping() -> tuple[Any, dict[str, Any]]:
    document = deepcopy(DOCUMENT)
    document["transitions"][2] = {"from": "approve", "to": "approve", "is_default": True}
    return document, {"outputs": {"approve": [{"approved": False}] * 1_100}}


def checked(schema: Any, value: Any) -> tuple[Any, dict[str, Any]]:
    return with_property(schema), {"outputs": {"approve": [{"approved": True, "x": value}]}}


def evaluated(rule: Any, **output: Any) -> tuple[Any, dict[str, Any]]:
    document = with_property({"type": "array"})
    document["transitions"][1]["condition"] = rule
    return document, {"outputs": {"approve": [{"approved": True, **output}]}}


def doubled() -> Any:
    text: Any = "0123456789"
    for _ in range(25):
        text = {"reduce": [[1], {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, text]}
    return text


LONG_RUNS = {
    "simulation_limit": looping,
    "invalid": lambda: checked({"type": "array", "items": {"type": "integer"}}, [*range(100_000), "x"]),
    "too_large": lambda: checked(
        {"type": "array", "items": {"anyOf": [{"required": [f"k{n}"]} for n in range(400)]}}, [{}] * 150_000
    ),
    "operation_budget": lambda: evaluated(
        {"reduce": [{"var": "x"}, {"+": [{"var": "accumulator"}, {"var": "current"}, 1, 1, 1]}, 0]},
        x=list(range(20_000)),
    ),
    "result_size": lambda: evaluated({"!": doubled()}),
}


def played(row: Any) -> list[tuple[str, str]]:
    """(severity, path) of what the simulation of the row's example says by its code."""
    document, asked = changed(row.example) if row.example.startswith("`") else LONG_RUNS[row.code]()
    read = normalize(document)
    assert read.errors == []
    problems = simulate(compile_graph(read.after), asked.get("data", {}), asked["outputs"]).problems
    return [(problem.severity, problem.path) for problem in problems if problem.code == row.code]


def test_examples_of_simulations():
    rows = [row for row in SIMULATED if row.code not in ELSEWHERE]
    assert len(rows) > 10
    assert {row.code: said for row in rows if (row.severity, row.where) not in (said := played(row))} == {}


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ({"x": nested(60, {"$": {"var": "x"}})}, "result_depth"),
        ({"x": {"$": {"substr": ["😀", 0, 1]}}}, "split_character"),
    ],
)
def test_templates_that_fail_when_they_are_used(template, code):
    with pytest.raises(EvaluationError) as failed:
        compile_template(template).render({"x": nested(60)})
    assert failed.value.code == code


def test_the_limits_are_those_of_the_page():
    from workflow_design.kernel.limits import MAX_PROBLEMS
    from workflow_design.kernel.structure.findings import MAX_COLLECTED, MAX_NODES

    assert f"At most {MAX_PROBLEMS} problems are listed." in PAGE
    assert f"more than {MAX_NODES:,} values together, or more than {MAX_COLLECTED:,} errors" in PAGE
