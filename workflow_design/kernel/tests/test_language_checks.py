"""What can't be stored, each with its code and place, all in one pass."""

from __future__ import annotations

import pytest

from workflow_design.kernel.language import (
    RuleError,
    check_condition,
    check_template,
    compile_condition,
    compile_template,
    parse_condition,
)
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.tests.each import each

HERE = "/transitions/0/condition"


def found(value):
    return [(problem.code, problem.path) for problem in check_condition(value, HERE)]


@each("value", [None, True, False, "null", "true", " false ", {"var": "a"}, '{"==": [{"var": "a"}, 1]}'])
def test_conditions(value):
    assert check_condition(value, HERE) == []
    compile_condition(value)


def test_null_always_holds():
    for value, holds, text in ((None, True, "always"), (True, True, "always"), (False, False, "never")):
        condition = compile_condition(value)
        assert condition.evaluate({}) is holds
        assert condition.value({}) is holds
        assert (condition.rule, condition.text, condition.reads) == (value, text, frozenset())


@each("value", [0, 1, 1.5, [], [{"var": "a"}], '"amount"', '"true"', "17", "[true]", (1,), b"x"])
def test_bare_values_are_no_conditions(value):
    assert found(value) == [("condition_literal", HERE)]


@each("text", ["", "amount > 1", "{", '{"==": [NaN, 1]}', '{"==": [1e999, 1]}', '{"!": 1, "!": 2}', "9" * 500])
def test_text_that_is_not_json(text):
    assert found(text) == [("condition_syntax", HERE)]
    with pytest.raises(RuleError) as caught:
        parse_condition(text)
    assert [(problem.code, problem.severity) for problem in caught.value.problems] == [("condition_syntax", "error")]


def test_text_is_parsed_once_and_the_rest_is_passed_on():
    assert parse_condition('{"var": "a"}') == {"var": "a"}
    assert parse_condition('"{}"') == "{}"
    rule = {"var": "a"}
    assert parse_condition(rule) is rule


def test_every_problem_in_one_pass():
    rule = {
        "and": [
            {"==": [{"var": "a"}, 1], "!=": [{}, 2]},
            {"foo": [{"&&": [float("nan")]}]},
            [{"in": ["\x00", {"a/b~c": "\ud800"}]}],
            {"var": 10**400},
            {1: {"var": {2}}},
        ]
    }
    assert found(rule) == [
        ("condition_shape", f"{HERE}/and/0"),
        ("condition_shape", f"{HERE}/and/0/!=/0"),
        ("unknown_operator", f"{HERE}/and/1/foo"),
        ("unknown_operator", f"{HERE}/and/1/foo/0/&&"),
        ("condition_number", f"{HERE}/and/1/foo/0/&&/0"),
        ("condition_text", f"{HERE}/and/2/0/in/0"),
        ("unknown_operator", f"{HERE}/and/2/0/in/1/a~1b~0c"),
        ("condition_text", f"{HERE}/and/2/0/in/1/a~1b~0c"),
        ("condition_number", f"{HERE}/and/3/var"),
        ("condition_syntax", f"{HERE}/and/4"),
        ("condition_syntax", f"{HERE}/and/4/1/var"),
    ]
    with pytest.raises(RuleError) as caught:
        compile_condition(rule)
    assert len(caught.value.problems) == 11


def test_problems_inside_a_text_point_at_the_text():
    assert found('{"and": [{"foo": 1}, {}]}') == [("unknown_operator", HERE), ("condition_shape", HERE)]


def test_a_refused_operator_says_what_to_write():
    assert check_condition({"log": 1}, "") == [
        Problem("error", "unknown_operator", 'There is no operator "log": it has a side effect.', "/log")
    ]
    (problem,) = check_condition({"&&": [1]}, "")
    assert problem.message == 'There is no operator "&&": write "and".'
    (problem,) = check_condition({"x" * 500: 1}, "")
    assert problem.message == f'There is no operator "{"x" * 40}…".'


@each("template", [
        None, 1, "$x", [], {}, {"a": [1, {"b": None}]}, {"$literal": {"$": {"foo": 1}}}, {"$": 5}, {"$?": None},
        {"$": ["a", {"var": "x"}]}, {"$map": [{"var": "a"}, {"b": {"$": {"var": ""}}}]},
    ])  # fmt: skip
def test_templates(template):
    assert check_template(template, "/t") == []


@each("template, problems", [
        ({"$foo": 1}, [("template_syntax", "/t")]),
        ({"a": {"$": {"var": "x"}, "b": 1}}, [("template_syntax", "/t/a")]),
        ({"$schema": "x", "a": 1}, [("template_syntax", "/t")]),
        ({"$map": [{"var": "a"}]}, [("template_syntax", "/t")]),
        ({"$map": {"var": "a"}}, [("template_syntax", "/t")]),
        ({"$map": [{"foo": 1}, {"$bar": 1}]},
         [("unknown_operator", "/t/$map/0/foo"), ("template_syntax", "/t/$map/1")]),
        ({"a": {"$": {}}}, [("template_shape", "/t/a/$")]),
        ([{"$?": {"a": 1, "b": 2}}],
         [("template_shape", "/t/0/$?"), ("unknown_operator", "/t/0/$?/a"), ("unknown_operator", "/t/0/$?/b")]),
        ({"$literal": float("inf")}, [("template_number", "/t/$literal")]),
        ({"a": ("x",)}, [("template_syntax", "/t/a")]),
    ])  # fmt: skip
def test_template_problems(template, problems):
    assert [(problem.code, problem.path) for problem in check_template(template, "/t")] == problems
    with pytest.raises(RuleError):
        compile_template(template)
