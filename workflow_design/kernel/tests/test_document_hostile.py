"""Huge and hostile documents: read or refused in bounded time."""

from __future__ import annotations

from time import perf_counter

from workflow_design.kernel.document import diff, normalize, workflow_key
from workflow_design.kernel.tests.documents import form
from workflow_design.kernel.tests.each import each

SECONDS = 10.0
"""Many times what it takes on an idle machine; without a bound it would be minutes."""


def nested(depth, core=1):
    for _ in range(depth):
        core = [core]
    return core


def read(document):
    started = perf_counter()
    found = normalize(document)
    workflow_key(document)
    assert perf_counter() - started < SECONDS
    return found


def workflow(**sections):
    return {"workflow": {"key": "w", "title": "W"}, **sections}


@each("depth", [101, 1_000, 20_000])
def test_depth(depth):
    found = read({"workflow": nested(depth)})
    assert [problem.code for problem in found.errors] == ["json_depth"]


def test_a_thousand_tasks_work():
    tasks = [form(f"t{i}", output_schema={"properties": {f"f{i}": {"type": "string"}}}) for i in range(1_000)]
    found = read(workflow(tasks=tasks))
    assert found.problems == []
    assert len(found.bundle["transitions"]) == 1_001
    started = perf_counter()
    assert diff(found.bundle, normalize(workflow(tasks=tasks)).bundle) == []
    assert perf_counter() - started < SECONDS


@each(
    "document, path",
    [
        (workflow(tasks=[form(f"t{i}") for i in range(10_000)]), "/tasks"),
        (workflow(transitions=[{"from": None, "to": "a"}] * 22_350), "/transitions"),
        (workflow(tickets=[{"key": "a", "title": "A"}] * 1_000), "/tickets"),
        ({"workflow": {"key": "w", "title": "W", "fields": [{}] * 10_000}}, "/workflow/fields"),
        ({"workflow": {"key": "w", "title": "W", "ext_ref": [{}] * 10_000}}, "/workflow/ext_ref"),
    ],
)
def test_too_many_of_a_kind(document, path):
    assert ("too_many", path) in [(problem.code, problem.path) for problem in read(document).errors]


def test_too_many_values():
    assert [problem.code for problem in read([0] * 500_001).errors] == ["json_size"]


def test_schemas_that_would_take_long_together():
    many = [form(f"t{i}", output_schema={"description": f"{i}" * 4_000}) for i in range(600)]
    assert [(problem.code, problem.path) for problem in read(workflow(tasks=many)).errors] == [("too_many", "/tasks")]
    patterns = [
        form(
            f"t{i}",
            output_schema={"properties": {f"p{j}": {"pattern": rf"\p{{L}}{{{j + 20}}}x{i}"} for j in range(50)}},
        )
        for i in range(100)
    ]
    assert [(problem.code, problem.path) for problem in read(workflow(tasks=patterns)).errors] == [
        ("too_many", "/tasks")
    ]


def test_numbers_no_client_can_hold():
    document = workflow(tasks=[form("a", due_in_seconds=10**400), form("b", input_schema={"const": float("nan")})])
    assert [(problem.code, problem.path) for problem in read(document).errors] == [
        ("json_number", "/tasks/0/due_in_seconds"),
        ("json_number", "/tasks/1/input_schema/const"),
    ]


def test_long_unknown_keys_are_shortened():
    found = read({**workflow(), "x" * 1_000_000: 1})
    assert len(found.unknown[0].message) < 300


def test_thousands_of_unknown_keys():
    found = read(workflow(tasks=[{f"unknown_{i}_{j}": 1 for j in range(50)} for i in range(200)]))
    assert len(found.problems) == 501


def test_a_graph_of_many_nodes():
    nodes = [{"id": f"n{i}", "type": "condition", "condition": {"var": "x"}} for i in range(500)]
    connections = [{"from": f"n{i}", "to": f"n{i + 1}"} for i in range(499)]
    found = read({"name": "Chain", "nodes": nodes, "connections": connections})
    assert found.errors != []
