"""Definitions that a proof could take for sound by overlooking something: each is played to the incident it hides."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.tests.each import each

from .attack_bundles import bundle, constant, not_proved, played, start, ticket, ways_of
from .decisions_bundles import BOOLEAN, INTEGER, form, output, var

WIDE = "😀" * 20_000
FEW = {"type": "integer", "minimum": 0, "maximum": 200}
SOME = [number for number in range(201) if number not in (3, 7)]


NO_WAY, BUDGET, INFINITE = ["no_transition"], ["operation_budget"], ["not_finite"]
ATTACKS: dict[str, tuple[Any, dict[str, Any], list[str]]] = {
    # ------------------------------------------------------------------------------------- what schemas refer to
    "a part with definitions of its own": (
        ways_of(
            {"o": {"anyOf": [{"enum": [1, 2], "allOf": [{"$ref": "#/$defs/x"}], "$defs": {"x": {"const": 1}}}]}},
            {"===": [var("o"), 1]},
            **{"$defs": {"x": {"const": 2}}},
        ),
        {"ask": {"o": 2}},
        NO_WAY,
    ),
    "a member with definitions of its own": (
        ways_of(
            {
                "o": {
                    "type": "object",
                    "required": ["a"],
                    "properties": {"a": {"$ref": "#/$defs/x", "$defs": {"x": {"type": "integer", "maximum": 5}}}},
                }
            },
            {"<": [var("o.a"), 6]},
            **{"$defs": {"x": {"type": "integer"}}},
        ),
        {"ask": {"o": {"a": 7}}},
        NO_WAY,
    ),
    "a reference that is escaped with %": (
        ways_of(
            {"o": {"$ref": "#/$defs/%41"}},
            {"===": [var("o"), 1]},
            **{"$defs": {"%41": {"const": 1}, "A": {"const": 2}}},
        ),
        {"ask": {"o": 2}},
        NO_WAY,
    ),
    "a reference that is escaped with ~": (
        ways_of(
            {"o": {"$ref": "#/$defs/a~1b"}},
            {"<": [var("o"), 6]},
            **{"$defs": {"a~1b": {"type": "integer", "maximum": 5}, "a/b": INTEGER}},
        ),
        {"ask": {"o": 7}},
        NO_WAY,
    ),
    "a reference to a property of the whole": (
        ways_of(
            {"f": {"anyOf": [{"$ref": "#/properties/x"}], "properties": {"x": {"const": 1}}}, "x": {"const": 2}},
            {"!==": [var("f"), 2]},
        ),
        {"ask": {"f": 2, "x": 2}},
        NO_WAY,
    ),
    # ------------------------------------------------------------------------------------ what is one and the same
    "two lists that look the same": (
        ways_of(
            {"a": {"$ref": "#/$defs/l"}, "b": {"$ref": "#/$defs/l"}},
            {"===": [var("a"), var("b")]},
            **{"$defs": {"l": {"const": [1]}}},
        ),
        {"ask": {"a": [1], "b": [1]}},
        NO_WAY,
    ),
    "two lists of one enum": (
        ways_of(
            {"a": {"$ref": "#/$defs/l"}, "b": {"$ref": "#/$defs/l"}},
            {"==": [var("a"), var("b")]},
            **{"$defs": {"l": {"enum": [[1]]}}},
        ),
        {"ask": {"a": [1], "b": [1]}},
        NO_WAY,
    ),
    # --------------------------------------------------------------------------------------------- paths into values
    "an item of a fixed list": (constant([5], {"!": [var("a.0")]}), {"data": {"a": [5]}}, NO_WAY),
    "the length of a fixed text": (constant("abc", {"!": [var("a.length")]}), {"data": {"a": "abc"}}, NO_WAY),
    "null on the way": (constant({"b": None}, {"===": [{"var": ["a.b", 7]}, 7]}), {"data": {"a": {"b": None}}}, NO_WAY),
    # ------------------------------------------------------------------------------------------------- the budget
    "characters of long texts": (
        ways_of({"s": {"type": "string"}}, {"===": [var("s.0"), "x"]}, {"===": [var("s.1"), "y"]}, default=True),
        {"ask": {"s": WIDE}},
        BUDGET,
    ),
    "missing characters of long texts": (
        ways_of({"s": {"type": "string"}}, {"missing": ["s.0", "s.1"]}, default=True),
        {"ask": {"s": WIDE}},
        BUDGET,
    ),
    "the order of long texts": (
        ways_of({"s": {"type": "string"}}, {"<": [var("s"), "é"]}, {">": [var("s"), "é"]}, default=True),
        {"ask": {"s": WIDE}},
        BUDGET,
    ),
    "a long list that the schema allows": (
        ways_of(
            {"l": {"type": "array", "items": {"enum": ["a"]}, "maxItems": 500_000}},
            {"some": [var("l"), {"===": [var(""), "b"]}]},
            default=True,
        ),
        {"ask": {"l": ["a"] * 100_000}},
        BUDGET,
    ),
    # ------------------------------------------------------------------------------------------- results of no number
    "a default that is infinite": (
        ways_of({"x": BOOLEAN}, {"var": ["x", {"*": [1e308, 10]}]}, default=True, required=[]),
        {},
        INFINITE,
    ),
    "a division in one of ten thousand cases": (
        ways_of(
            {"x": {"enum": list(range(100))}, "y": {"enum": list(range(100))}},
            {"/": [1, {"-": [var("x"), var("y")]}]},
            default=True,
        ),
        {"ask": {"x": 3, "y": 3}},
        INFINITE,
    ),
    "what is divided by −0": (
        ways_of({"x": {"enum": [0]}}, {">": [{"/": [1, var("x")]}, 0]}),
        {"ask": {"x": -0.0}},
        NO_WAY,
    ),
    "what is divided by −0 between bounds": (
        ways_of({"x": {"type": "integer", "minimum": 0, "maximum": 0}}, {">": [{"/": [1, var("x")]}, 0]}),
        {"ask": {"x": -0.0}},
        NO_WAY,
    ),
    "what is divided by −0 in a list": (
        ways_of(
            {"x": {"type": "array", "items": {"enum": [0]}, "minItems": 1}},
            {"some": [var("x"), {">": [{"/": [1, var("")]}, 0]}]},
        ),
        {"ask": {"x": [-0.0]}},
        NO_WAY,
    ),
    "what is divided by −0 in a fixed list": (
        ways_of({"x": {"const": [0]}}, {">": [{"/": [1, {"reduce": [var("x"), var("current"), 1]}]}, 0]}),
        {"ask": {"x": [-0.0]}},
        NO_WAY,
    ),
    # ---------------------------------------------------------------------------------------------- what is known when
    "a sum of fields whose values another condition joins": (
        ways_of(
            {"x": FEW, "y": FEW},
            {"and": [{"in": [var("x"), SOME]}, {"in": [var("y"), SOME]}, {"!==": [{"+": [var("x"), var("y")]}, 399]}]},
            {"!": [{"in": [var("x"), SOME]}]},
            {"!": [{"in": [var("y"), SOME]}]},
        ),
        {"ask": {"x": 200, "y": 199}},
        NO_WAY,
    ),
    "a Required field of an execution": (
        start(
            {"in": [var("flag"), ["a", "b"]]},
            fields=[{"FieldName": "flag", "FieldType": "choice", "Options": ["a", "b"], "Required": True}],
            tickets=[],
        ),
        {"about": None},
        NO_WAY,
    ),
    "ticket types that differ in what has led here": (
        bundle(
            [form("t"), form("u")],
            [
                {"from": None, "to": "t", "condition": {"or": [{"===": [var("mode"), 2]}, {">": [var("y"), 5]}]}},
                {"from": None, "to": None, "is_default": True},
                {"from": "t", "to": "u", "condition": {">": [var("y"), 4]}},
            ],
            fields=[
                {"FieldName": "mode", "FieldType": "integer"},
                {"FieldName": "y", "FieldType": "integer", "Required": True},
            ],
            tickets=[
                {"key": "a", "title": "A", "fields": {"mode": {"const": 1}, "y": None}},
                {"key": "b", "title": "B", "fields": {"mode": {"const": 2}, "y": None}},
            ],
        ),
        {"data": {"mode": 2, "y": 1}},
        NO_WAY,
    ),
    "a value that a task beside it may have written": (
        bundle(
            [
                form("fork", split="parallel"),
                form("b", output_schema=output({"x": INTEGER})),
                form("a"),
                form("join", join="parallel"),
            ],
            [
                {"from": None, "to": "fork"},
                {"from": "fork", "to": "b"},
                {"from": "fork", "to": "a"},
                {"from": "a", "to": "join", "condition": {"!": [var("x")]}},
                {"from": "b", "to": "join"},
            ],
        ),
        {"b": {"x": 5}},
        NO_WAY,
    ),
    # --------------------------------------------------------------------------------------------------- the end
    "a state schema that refers to another property": (
        bundle(
            [form("t")],
            [{"from": None, "to": "t"}],
            fields=[{"FieldName": "p", "FieldType": "json"}, {"FieldName": "q", "FieldType": "string"}],
            tickets=[ticket(p={"const": {"c": 5, "q": 5}})],
            state_schema={
                "type": "object",
                "properties": {
                    "p": {"type": "object", "properties": {"c": {"$ref": "#/properties/q"}, "q": INTEGER}},
                    "q": {"type": "string"},
                },
            },
        ),
        {"data": {"p": {"c": 5, "q": 5}}},
        ["state_schema"],
    ),
}


@each("name", ATTACKS)
def test_what_ends_in_an_incident_is_not_proved(name):
    found, run, incidents = ATTACKS[name]
    assert played(found, **run)[:1] == incidents
    assert not_proved(found)
