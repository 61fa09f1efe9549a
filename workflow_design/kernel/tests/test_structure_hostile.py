"""Definitions made to be slow, deep or full of mistakes: bounded, and said to be so."""

from __future__ import annotations

from itertools import pairwise
from time import process_time
from typing import Any

import pytest

from workflow_design.kernel.document.entities import TASK, TRANSITION, WORKFLOW
from workflow_design.kernel.limits import MAX_PROBLEMS
from workflow_design.kernel.structure import check
from workflow_design.kernel.tests.each import each

SECONDS = 5
"""Of a busy machine; each takes well under one of a free one."""


def bundle(tasks: list[dict[str, Any]], transitions: list[dict[str, Any]], fields: Any = ()) -> dict[str, Any]:
    return {
        "workflow": {**WORKFLOW.defaults, "key": "w", "title": "W", "fields": list(fields)},
        "tasks": tasks,
        "transitions": transitions,
        "tickets": [],
    }


def task(key: str, **values: Any) -> dict[str, Any]:
    return {**TASK.defaults, "key": key, "title": key, "task_type": "FORM", **values}


def transition(source: Any, target: Any, condition: Any = None) -> dict[str, Any]:
    return {**TRANSITION.defaults, "from": source, "to": target, "condition": condition}


def chain(size: int, **values: Any) -> dict[str, Any]:
    keys = [None, *(f"t{number}" for number in range(size)), None]
    return bundle(
        [task(key, **values) for key in keys if key],
        [transition(a, b) for a, b in pairwise(keys)],
    )


def complete(condition: Any, fields: Any = (), *, size: int = 60) -> dict[str, Any]:
    keys = [f"k{number}" for number in range(size)]
    links = [transition(a, b, condition) for a in keys for b in keys if a != b]
    return bundle([task(key) for key in keys], [transition(None, "k0"), transition("k0", None), *links], fields)


def quick(definition: dict[str, Any]) -> list[Any]:
    began = process_time()
    said = check(definition)
    assert process_time() - began < SECONDS
    assert len(said) <= MAX_PROBLEMS + 1
    return said


def codes(said: list[Any]) -> set[str]:
    return {problem.code for problem in said}


def test_two_thousand_tasks():
    assert quick(chain(2_000)) == []
    loose = bundle([task(f"t{number}") for number in range(2_000)], [transition(None, "t0")])
    said = quick(loose)
    assert codes(said) == {"unreachable_task", "too_many_problems"}
    assert (said[-1].severity, said[-1].message) == ("error", "1,499 more problems aren't listed.")


def test_two_thousand_writers_of_one_field():
    schema = {"type": "object", "properties": {"x": {"type": "string", "enum": ["a", "b"]}}}
    assert quick(chain(2_000, output_schema=schema)) == []


def test_a_complete_graph():
    assert quick(complete(None, size=141)) == []
    said = quick(complete({"===": [{"var": "a"}, 5]}, [{"FieldName": "a", "FieldType": "string"}]))
    assert codes(said) == {"type_mismatch", "too_many_problems"}


DEEP: Any = {"var": "amount"}
for _ in range(60):
    DEEP = {"!": [DEEP]}
FIELDS = [
    {"FieldName": f"field_{number}", "FieldType": "choice", "Options": [f"option {n}" for n in range(10)]}
    for number in range(1_000)
]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"or": [{"==": [{"var": f"unknown_{number}"}, 1]} for number in range(2_000)]}, "unknown_variable"),
        ({"or": [{"===": [{"var": f"field_{n % 1_000}"}, "optoin"]} for n in range(2_000)]}, "unknown_option"),
        ({"or": [{"===": [{"var": f"field_{n % 1_000}"}, n]} for n in range(2_000)]}, "type_mismatch"),
        ({"in": [{"var": "field_1"}, [f"no {number}" for number in range(9_900)]]}, "unknown_option"),
        ({"and": [{"==": [1, 2]}] * 3_000}, "constant_condition"),
        ({"merge": [list(range(9_900))]}, "constant_condition"),
        (DEEP, "unknown_variable"),
        ({"===": [{"var": "field_1" + ".x" * 40_000}, 1]}, "path_into_value"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_conditions_at_their_limits_everywhere(rule, found):
    assert found in codes(quick(complete(rule, FIELDS)))


def test_what_is_not_looked_at_is_said():
    fine = {"or": [{"===": [{"var": "field_1"}, "option 1"]}] * 3_000}
    said = quick(complete(fine, FIELDS))
    assert [(problem.severity, problem.code, problem.path) for problem in said] == [("unproved", "not_all_checked", "")]


def test_of_too_many_findings_errors_come_first():
    wrong = bundle(
        [task(f"t{number}", action_url="https://x.example/") for number in range(600)],
        [transition(None, "t0"), transition("t0", None)],
    )
    said = quick(wrong)
    assert codes(said) == {"unreachable_task", "too_many_problems"}
    assert said[-1].message == "699 more problems aren't listed."


def nested(depth: int) -> dict[str, Any]:
    return {"type": "string"} if depth == 0 else {"anyOf": [nested(depth - 1) for _ in range(8)]}


@each(
    "part",
    [
        nested(4),
        {"$ref": "#/$defs/loop"},
        {"type": "object", "properties": {"x": {"$ref": "#/$defs/loop"}}},
    ],
)
def test_schemas_that_turn_in_circles_or_multiply(part):
    loop = {"type": "object", "properties": {"x": {"$ref": "#/$defs/loop"}}}
    definition = chain(1, output_schema={"type": "object", "properties": {"x": part}, "$defs": {"loop": loop}})
    definition["transitions"][1]["condition"] = {"===": [{"var": "x" + ".x" * 1_000}, 5]}
    quick(definition)
