"""Known cases of gaps, overlaps and conditions that are never true, by name."""

from __future__ import annotations

from workflow_design.kernel.language import compile_condition
from workflow_design.kernel.tests.each import each

from .decisions_bundles import BOOLEAN, DATE, INTEGER, NUMBER, decided, deciding, form, nullable, output, said, var

# The start is transition 0; "ask" leads on by 1, 2, …
FIRST, SECOND, THIRD = 1, 2, 3
CHOICE = {"type": "string", "enum": ["red", "green", "blue"]}
LIST = {"type": "array", "items": CHOICE, "uniqueItems": True}


def gap(**data):
    return [("gap", FIRST, data)]


# --- gaps ---


def test_a_missing_default():
    assert said(deciding({"ok": BOOLEAN}, {"===": [var("ok"), True]})) == gap(ok=False)


def test_every_clause_of_a_condition_counts():
    inside = {"and": [{">=": [var("n"), 0]}, {"<": [var("n"), 10]}]}
    outside = {"or": [{"<": [var("n"), 0]}, {">": [var("n"), 10]}]}
    assert said(deciding({"n": INTEGER}, inside, outside)) == gap(n=10)
    outside["or"].append({"===": [var("n"), 10]})
    assert said(deciding({"n": INTEGER}, inside, outside)) == []


def test_a_default_closes_every_gap():
    assert said(deciding({"ok": BOOLEAN}, {"===": [var("ok"), True]}, default=True)) == []


def test_both_values_of_a_boolean():
    assert said(deciding({"ok": BOOLEAN}, {"===": [var("ok"), True]}, {"===": [var("ok"), False]})) == []


def test_an_absent_field_is_neither_true_nor_false():
    rules = {"===": [var("ok"), True]}, {"===": [var("ok"), False]}
    assert said(deciding({"ok": BOOLEAN}, *rules, required=[])) == gap()


def test_a_field_that_may_be_null():
    rules = {"===": [var("ok"), True]}, {"===": [var("ok"), False]}
    assert said(deciding({"ok": nullable(BOOLEAN)}, *rules)) == gap(ok=None)
    assert said(deciding({"ok": nullable(BOOLEAN)}, *rules, {"==": [var("ok"), None]})) == []


def test_a_condition_that_reads_an_unset_field_counts_it_as_zero_in_an_order():
    """null is below 1, so that bands from 0 on hold it; they lose it where it has to be above."""
    fields = {"amount": {"type": "integer", "minimum": 1}}
    assert said(deciding(fields, {"<": [var("amount"), 10]}, {">=": [var("amount"), 10]}, required=[])) == []
    rules = {"<": [0, var("amount"), 10]}, {">=": [var("amount"), 10]}
    assert said(deciding(fields, *rules, required=[])) == gap()


def test_a_default_value_of_a_variable_stands_for_what_is_absent_but_not_for_null():
    rule = {">=": [{"var": ["amount", 5]}, 5]}
    fields = {"amount": {"type": "integer", "minimum": 5}}
    assert said(deciding(fields, rule, required=[])) == []
    assert said(deciding({"amount": nullable(fields["amount"])}, rule, required=[])) == gap(amount=None)


def test_missing():
    fields = {"a": INTEGER, "b": {"type": "string"}}
    rules = {"missing": ["a", "b"]}, {"!": [{"missing": ["a", "b"]}]}
    assert said(deciding(fields, *rules, required=[])) == []
    both = {"!==": [var("a"), None]}, {"missing": ["a"]}
    assert said(deciding(fields, *both, required=[])) == []
    rules = {"missing": ["a", "b"]}, {">": [var("a"), 0]}
    assert said(deciding(fields, *rules, required=["a"])) == gap(a=-1, b="x")


def test_missing_some():
    fields = {"a": BOOLEAN, "b": BOOLEAN}
    one = {"missing_some": [1, ["a", "b"]]}
    assert said(deciding(fields, one, {"!": [one]}, required=[])) == []
    present = {"or": [{"!==": [var("a"), None]}, {"!==": [var("b"), None]}]}
    assert said(deciding(fields, one, present, required=[])) == []
    both = {"and": [{"!==": [var("a"), None]}, {"!==": [var("b"), None]}]}
    assert [code for code, _, _ in said(deciding(fields, one, both, required=[]))] == ["gap"]


# --- bounds of numbers and dates ---


@each(
    "schema, low, high, expected",
    [
        (INTEGER, {"<=": [var("n"), 999]}, {">=": [var("n"), 1000]}, []),
        (INTEGER, {"<=": [var("n"), 999]}, {">": [var("n"), 1000]}, gap(n=1000)),
        (NUMBER, {"<=": [var("n"), 999]}, {">=": [var("n"), 1000]}, gap(n=999.5)),
        (NUMBER, {"<": [var("n"), 1000]}, {">=": [var("n"), 1000]}, []),
        (NUMBER, {"<": [var("n"), 1000]}, {">": [var("n"), 1000]}, gap(n=1000)),
        # Between a double and the next one there is nothing.
        (NUMBER, {"<=": [var("n"), 0.1]}, {">=": [var("n"), 0.10000000000000002]}, []),
        (NUMBER, {"<": [var("n"), 0.1]}, {">=": [var("n"), 0.10000000000000002]}, gap(n=0.1)),
        (NUMBER, {"<=": [var("n"), 0.1]}, {">": [var("n"), 0.10000000000000002]}, gap(n=0.10000000000000002)),
        # A whole number is never between two others, even where doubles are whole.
        (INTEGER, {"<": [var("n"), 9007199254740991]}, {">=": [var("n"), 9007199254740991]}, []),
        (INTEGER, {"<": [var("n"), 2.5]}, {">": [var("n"), 2.6]}, []),
        ({**INTEGER, "minimum": 0, "maximum": 5}, {"<": [var("n"), 3]}, {"<": [2, var("n"), 6]}, []),
        ({**NUMBER, "exclusiveMinimum": 0}, {"<": [0, var("n"), 1]}, {">=": [var("n"), 1]}, []),
        ({**INTEGER, "multipleOf": 5}, {"<": [var("n"), 5]}, {">": [var("n"), 5]}, gap(n=5)),
        ({**INTEGER, "multipleOf": 5}, {"<": [var("n"), 6]}, {">": [var("n"), 6]}, []),
        # Whole numbers times constants, as the evaluator rounds them.
        (INTEGER, {"<": [{"*": [var("n"), 3]}, 10]}, {">=": [var("n"), 4]}, []),
        (INTEGER, {"<": [{"*": [var("n"), -3]}, 10]}, {"<=": [var("n"), -5]}, gap(n=-4)),
        (INTEGER, {"<": [{"-": [10, var("n")]}, 3]}, {"<=": [var("n"), 7]}, []),
        (INTEGER, {"===": [{"max": [var("n"), 3]}, 3]}, {">": [var("n"), 3]}, []),
        ({**INTEGER, "multipleOf": 2}, {"===": [{"min": [var("n"), 5]}, 5]}, {"<": [var("n"), 5]}, []),
        ({**INTEGER, "multipleOf": 2}, {"<": [{"min": [var("n"), 5]}, 5]}, {">": [var("n"), 6]}, gap(n=6)),
    ],
)
def test_bounds_of_numbers(schema, low, high, expected):
    assert said(deciding({"n": schema}, low, high)) == expected


def test_bounds_of_dates():
    def bands(first, second):
        return said(deciding({"d": DATE}, first, second))

    assert bands({"<": [var("d"), "2026-03-01"]}, {">=": [var("d"), "2026-03-01"]}) == []
    assert bands({"<=": [var("d"), "2026-02-28"]}, {">=": [var("d"), "2026-03-01"]}) == []  # 2026 is no leap year
    assert bands({"<=": [var("d"), "2024-02-28"]}, {">=": [var("d"), "2024-03-01"]}) == gap(d="2024-02-29")
    assert bands({"<": [var("d"), "2026-03-01"]}, {">": [var("d"), "2026-03-01"]}) == gap(d="2026-03-01")
    assert (
        said(deciding({"d": DATE}, {"<": [var("d"), "2026-03-01"]}, {">=": [var("d"), "2026-03-01"]}, required=[]))
        == gap()
    )


def test_dates_before_the_calendar_begins_may_be_written_in_several_ways():
    problems = decided(deciding({"d": DATE}, {"<": [var("d"), "0000-06-01"]}, {">=": [var("d"), "0000-06-01"]}))
    assert [problem.code for problem in problems] == ["decision_unproved"]


def test_two_fields_compared():
    fields = {"begin": DATE, "end": DATE}
    assert said(deciding(fields, {"<": [var("begin"), var("end")]}, {">=": [var("begin"), var("end")]})) == []
    ((code, _, data),) = said(deciding(fields, {"<": [var("begin"), var("end")]}, {">": [var("begin"), var("end")]}))
    assert code == "gap"
    assert data["begin"] == data["end"]


# --- choices and lists ---


def test_a_gap_in_an_enum():
    rules = [{"===": [var("c"), option]} for option in ("red", "green")]
    assert said(deciding({"c": CHOICE}, *rules)) == gap(c="blue")
    assert said(deciding({"c": CHOICE}, *rules, {"===": [var("c"), "blue"]})) == []
    assert said(deciding({"c": CHOICE}, {"in": [var("c"), ["red", "blue"]]}, {"startsWith": [var("c"), "g"]})) == []


def test_a_list_of_options():
    some = {"in": ["red", var("l")]}
    others = {"some": [var("l"), {"in": [var(""), ["green", "blue"]]}]}
    assert said(deciding({"l": LIST}, some, others)) == gap(l=[])
    assert said(deciding({"l": {**LIST, "minItems": 1}}, some, others)) == []
    assert said(deciding({"l": LIST}, {"all": [var("l"), {"===": [var(""), "red"]}]}, {"!": [some]})) == gap(
        l=["red", "green"]
    )


# --- overlaps and what is never taken ---


def test_an_overlap_at_equal_priority():
    rules = {"<=": [var("n"), 10]}, {">=": [var("n"), 10]}
    assert said(deciding({"n": INTEGER}, *rules, priorities=(0, 0))) == [("overlap", SECOND, {"n": 10})]
    assert said(deciding({"n": INTEGER}, *rules, priorities=(0, 1))) == []
    assert said(deciding({"n": INTEGER}, *rules, split="inclusive", priorities=(0, 0))) == []


def test_no_overlap_where_an_earlier_priority_takes_what_both_hold_of():
    rules = {"===": [var("n"), 10]}, {"<=": [var("n"), 10]}, {">=": [var("n"), 10]}
    assert said(deciding({"n": INTEGER}, *rules, priorities=(0, 1, 1))) == []


def test_a_dead_condition():
    fields = {"n": {**INTEGER, "minimum": 1}}
    assert said(deciding(fields, {"<": [var("n"), 1]}, {">=": [var("n"), 1]})) == [("dead_condition", FIRST, None)]
    hidden = {">": [var("n"), 5]}, {">": [var("n"), 10]}
    assert said(deciding(fields, *hidden, default=True)) == [("dead_condition", SECOND, None)]
    assert said(deciding(fields, *hidden, default=True, split="inclusive")) == []


def test_a_default_beside_what_is_always_true():
    rules = {"<": [var("n"), 1]}, {">=": [var("n"), 1]}
    assert said(deciding({"n": INTEGER}, *rules, default=True)) == [("dead_condition", THIRD, None)]
    assert said(deciding({"n": INTEGER}, None, default=True)) == [("dead_condition", SECOND, None)]


# --- errors ---


def test_a_condition_that_comes_to_no_result():
    """What it gives is no number for a choice: an incident, never "false"."""
    ((code, transition, data),) = said(deciding({"c": CHOICE}, {"*": [var("c"), 2]}, default=True))
    assert (code, transition) == ("condition_fails", FIRST)
    assert data == {"c": "red"}


def test_an_error_behind_a_guard_is_none():
    fields = {"c": {"enum": ["red", 1]}}
    rule = {"and": [{"===": [var("c"), 1]}, {"*": [var("c"), 2]}]}
    assert said(deciding(fields, rule, default=True)) == []


@each(
    "rule",
    [
        {"+": [var("n"), 1]},
        {"===": [{"cat": [var("t"), "x"]}, "x"]},
        {">": [{"reduce": [var("j"), {"+": [var("accumulator"), 1]}, 0]}, 3]},
        {"==": [var("j"), "x"]},
        {"in": [var("n"), {"map": [var("j"), var("")]}]},
    ],
)
def test_what_may_end_in_an_error_is_never_called_proved(rule):
    fields = {"n": NUMBER, "t": {"type": "string"}, "j": {}}
    assert [code for code, _, _ in said(deciding(fields, rule, default=True))] == ["decision_unproved"]


def test_a_division_by_zero_is_found():
    assert said(deciding({"n": NUMBER}, {"/": [1, var("n")]}, default=True)) == [("condition_fails", FIRST, {"n": 0})]


def test_conditions_that_together_take_too_long():
    texts = {"t": {"type": "string"}}
    few = [{"===": [var("t"), f"text {number}"]} for number in range(20)]
    many = [{"===": [var("t"), f"text {number}"]} for number in range(200)]
    assert said(deciding(texts, *few, default=True)) == []
    assert [code for code, _, _ in said(deciding(texts, *many, default=True))] == ["decision_unproved"]
    short = {"t": {"type": "string", "maxLength": 100}}
    assert said(deciding(short, *many, default=True)) == []


# --- what is not decided ---


@each(
    "value, constant, operators",
    [
        (var("t"), "m", ("<", ">=")),
        (var("t"), 5, ("==", "!=")),
        (var("n"), "5", ("==", "!=")),
        ({"%": [var("n"), 2]}, 1, ("==", "!=")),
        ({"/": [var("n"), 2]}, 1, ("<", ">=")),
        ({"+": [var("n"), 0.1]}, 0.3, ("<", ">=")),
    ],
)
def test_what_is_never_decided(value, constant, operators):
    """Order of texts, conversions, division, sums of doubles; but a rule and its own opposite leave nothing open."""
    fields = {"n": NUMBER, "t": {"type": "string"}}
    rules = [{operator: [value, constant]} for operator in operators]
    assert [code for code, _, _ in said(deciding(fields, *rules))] == ["decision_unproved"]
    assert said(deciding(fields, rules[0], {"!": [rules[0]]})) == []


def test_a_counterexample_is_shown_only_if_the_evaluator_confirms_it():
    """A text between two others may be there or not; no value of this schema is found, so that nothing is claimed."""
    fields = {"t": {"type": "string", "pattern": "^z{3}q{2}$"}}
    codes = [code for code, _, _ in said(deciding(fields, {"===": [var("t"), "zzzqq"]}))]
    assert codes == ["decision_unproved"]


# --- messages ---


def test_the_message_of_a_gap():
    rules = {"<=": [var("amount"), 999]}, {">": [var("amount"), 1000]}
    (problem,) = decided(deciding({"amount": INTEGER}, *rules))
    assert problem.message == (
        'After "ask", no way on is open when amount is 1000: none of these holds then: amount ≤ 999 (to "t0"); '
        'amount > 1000 (to "t1"). Add a default, or widen a condition.'
    )
    assert (problem.severity, problem.path, problem.task) == ("error", "/transitions/1/condition", "ask")
    for rule in rules:
        assert compile_condition(rule).evaluate(problem.counterexample) is False


def test_start_transitions_are_an_inclusive_split():
    document = {
        "workflow": {
            "key": "w",
            "title": "W",
            "fields": [{"FieldName": "n", "FieldType": "integer", "Required": True}],
        },
        "tasks": [form("a"), form("b")],
        "transitions": [
            {"from": None, "to": "a", "condition": {"<": [var("n"), 5]}},
            {"from": None, "to": "b", "condition": {">": [var("n"), 5]}},
        ],
        "tickets": [{"key": "w", "title": "W", "fields": {"n": None}}],
    }
    (problem,) = decided(document)
    assert (problem.code, problem.counterexample, problem.task) == ("gap", {"n": 5}, None)
    assert problem.message.startswith("At the start, no way on is open when n is 5")


def test_every_event_has_its_own_split():
    document = deciding({"ok": BOOLEAN}, {"===": [var("ok"), True]}, default=True)
    document["tasks"][0]["due_in_seconds"] = 60
    late = {"from": "ask", "to": "t0", "on_event": "timeout", "condition": {"===": [var("ok"), True]}}
    document["transitions"].append({**late, "to": None})
    problem, dead = decided(document)
    assert (problem.code, problem.transition, problem.counterexample) == ("gap", 3, {})
    assert (dead.code, dead.transition) == ("dead_condition", 3)
    assert problem.message.startswith('After "ask" timed out, no way on is open when ok is not set')
    document["transitions"][-1]["condition"] = {"===": [var("_task.outcome"), "timeout"]}
    assert decided(document) == []


def test_outputs_in_which_fields_hang_together():
    """A reason has to be given with a refusal: so says the whole schema, and no single field."""
    document = deciding({"ok": BOOLEAN, "why": {"type": "string"}}, {"===": [var("ok"), True]}, {"!!": [var("why")]})
    schema = document["tasks"][0]["output_schema"] = output(document["tasks"][0]["output_schema"]["properties"], ["ok"])
    assert said(document) == gap(ok=False, why="")
    schema["if"] = {"properties": {"ok": {"const": False}}}
    schema["then"] = {"required": ["why"], "properties": {"why": {"minLength": 1}}}
    assert [code for code, _, _ in said(document)] == ["decision_unproved"]
