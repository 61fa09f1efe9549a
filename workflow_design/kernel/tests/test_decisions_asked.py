"""What is left to a solver, what comes of its answers, and what else of a run's data can stop it."""

from __future__ import annotations

import json
import subprocess
import sys
from time import process_time

import pytest

from workflow_design.kernel.proof.decisions import finish, solve
from workflow_design.kernel.tests.each import each

from .decisions_bundles import BOOLEAN, DATE, INTEGER, NUMBER, asked, deciding, form, output, said, var

SMALL = {"type": "integer", "minimum": 0, "maximum": 1_000}


def compared(*pairs):
    return [{operator: [var(left), var(right)]} for left, operator, right in pairs]


def test_an_order_of_three_fields():
    """a ≤ b ≤ c and a > c can't be: no two of the fields show it."""
    fields = dict.fromkeys("abc", SMALL)
    document = deciding(fields, *compared(("a", ">", "b"), ("b", ">", "c"), ("a", "<=", "c")))
    problems, questions = asked(document)
    assert problems == []
    assert [question.payload["asks"] for question in questions] == [["gap"]]
    assert said(document) == []
    ((code, _, data),) = said(deciding(fields, *compared(("a", ">", "b"), ("b", ">", "c"), ("a", "<", "c"))))
    assert code == "gap"
    assert data["a"] == data["b"] == data["c"]


def test_an_order_of_three_dates():
    fields = dict.fromkeys("abc", DATE)
    days = {"and": [{">": [var(name), "2020-01-01"]} for name in "abc"]}
    rules = compared(("a", ">", "b"), ("b", ">", "c"), ("a", "<=", "c"))
    assert said(deciding(fields, {"!": [days]}, *rules)) == []


def test_sums_of_whole_numbers():
    fields = {"a": SMALL, "b": SMALL}
    total = {"+": [var("a"), var("b")]}
    assert said(deciding(fields, {">": [total, 10]}, {"<=": [total, 10]})) == []
    ((code, _, data),) = said(deciding(fields, {">": [total, 10]}, {"<": [total, 10]}))
    assert (code, data["a"] + data["b"]) == ("gap", 10)
    difference = {"-": [var("a"), {"*": [2, var("b")]}]}
    assert said(deciding(fields, {">": [difference, 0]}, {"<=": [var("a"), {"+": [var("b"), var("b")]}]})) == []


def test_sums_that_may_be_rounded_are_not_decided():
    fields = {"a": INTEGER, "b": INTEGER}
    total = {"+": [var("a"), var("b")]}
    codes = [code for code, _, _ in said(deciding(fields, {">": [total, 10]}, {"<=": [total, 10]}))]
    assert codes == ["decision_unproved"]


def many(names, last):
    flags = [var(f"b{number}") for number in range(names)]
    return deciding(
        {f"b{number}": BOOLEAN for number in range(names)},
        {"and": flags},
        {"or": [{"!": [flag]} for flag in flags[:last]]},
    )


def test_more_fields_than_all_their_values_could_be_tried_of():
    assert asked(many(24, 24))[1][0].payload["asks"] == ["gap", "error", "taken 0", "taken 1"]
    assert said(many(24, 24)) == []
    ((code, _, data),) = said(many(24, 23))
    assert (code, data) == ("gap", {f"b{number}": number < 23 for number in range(24)})


def test_what_the_solver_finds_never_taken():
    document = many(24, 24)
    never = {"and": [var("b0"), {"!": [var("b0")]}]}
    document["transitions"].append({"from": "ask", "to": None, "condition": never, "priority": 9})
    assert said(document) == [("dead_condition", 3, None)]


def test_no_answer_is_no_proof():
    _, questions = asked(many(24, 24))
    (problem,) = {(p.severity, p.code) for p in finish(questions, [None])}
    assert problem == ("unproved", "decision_unproved")


def test_an_answer_that_the_evaluator_does_not_confirm_is_no_error():
    """The solver's word alone refuses nothing."""
    fields = dict.fromkeys("abc", SMALL)
    _, questions = asked(deciding(fields, *compared(("a", ">", "b"), ("b", ">", "c"), ("a", "<=", "c"))))
    point = {"cells": [0, 0, 0], "numbers": [3, 2, 1]}
    wrong = {"results": [{"ask": "gap", "answer": "yes", "points": [point]}]}
    assert [(p.severity, p.code) for p in finish(questions, [wrong])] == [("unproved", "decision_unproved")]


def test_questions_and_answers_are_json():
    _, (question,) = asked(many(24, 23))
    again = json.loads(json.dumps(question.payload))
    assert again == question.payload
    answer = solve(again, 2.0)
    assert json.loads(json.dumps(answer)) == answer


def test_the_solver_is_loaded_by_nothing_but_solve():
    code = "import sys, workflow_design.kernel.proof; sys.exit('z3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


# --- bounds ---


OPTIONS = [f"option {number}" for number in range(1_000)]


@pytest.mark.parametrize(
    "document",
    [
        deciding({"n": NUMBER}, *({">": [var("n"), number]} for number in range(1_500))),
        deciding({"c": {"enum": OPTIONS}}, *({"===": [var("c"), option]} for option in OPTIONS)),
        deciding({"j": {"anyOf": [{"type": "integer", "minimum": n} for n in range(2_000)]}}, {">": [var("j"), 5]}),
        deciding(
            {"l": {"type": "array", "items": {"enum": OPTIONS[:300]}}},
            *({"in": [option, var("l")]} for option in OPTIONS[:300]),
        ),
    ],
    ids=["numbers", "options", "alternatives", "lists"],
)
def test_hostile_definitions_end_soon_and_are_not_proved(document):
    begin = process_time()
    problems, questions = asked(document)
    assert process_time() - begin < 5
    assert questions or "unproved" in {problem.severity for problem in problems}


# --- the state schema ---


def ending(state, required=("note",)):
    document = deciding({"ok": BOOLEAN}, {"===": [var("ok"), True]}, default=True)
    document["tasks"][1] = form(
        "t0", output_schema=output({"note": {"type": "string", "maxLength": 9}}, list(required))
    )
    document["workflow"]["fields"] = [{"FieldName": "size", "FieldType": "integer", "Required": True}]
    document["tickets"][0]["fields"] = {"size": None}
    document["workflow"]["state_schema"] = state
    return [(problem.code, problem.path) for problem in asked(document)[0]]


def open_at(path):
    return [("state_schema_unproved", "/workflow/state_schema" + path)]


def test_what_the_state_schema_requires_is_set_at_every_end():
    assert ending({"type": "object", "required": ["size", "ok"]}) == []
    assert ending({"type": "object", "required": ["size", "note"]}) == open_at("/required/1")


@each(
    "schema, fits",
    [
        ({"type": "string"}, True),
        ({"type": ["string", "null"], "maxLength": 9}, True),
        ({"type": "string", "maxLength": 8}, False),
        ({"type": "string", "minLength": 1}, False),
        ({"type": "string", "format": "email"}, False),
        ({"enum": ["a"]}, False),
        ({"type": "integer"}, False),
        (True, True),
    ],
)
def test_a_field_of_the_state_schema(schema, fits):
    assert ending({"properties": {"note": schema}}) == ([] if fits else open_at("/properties/note"))


def test_numbers_of_the_state_schema():
    assert ending({"properties": {"size": {"type": "number"}}}) == []
    assert ending({"properties": {"size": {"type": "integer", "minimum": 0}}}) == open_at("/properties/size")
    assert ending({"properties": {"ok": {"enum": [True, False]}}}) == []
    assert ending({"properties": {"ok": {"const": True}}}) == open_at("/properties/ok")


def test_a_state_schema_of_more_than_single_fields():
    assert ending({"if": {"required": ["note"]}, "then": {"required": ["size"]}}) == open_at("")
    assert ending({"properties": {"size": {}}, "additionalProperties": False}) == open_at("")
    assert ending({"properties": {"size": {}, "ok": {}, "note": {}}, "additionalProperties": False}) == []


# --- templates of actions ---


@each(
    "rule, sure",
    [
        ({"var": "size"}, True),
        ({"*": [{"var": "size"}, 2]}, True),
        ({"+": [{"var": "size"}, {"var": ["other", 0]}]}, True),
        ({"+": [{"var": "size"}, {"var": "other"}]}, False),
        ({"/": [{"var": "size"}, 2]}, True),
        ({"/": [1, {"var": "size"}]}, False),
        ({"cat": [{"var": "size"}, " pieces"]}, True),
        ({"substr": [{"cat": [{"var": "size"}, "x"]}, 0, 1]}, False),
        ({"if": [{"var": "other"}, {"%": [{"var": "size"}, 3]}, "none"]}, True),
        ({">": [{"/": [1, {"var": "size"}]}, 2]}, True),
    ],
)
def test_a_template_that_may_come_to_no_result(rule, sure):
    action = {"task_type": "SYNC_ACTION", "action_url": "https://a.example/", "input_transform": {"x": {"$": rule}}}
    names = ("size", "other")
    document = {
        "workflow": {
            "key": "w",
            "title": "W",
            "fields": [{"FieldName": name, "FieldType": "integer", "Required": name == "size"} for name in names],
        },
        "tasks": [{"key": "send", "title": "Send", **action}],
        "transitions": [{"from": None, "to": "send"}, {"from": "send", "to": None}],
        "tickets": [{"key": "w", "title": "W", "fields": dict.fromkeys(names)}],
    }
    open_problem = [("transform_unproved", "/tasks/0/input_transform")]
    assert [(problem.code, problem.path) for problem in asked(document)[0]] == ([] if sure else open_problem)
    document["transitions"].append({"from": "send", "to": None, "on_event": "error"})
    assert asked(document)[0] == []
