"""Hostile rules: refused when stored, or ended by a budget. What is counted bounds the time, so codes are asserted."""

from __future__ import annotations

import tracemalloc

import pytest

from workflow_design.kernel.language import (
    EvaluationError,
    RuleError,
    check_condition,
    check_template,
    compile_condition,
    compile_template,
)
from workflow_design.kernel.tests.each import each

ACCUMULATOR = {"var": "accumulator"}
LONG = "x" * 1_000_000
DATA = {
    "thousand": list(range(1000)),
    "big": list(range(100_000)),
    "long": LONG,
    "other": LONG[:-1] + "y",
    "huge": "x" * 10_000_000,
    "digits": "1" * 1_000_000,
    "accents": "é" * 1_000_000,
    "emoji": "😀" * 500_000,
}


def var(name):
    return {"var": name}


def fold(body, start, over="thousand"):
    return {"reduce": [var(over), body, start]}


def nested_maps(levels):
    rule = 1
    for _ in range(levels):
        rule = {"map": [list(range(10)), rule]}
    return rule


def negations(levels):
    rule = True
    for _ in range(levels):
        rule = {"!": rule}
    return rule


RUNAWAY = {
    "cat doubling": (fold({"cat": [ACCUMULATOR, ACCUMULATOR]}, "ab"), "result_size"),
    "cat doubling wide characters": (fold({"cat": [ACCUMULATOR, ACCUMULATOR]}, "😀b"), "result_size"),
    "merge doubling": (fold({"merge": [ACCUMULATOR, ACCUMULATOR]}, [1, 2]), "operation_budget"),
    "shared lists": (fold([ACCUMULATOR, ACCUMULATOR], 0), "result_depth"),
    "shared lists as text": ({"cat": {"reduce": [[0] * 60, [ACCUMULATOR] * 2, 0]}}, "operation_budget"),
    "shared lists as number": ({"+": {"reduce": [[0] * 60, [ACCUMULATOR] * 2, 0]}}, "operation_budget"),
    "shared lists compared": ({"==": ["", {"reduce": [[0] * 60, [ACCUMULATOR] * 2, 0]}]}, "operation_budget"),
    "shared lists handed out": ({"reduce": [[0] * 60, [ACCUMULATOR] * 2, 0]}, "result_size"),
    "deep list": (fold([ACCUMULATOR], 0), "result_depth"),
    "deep list as text": ({"cat": [fold([ACCUMULATOR], 0)]}, "result_depth"),
    "nested maps": (nested_maps(12), "operation_budget"),
    "squared": ({"map": [var("thousand"), {"map": [[1] * 1000, 1]}]}, "operation_budget"),
    "large map": ({"map": [var("big"), {"+": [var(""), 1]}]}, "operation_budget"),
    "large filter": ({"filter": [var("big"), {"!": var("")}]}, "operation_budget"),
    "large reduce": (fold({"+": [ACCUMULATOR, 1]}, 0, "big"), "operation_budget"),
    "large some": ({"some": [var("big"), {"==": [1, 2]}]}, "operation_budget"),
    "large missing": ({"missing": var("big")}, "operation_budget"),
    "large in": ({"or": [{"in": ["q", var("big")]}] * 1000}, "operation_budget"),
    "large min": ({"min": [var("big")] * 1000}, "operation_budget"),
    "wide cat": ({"cat": [var("long")] * 3000}, "result_size"),
    "wide numbers": ({"+": [var("digits")] * 3000}, "operation_budget"),
    "wide max": ({"max": [var("huge")] * 3000}, "operation_budget"),
    "equal texts": ({"and": [{"!=": [var("long"), var("other")]}] * 1000}, "operation_budget"),
    "ordered texts": ({"and": [{"<": [var("long"), var("other")]}] * 1000}, "operation_budget"),
    "ordered accents": ({"and": [{"<=": [var("accents"), var("accents")]}] * 1000}, "operation_budget"),
    "text in text": ({"or": [{"in": ["xy", var("huge")]}] * 1000}, "operation_budget"),
    "cut emoji": ({"merge": [{"substr": [var("emoji"), 2]}] * 1000}, "operation_budget"),
    "length of emoji": ({"+": [var("emoji.length")] * 2000}, "operation_budget"),
    "long path": ({"map": [var("thousand"), {"var": "a." * 40_000}]}, "operation_budget"),
    "joined": ({"cat": {"map": [[0] * 2000, "z" * 1000]}}, "operation_budget"),
    "collected": (fold({"merge": [ACCUMULATOR, "z" * 1000]}, []), "operation_budget"),
    "huge result": (var("huge"), "result_size"),
    "wide result": (var("big"), "result_size"),
}


# Tracing memory makes these take many times as long, and others show the same of what they do.
UNTRACED = ("shared lists as text", "shared lists as number", "shared lists compared", "large min", "wide result")


@pytest.mark.parametrize("name", RUNAWAY)
@pytest.mark.timeout(60)
def test_runaway_rules_end_in_an_error(name):
    rule, code = RUNAWAY[name]
    template = compile_template({"$": rule})
    if name not in UNTRACED:
        tracemalloc.start()
    try:
        with pytest.raises(EvaluationError) as caught:
            template.render(DATA)
        assert caught.value.code == code
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


def test_budgets_are_of_one_evaluation():
    condition = compile_condition({"all": [var("rows"), {">": [var(""), -1]}]})
    rows = {"rows": list(range(20_000))}
    assert [condition.evaluate(rows) for _ in range(10)] == [True] * 10
    with pytest.raises(EvaluationError) as caught:
        condition.evaluate({"rows": list(range(20_001))})
    assert caught.value.code == "operation_budget"
    assert condition.evaluate(rows) is True


def test_a_template_has_one_budget_for_all_of_it():
    part = {"$": {"substr": [var("long"), 0, 300_000]}}
    assert len(compile_template([part] * 3).render(DATA)) == 3
    with pytest.raises(EvaluationError, match="larger than") as caught:
        compile_template([part] * 4).render(DATA)
    assert caught.value.code == "result_size"
    with pytest.raises(EvaluationError) as caught:
        compile_template({"$map": [var("thousand"), {"$literal": "x" * 10_000}]}).render(DATA)
    assert caught.value.code == "operation_budget"
    with pytest.raises(EvaluationError) as caught:
        compile_template({"$map": [var("big"), {"a": 1}]}).render(DATA)
    assert caught.value.code == "operation_budget"


def test_result_depth():
    deep = 0
    for _ in range(99):
        deep = [deep]
    assert compile_template([{"$": var("x")}]).render({"x": deep}) == [deep]
    for template in ([[{"$": var("x")}]], {"a": {"$map": [[0], {"$literal": 1}]}, "b": [{"$": [var("x")]}]}):
        with pytest.raises(EvaluationError) as caught:
            compile_template(template).render({"x": deep})
        assert caught.value.code == "result_depth"


def test_depth_of_a_condition():
    text = str(negations(64)).replace("'", '"').replace("True", "true")
    for value, holds in ((negations(64), True), ({"!": [negations(62)]}, False), (text, True)):
        assert check_condition(value, "") == []
        condition = compile_condition(value)
        assert condition.evaluate({}) is holds
        assert condition.text.startswith("not (not (")
    for value in (negations(65), negations(100_000), "[" * 65, "[" * 99_999, '{"a":' * 10_000):
        assert [problem.code for problem in check_condition(value, "/c")] == ["condition_too_deep"]
        with pytest.raises(RuleError):
            compile_condition(value)


def test_depth_of_a_template():
    assert check_template({"$": negations(63)}, "") == []
    assert [problem.code for problem in check_template({"$": negations(64)}, "")] == ["template_too_deep"]
    assert [problem.code for problem in check_template({"$map": [1, negations(63)]}, "")] == ["template_too_deep"]
    assert [problem.code for problem in check_template({"$literal": negations(64)}, "")] == ["template_too_deep"]


def test_values_that_hold_themselves():
    circle: dict = {}
    circle["!"] = circle
    assert [problem.code for problem in check_condition(circle, "")] == ["condition_too_deep"]
    wide: list = []
    wide += [wide] * 9
    codes = [problem.code for problem in check_template(wide, "")]
    assert codes == ["template_too_deep", "template_too_large"]
    shared = {"var": "a"}
    for _ in range(30):
        shared = {"and": [shared, shared]}
    assert [problem.code for problem in check_condition(shared, "")] == ["condition_too_large"]


@each(
    "value",
    [
        {"and": [1] * 1_000_000},
        {"in": ["a", list(range(10_000))]},
        {str(i): 1 for i in range(100_000)},
        {"cat": ["x" * 60_000, "y" * 60_000]},
        {"x" * 100_001: 1},
        "[1" + ",1" * 1_000_000 + "]",
    ],
)
def test_size(value):
    assert [problem.code for problem in check_condition(value, "/c")] == ["condition_too_large"]


def test_the_largest_rules_that_are_allowed_work():
    assert compile_condition({"in": [9996, list(range(9996))]}).evaluate({}) is False
    assert compile_condition({"in": ["9994", [str(i) for i in range(9995)]]}).evaluate({}) is True
    assert compile_condition({"and": [{"!=": ["a", 1]}] * 2499}).evaluate({}) is True


def test_hostile_rules_with_many_problems_are_cut():
    problems = check_condition({"and": [{"foo": 1}] * 4000}, "/c")
    assert [problem.path for problem in problems] == [f"/c/and/{index}/foo" for index in range(100)]
    long_key = {"k" * 90_000: [{"x": 1}] * 3000}
    assert len(check_condition(long_key, "")) == 100


@pytest.mark.timeout(5)
def test_text_that_makes_slow_scanners_slow():
    for text in ('"' + '\\"' * 49_999, '"\\"' * 30_000, "\\" * 99_999, '"' * 99_999, "1" * 99_999, "{" + '"":{' * 60):
        assert [problem.code for problem in check_condition(text, "")] == ["condition_syntax"]
