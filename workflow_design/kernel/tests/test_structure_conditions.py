"""Typed conditions: what is read exists, and what is compared goes together."""

from __future__ import annotations

from workflow_design.kernel.tests.each import each
from workflow_design.kernel.tests.structure_cases import document, found, of_condition, problems


def var(path, *default):
    return {"var": [path, *default] if default else path}


FINE = [
    {"==": [var("city"), None]},
    {"!=": [var("amount"), None]},
    {"<": [10, var("amount"), 20]},
    {">=": [var("nights"), var("amount")]},
    {"in": [var("class"), ["first"]]},
    {"in": ["meal", var("extras")]},
    {"in": ["ber", var("city")]},
    {"===": [var("city.length"), 3]},
    {"===": [var("city.0"), "B"]},
    {"===": [var("reasons.0.why"), "cost"]},
    {"===": [var("reasons.length"), 3]},
    {"===": [var("place.street"), "x"]},
    {"===": [var("notes.any.thing"), 3]},
    {"===": [var("notes"), "text"]},
    {"some": [var("reasons"), {"===": [var("why"), "cost"]}]},
    {"all": [var("extras"), {"===": [var(""), "seat"]}]},
    {">": [{"reduce": [var("extras"), {"+": [var("accumulator"), 1]}, 0]}, 1]},
    {">": [var("leaves"), "2026-11-20"]},
    {">": [var("booked"), "2026-11-20T09:30:00+01:00"]},
    {">": [var("_ticket.created_at"), "2026-11-20T09:30:00Z"]},
    {"===": [{"substr": [var("booked"), 0, 10]}, var("leaves")]},
    {"===": [var("_task.outcome"), "completed"]},
    {"===": [var("_task.key"), "approve"]},
    {"===": [var("_task.assignee"), 7]},
    {"===": [var("_ticket.number"), 7]},
    {">": [{"+": [var("amount"), var("nights"), 1]}, 5]},
    {">": [{"+": [var("city")]}, 5]},
    {"===": [var("amount", ""), ""]},
    {"===": [var("class", "none"), "none"]},
    {"===": [{"if": [var("abroad"), "far", "near"]}, "near"]},
    {"!": {"missing": ["amount", "city"]}},
    {"!": {"missing_some": [1, ["amount", "city"]]}},
    {"startsWith": [var("city"), "B"]},
    {"===": [var({"cat": ["am", "ount"]}), 5]},
    {"===": [{"merge": [var("extras"), "x"]}, None]},
    {"and": [var("abroad"), {"!!": var("city")}]},
    {"map": [var("reasons"), var("why")]},
    None,
    True,
]


@each("rule", FINE)
def test_nothing_is_said_about(rule):
    assert of_condition(rule) == []


CASES = [
    # Names.
    ({"===": [var("amuont"), 5]}, "unknown_variable", "/===/0/var"),
    ({"===": [var(["amuont"]), 5]}, "unknown_variable", "/===/0/var/0"),
    ({"===": [var("amuont", 0), 5]}, "unknown_variable", "/===/0/var/0"),
    ({"!": {"missing": ["amount", "citty"]}}, "unknown_variable", "/!/missing/1"),
    ({"!": {"missing": [["amount", "citty"]]}}, "unknown_variable", "/!/missing/0/1"),
    ({"!": {"missing_some": [1, ["citty"]]}}, "unknown_variable", "/!/missing_some/1/0"),
    ({"/": [var("_ticket.titel"), 2]}, "unknown_variable", "/~1/0/var"),
    ({"===": [var("_task.name"), "x"]}, "unknown_variable", "/===/0/var"),
    ({"===": [var("body.id"), "x"]}, "unknown_variable", "/===/0/var"),
    ({"===": [var("amount.x"), 5]}, "path_into_value", "/===/0/var"),
    ({"===": [var("city.name"), "x"]}, "path_into_value", "/===/0/var"),
    ({"===": [var("reasons.why"), "x"]}, "path_into_value", "/===/0/var"),
    ({"===": [var("reasons.0.how"), "x"]}, "unknown_property", "/===/0/var"),
    ({"===": [var("place.streat"), "x"]}, "unknown_property", "/===/0/var"),
    ({"some": [var("reasons"), {"===": [var("amount"), 1]}]}, "unknown_property", "/some/1/===/0/var"),
    ({"some": [var("extras"), {"===": [var("name"), "meal"]}]}, "path_into_value", "/some/1/===/0/var"),
    ({"reduce": [var("extras"), {"+": [var("acumulator"), 1]}, 0]}, "unknown_variable", "/reduce/1/+/0/var"),
    # Types.
    ({"===": [var("city"), 5]}, "type_mismatch", ""),
    ({"==": [5, var("city")]}, "type_mismatch", ""),
    ({"!=": [var("amount"), "5"]}, "type_mismatch", ""),
    ({"===": [var("abroad"), "true"]}, "type_mismatch", ""),
    ({"===": [var("abroad"), 1]}, "type_mismatch", ""),
    ({"and": [var("abroad"), {">": [var("city"), 5]}]}, "type_mismatch", "/and/1"),
    ({">": [var("abroad"), False]}, "type_mismatch", ""),
    ({">": [var("extras"), var("extras.0")]}, "type_mismatch", ""),
    ({"<": [1, var("city"), 20]}, "type_mismatch", ""),
    ({"===": [{"+": [var("amount"), 1]}, "6"]}, "type_mismatch", ""),
    ({"===": [{"cat": [var("amount"), "x"]}, 6]}, "type_mismatch", ""),
    ({"===": [{"!": var("abroad")}, "false"]}, "type_mismatch", ""),
    ({"===": [{"if": [var("abroad"), "far", "near"]}, 1]}, "type_mismatch", ""),
    ({"===": [{"or": [var("city"), "none"]}, 1]}, "type_mismatch", ""),
    ({"in": [var("amount"), ["5", "6"]]}, "type_mismatch", "/in/1/0"),
    ({"in": [5, var("extras")]}, "type_mismatch", ""),
    ({"in": [var("extras"), var("city")]}, "type_mismatch", ""),
    ({"all": [var("extras"), {"===": [var(""), 5]}]}, "type_mismatch", "/all/1"),
    # Values that aren't there.
    ({"===": [var("class"), "thrid"]}, "unknown_option", "/===/1"),
    ({"==": ["third", var("class")]}, "unknown_option", "/==/0"),
    ({"!==": [var("class"), ""]}, "unknown_option", "/!==/1"),
    ({"in": [var("class"), ["first", "third"]]}, "unknown_option", "/in/1/1"),
    ({"in": ["drink", var("extras")]}, "unknown_option", "/in/0"),
    ({"some": [var("extras"), {"===": [var(""), "drink"]}]}, "unknown_option", "/some/1/===/1"),
    ({"===": [var("reasons.0.why"), "time"]}, "unknown_option", "/===/1"),
    ({"===": [var("_task.key"), "aprove"]}, "unknown_option", "/===/1"),
    ({"===": [var("_task.outcome"), "failed"]}, "unknown_option", "/===/1"),
    # Dates.
    ({">": [var("leaves"), "tomorrow"]}, "date_mismatch", "/>/1"),
    ({">": [var("leaves"), "20.11.2026"]}, "date_mismatch", "/>/1"),
    ({"===": [var("leaves"), ""]}, "date_mismatch", "/===/1"),
    ({"===": [var("leaves"), "2026-W47-5"]}, "date_mismatch", "/===/1"),
    ({">": [var("booked"), "2026-11-20T25:00:00Z"]}, "date_mismatch", "/>/1"),
    ({">": [var("booked"), "2026-11-20T09:30:00"]}, "date_mismatch", "/>/1"),
    ({"===": [var("leaves"), "2026-11-31"]}, "date_mismatch", "/===/1"),
    ({"===": [var("booked"), "2026-11-20"]}, "date_mismatch", "/===/1"),
    ({"in": [var("leaves"), ["2026-11-20", "later"]]}, "date_mismatch", "/in/1/1"),
    ({">": [var("leaves"), var("_ticket.created_at")]}, "date_with_time", ""),
    ({">": [var("booked"), "2026-11-20"]}, "date_with_time", ""),
    # Operators that take one kind.
    ({"in": ["x", var("amount")]}, "not_a_list", "/in/1"),
    ({"some": [var("city"), {"===": [var(""), "x"]}]}, "not_a_list", "/some/0"),
    ({">": [{"+": [var("city"), 1]}, 5]}, "not_a_number", "/>/0/+/0"),
    ({">": [{"*": [var("amount"), var("abroad")]}, 5]}, "not_a_number", "/>/0/*/1"),
    ({">": [{"-": [var("leaves"), 1]}, 5]}, "not_a_number", "/>/0/-/0"),
    ({"===": [{"max": [var("amount"), "5"]}, 5]}, "not_a_number", "/===/0/max/1"),
    ({"startsWith": [var("amount"), "1"]}, "not_text", "/startsWith/0"),
    ({"endsWith": [var("city"), 1]}, "not_text", "/endsWith/1"),
    # What never changes.
    ({"==": [1, 1]}, "constant_condition", ""),
    ({"===": ["approved", True]}, "constant_condition", ""),
    ({"and": [var("abroad"), {"===": ["city", "x"]}]}, "constant_condition", "/and/1"),
    ({"!": [False]}, "constant_condition", ""),
    (False, "constant_condition", ""),
    ({"===": [var("amount"), var("amount")]}, "self_comparison", ""),
    ({"or": [var("abroad"), {">": [var("amount"), var("amount")]}]}, "self_comparison", "/or/1"),
]


@each("rule, code, path", CASES)
def test_is_found(rule, code, path):
    assert (code, path) in of_condition(rule)
    assert {said for said, _ in of_condition(rule)} == {code}


def test_every_finding_of_one_condition_is_told():
    rule = {"and": [{"===": [var("amuont"), 5]}, {"===": [var("city"), 5]}, {"===": [var("class"), "x"]}]}
    assert of_condition(rule) == [
        ("unknown_variable", "/and/0/===/0/var"),
        ("type_mismatch", "/and/1"),
        ("unknown_option", "/and/2/===/1"),
    ]


def test_constant_comparisons_are_told_once():
    assert of_condition({"and": [{"==": [1, 1]}, {"==": [2, 2]}]}) == [("constant_condition", "/and/0")]


def messages(rule):
    changed = document()
    changed["transitions"][1]["condition"] = rule
    return [(problem.task, problem.transition, problem.message) for problem in problems(changed)]


@each(
    "rule, message",
    [
        (
            {"===": [var("amuont"), 5]},
            'The condition from "approve" to "book" reads "amuont", but there is no such field or variable here; '
            'did you mean "amount"?',
        ),
        (
            {"===": [var("class"), "thrid"]},
            'The condition from "approve" to "book" compares "class" (text) with "thrid", which it never is '
            '(it is one of: "first", "second").',
        ),
        (
            {"===": [var("class"), "First"]},
            'The condition from "approve" to "book" compares "class" (text) with "First", which it never is; '
            'did you mean "first"?',
        ),
        (
            {">": [var("city"), 5]},
            'The condition from "approve" to "book" compares "city" (text) with 5: they never have the same '
            "type; compare like with like.",
        ),
        (
            {"<": [var("leaves"), "soon"]},
            'The condition from "approve" to "book" compares "leaves" (a date) with "soon", which is written '
            'otherwise: write it as "2026-11-20".',
        ),
    ],
)
def test_messages_say_where_why_and_what_to_do(rule, message):
    assert messages(rule) == [("approve", 1, message)]


def test_at_the_start_there_is_no_task():
    assert of_condition({"===": [var("_task.outcome"), "completed"]}, place=0) == [
        ("unknown_variable", "/===/0/var"),
    ]
    assert of_condition({">": [var("_ticket.created_by"), 5]}, place=0) == []


def test_a_condition_written_as_text_is_read():
    assert of_condition('{"===": [{"var": "city"}, 5]}') == [("type_mismatch", "")]


def test_a_field_may_be_all_that_its_writers_say():
    """Two tasks write `state` with different options: only what none of them lists is reported."""
    changed = document()
    other = {"type": "object", "properties": {"state": {"type": "string", "enum": ["lost"]}}}
    changed["tasks"][0]["output_schema"] = other
    for value, expected in (("lost", []), ("done", []), ("gone", ["unknown_option"])):
        changed["transitions"][1]["condition"] = {"===": [{"var": "state"}, value]}
        assert [code for _, code, _ in found(changed)] == expected


@each(
    "schema, codes",
    [
        ({"type": ["string", "null"]}, ["type_mismatch"]),
        ({"type": ["string", "integer"]}, []),
        ({"anyOf": [{"type": "string"}, {"type": "boolean"}]}, ["type_mismatch"]),
        ({"anyOf": [{"type": "string"}, {}]}, []),
        ({"allOf": [{"type": ["string", "integer"]}, {"type": "string"}]}, ["type_mismatch"]),
        ({"const": "x"}, ["type_mismatch"]),
        ({"$ref": "#/$defs/word"}, ["type_mismatch"]),
        ({"$ref": "#/$defs/any"}, []),
        ({"$ref": "#anchor"}, []),
        ({"not": {"type": "string"}}, []),
        ({}, []),
        (True, []),
    ],
)
def test_what_a_schema_says_of_a_type(schema, codes):
    """`x` is compared with 5: a finding where its schema admits no number."""
    changed = document()
    changed["tasks"][1]["output_schema"] = {
        "type": "object",
        "properties": {"x": schema},
        "$defs": {"word": {"type": "string"}, "any": {"$anchor": "anchor"}},
    }
    changed["tasks"][1]["output_transform"] = None
    changed["transitions"][1]["condition"] = {"===": [{"var": "x"}, 5]}
    assert [code for _, code, _ in found(changed)] == codes
