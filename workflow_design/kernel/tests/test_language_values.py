"""Conversions, comparisons and numbers as JavaScript has them, and the data a rule is given."""

from __future__ import annotations

import json
from collections import ChainMap
from enum import StrEnum

import pytest

from workflow_design.kernel.language import EvaluationError, compile_condition, compile_template
from workflow_design.kernel.tests.each import each


def run(rule, data=None):
    return compile_template({"$": rule}).render(data)


@each("number, text", [
        (1.0, "1"), (-0.0, "0"), (0.1 + 0.2, "0.30000000000000004"), (1e21, "1e+21"), (1e20, "100000000000000000000"),
        (123456789012345680000.0, "123456789012345680000"), (1.5e-7, "1.5e-7"), (0.000001, "0.000001"),
        (1.25e300, "1.25e+300"), (-2.5, "-2.5"), (5e-324, "5e-324"), (2**53 + 1, "9007199254740992"), (100.5, "100.5"),
        (12345678901234567890, "12345678901234567000"), (True, "true"), (None, ""), ([1, None, [2.0, "a"]], "1,,2,a"),
    ])  # fmt: skip
def test_text_of_a_value(number, text):
    assert run({"cat": [{"var": "x"}]}, {"x": number}) == text


@each("value, number", [
        ("12", 12), (" 12\n", 12), ("", 0), ("0x1F", 31), ("0b101", 5), ("0o17", 15), ("1e3", 1000), (".5", 0.5),
        ("5.", 5), ("-3.5", -3.5), (None, 0), (True, 1), ([], 0), ([7], 7), (["8"], 8), ([[9]], 9),
        ("\u00a01\ufeff", 1),
    ])  # fmt: skip
def test_conversion_to_a_number(value, number):
    assert run({"-": [{"var": "x"}, 0]}, {"x": value}) == number


@each("value", ["12px", "1_000", "٣", "0x", "1e", "--1", [1, 2], {"a": 1}, "+0x1", "\x1c1", "inf"])
def test_what_is_no_number(value):
    with pytest.raises(EvaluationError) as caught:
        run({"-": [{"var": "x"}, 0]}, {"x": value})
    assert (caught.value.code, caught.value.message) == (
        "not_finite",
        "The result is NaN, which is no JSON number.",
    )


@each("text, number", [("12px", 12), (" 3.5.1", 3.5), ("1e3x", 1000), ("0x10", 0), ("-.5e", -0.5)])
def test_plus_takes_the_number_a_text_begins_with(text, number):
    assert run({"+": text}) == number


@each("left, right, equal", [
        (1, 1.0, True), (1, "1", True), (0, "", True), (0, False, True), (1, True, True), ("1", True, True),
        (None, 0, False), (None, False, False), (None, "", False), ("a", "A", False), ([1], 1, True), ([1], "1", True),
        ([1, 2], "1,2", True), ([], "", True), ([], False, True), ("1h", "60m", False), ("abc", 0, False),
    ])  # fmt: skip
def test_loose_equality(left, right, equal):
    for pair in ([left, right], [right, left]):
        data = dict(zip("ab", pair, strict=True))
        assert run({"==": [{"var": "a"}, {"var": "b"}]}, data) is equal
        assert run({"!=": [{"var": "a"}, {"var": "b"}]}, data) is not equal


def test_strict_equality_knows_booleans_from_numbers_and_lists_by_identity():
    assert run({"===": [{"var": "a"}, 1]}, {"a": True}) is False
    assert run({"===": [{"var": "a"}, 1]}, {"a": 1.0}) is True
    assert run({"===": [{"var": "a"}, {"var": "a"}]}, {"a": [1]}) is True
    assert run({"===": [{"var": "a"}, {"var": "b"}]}, {"a": [1], "b": [1]}) is False
    assert run({"in": [True, {"var": "a"}]}, {"a": [1, "true"]}) is False
    assert run({"in": [{"var": "a"}, [0, 1]]}, {"a": True}) is False
    assert run({"in": [{"var": "a"}, [0, 1]]}, {"a": 1.0}) is True
    assert run({"in": [{"var": "a"}, ["x", 1, None]]}, {}) is True
    assert run({"in": [{"var": "a"}, ["1"]]}, {"a": 1}) is False
    assert run({"in": ["", ""]}) is False
    assert run({"in": ["", "x"]}) is True


@each("rule, answer", [
        ({"<": ["10", "9"]}, True), ({"<": ["10", 9]}, False), ({"<": [None, 1]}, True), ({"<": ["a", 1]}, False),
        ({">=": ["a", 1]}, False), ({"<": [[2], [10]]}, False), ({"<": [1, 2, 2]}, False), ({"<=": [1, 2, 2]}, True),
        ({"<": ["\ufb01", "😀"]}, False), ({">": [3, 2, 9]}, True),
    ])  # fmt: skip
def test_order(rule, answer):
    assert run(rule) is answer


def test_not_a_number_and_infinity_live_inside_a_rule_only():
    assert run({">": [{"/": [1, 0]}, 5]}) is True
    assert run({"<": [{"/": [-1, 0]}, 5]}) is True
    assert run({"==": [{"/": [0, 0]}, {"/": [0, 0]}]}) is False
    assert run({"!": [{"%": [1, 0]}]}) is True
    assert run({"/": [1, {"*": [-1, {"/": [1, 0]}]}]}) == 0
    for rule in ({"/": [1, 0]}, {"min": []}, {"-": []}, [1, {"+": ["x"]}]):
        with pytest.raises(EvaluationError, match="no JSON number") as caught:
            run(rule)
        assert caught.value.code == "not_finite"


def test_a_condition_that_is_no_number_is_an_error_and_not_false():
    condition = compile_condition({"-": [{"var": "amount"}, 1]})
    assert condition.evaluate({"amount": 2}) is True
    assert condition.evaluate({"amount": 1}) is False
    with pytest.raises(EvaluationError) as caught:
        condition.evaluate({"amount": "many"})
    assert caught.value.code == "not_finite"


@each("value, truth", [
        ("0", True), ("", False), ("false", True), (0, False), (-1, True), (0.0, False), ([], False), ([0], True),
        ({}, True), (None, False), (True, True), (False, False),
    ])  # fmt: skip
def test_truth(value, truth):
    assert compile_condition({"var": "x"}).evaluate({"x": value}) is truth
    assert run({"!!": [{"var": "x"}]}, {"x": value}) is truth
    assert run({"!": [{"var": "x"}]}, {"x": value}) is not truth


@each("name", sorted({"==", "===", "!=", "!==", "!", "!!", "and", "or", "if", "?:", "<", "<=", ">",
    ">=", "in", "cat", "substr", "map", "filter", "reduce", "all", "some", "none", "merge", "startsWith", "endsWith",
    "var", "missing", "missing_some", "*"}))  # fmt: skip
def test_missing_operands_are_never_an_exception(name):
    for operands in ([], [{"var": "x"}], [1]):
        run({name: operands}, {})
        compile_condition({name: operands}).evaluate({})


def test_numbers_come_out_whole_where_they_are():
    assert json.dumps(run({"+": [1, 2]})) == "3"
    assert json.dumps(run({"*": [2, 0.25]})) == "0.5"
    assert json.dumps(run({"*": [0, -1]})) == "0"
    assert run({"<": [0, {"/": [1, {"+": [{"*": [0, -1]}]}]}]}) is True  # parseFloat forgets the sign of −0
    assert run({"<": [0, {"/": [1, {"*": [0, -1]}]}]}) is False
    assert run({"<": [0, {"/": [1, {"*": [0, -1, 5]}]}]}) is True
    minus_zero = {"*": [0, -1]}
    for operator, positive in (("max", True), ("min", False)):
        for operands in ([minus_zero, 0], [0, minus_zero]):
            assert run({"<": [0, {"/": [1, {operator: operands}]}]}) is positive
    assert json.dumps(run({"var": "x"}, {"x": [4.0, 2**53 + 1]})) == "[4, 9007199254740992.0]"


def test_whole_numbers_beyond_doubles_are_rounded_when_read():
    assert run({"==": [{"var": "a"}, 2**53]}, {"a": 2**53 + 1}) is True
    assert run({"===": [2**53 + 1, {"var": "a"}]}, {"a": 2**53}) is True
    assert run({"in": [2**53 + 1, {"var": "a"}]}, {"a": [2**53]}) is True
    assert run({">": [{"var": "a"}, 1]}, {"a": 10**400}) is True
    for path in ("a", "b.c", "d.0"):
        assert run({">": [{"var": path}, 2**53]}, {"a": 2**53 + 1, "b": {"c": 2**53 + 1}, "d": [2**53 + 1]}) is False
    assert run({">": [2**53 + 1, {"var": "a"}]}, {"a": 2**53}) is False
    assert run({"some": [{"var": "d"}, {">": [{"var": ""}, 2**53]}]}, {"d": [2**53 + 1]}) is False


def test_paths():
    data = {"a": {"b": [10, {"c": None}]}, "t": "h😀y", "": 5, "a.b": "dotted"}
    assert run({"var": "a.b.0"}, data) == 10
    assert run({"var": "a.b.length"}, data) == 2
    assert run({"var": "t.length"}, data) == 4
    assert run({"var": "t.3"}, data) == "y"
    assert run({"var": ["a.b.1.c", 7]}, data) is None
    assert run({"var": ["a.b.1.c.d", 7]}, data) == 7
    for path in ("a.b.2", "a.b.-1", "a.b.00", "a.b.1e0", "a.b.x", "t.9", "a.b.0.x", "a.b.99999999999999999999", "none"):
        assert run({"var": [path, "absent"]}, data) == "absent", path
    assert run({"var": ""}, data) == data
    assert run({"var": "x.y"}, ChainMap({"x": {"y": 1}}, data)) == 1


def test_texts_are_counted_in_utf_16_units_and_never_handed_out_in_halves():
    assert run({"substr": ["a😀b", 1, 2]}) == "😀"
    assert run({"substr": ["a😀b", 3]}) == "b"
    halves = [{"substr": ["a😀b", 1, 1]}, {"substr": ["a😀b", 2, 1]}]
    assert run({"cat": halves}) == "😀"
    assert run({"startsWith": ["😀", halves[0]]}) is True
    assert run({"in": [halves[1], "😀"]}) is True
    with pytest.raises(EvaluationError) as caught:
        run(halves[0])
    assert caught.value.code == "split_character"


def test_a_named_constant_is_its_text():
    class Outcome(StrEnum):
        DONE = "completed"
        NONE = ""

    data = {"outcome": Outcome.DONE, "none": Outcome.NONE}
    for rule in (
        {"===": [{"var": "outcome"}, "completed"]},
        {"==": ["completed", {"var": "outcome"}]},
        {"in": [{"var": "outcome"}, ["completed"]]},
        {"in": [{"var": "outcome"}, ["completed", 1]]},
        {"!": [{"var": "none"}]},
        {"<": ["a", {"var": "outcome"}]},
    ):
        assert run(rule, data) is True, rule


def test_data_that_is_no_json_is_a_type_error():
    with pytest.raises(TypeError, match="set is not a JSON value"):
        run({"var": "x"}, {"x": {1}})
