"""Templates, forms and chains that stop a run, what is only assumed, and alarms that would be false."""

from __future__ import annotations

import pytest

from workflow_design.kernel.language import EvaluationError, compile_template
from workflow_design.kernel.proof import prove
from workflow_design.kernel.structure import assumptions
from workflow_design.kernel.tests.each import each

from .attack_bundles import bundle, not_proved, played, ways_of
from .decisions_bundles import BOOLEAN, INTEGER, form, output, var

NUMBERS = [{"FieldName": name, "FieldType": "number", "Required": True} for name in "abcd"]
TEXT = [{"FieldName": "s", "FieldType": "string", "Required": True}]
CHOICES = [{"FieldName": "s", "FieldType": "multichoice", "Options": ["😀"], "Required": True}]
HALF = "split_character"


def computing(fields, rule):
    task = {"key": "c", "title": "C", "task_type": "SYNC_ACTION", "action": "compute"}
    task |= {"output_transform": {"r": {"$": rule}}, "output_schema": output({"r": {}}, [])}
    return bundle([form("f"), task], [{"from": None, "to": "f"}, {"from": "f", "to": "c"}], fields)


def data(name):
    return {"var": f"_data.{name}"}


@each(
    "fields, rule, values, code",
    [
        (
            NUMBERS,
            {"*": [{"*": [data("a"), data("b")]}, {"*": [data("c"), data("d")]}]},
            dict.fromkeys("abcd", 9e99),
            "not_finite",
        ),
        (NUMBERS, {"/": [data("a"), 1e-300]}, {"a": 9e99}, "not_finite"),
        (TEXT, data("s.0"), {"s": "😀"}, HALF),
        (TEXT, {"cat": [data("s.0"), "x"]}, {"s": "😀"}, HALF),
        (TEXT, {"if": [True, data("s.1"), 1]}, {"s": "😀"}, HALF),
        (TEXT, {"merge": [[data("s.1")], 1]}, {"s": "😀"}, HALF),
        (TEXT, {"var": {"cat": ["_data.s.", "0"]}}, {"s": "😀"}, HALF),
        (CHOICES, {"map": [data("s"), {"var": "0"}]}, {"s": ["😀"]}, HALF),
        (CHOICES, {"map": [data("s"), {"var": 1}]}, {"s": ["😀"]}, HALF),
    ],
)
def test_a_template_that_may_come_to_no_result_is_not_proved(fields, rule, values, code):
    found = computing(fields, rule)
    with pytest.raises(EvaluationError) as error:
        compile_template(found["tasks"][1]["output_transform"]).render({"_data": values})
    assert error.value.code == code
    assert [problem.code for problem in prove(found).problems if problem.severity == "unproved"] == [
        "transform_unproved"
    ]


@each("schema", [{"enum": [1e308]}, {"type": "number", "minimum": 0, "maximum": 1e308}])
def test_a_limit_that_a_schema_sets_counts_however_large_it_is(schema):
    found = computing([], {"*": [data("e"), 10]})
    found["tasks"][0]["output_schema"] = output({"e": schema})
    assert not_proved(found)
    found["tasks"][0]["output_schema"] = output({"e": {"type": "number", "minimum": 0, "maximum": 1e9}})
    assert prove(found).proved


def test_calculations_with_numbers_of_usual_size_are_proved():
    rules = [{"*": [data("a"), data("b")]}, {"+": [data("a"), data("b"), 1]}, {"/": [{"-": [data("a"), 5]}, 3]}]
    for rule in [*rules, {"max": [data("a"), 0]}, {"cat": [data("a"), " EUR"]}, {"%": [data("a"), 7]}]:
        assert prove(computing(NUMBERS, rule)).proved


def chain(count, *, forms=False):
    def task(place):
        if forms and place % 100 == 99:
            return form(f"c{place}")
        return {
            "key": f"c{place}",
            "title": "C",
            "task_type": "SYNC_ACTION",
            "action": "compute",
            "output_transform": {},
        }

    ways = [{"from": None, "to": "c0"}, *({"from": f"c{at}", "to": f"c{at + 1}"} for at in range(count - 1))]
    return bundle([task(place) for place in range(count)], ways)


def test_more_tasks_that_compute_than_the_engine_plays_at_once_are_not_proved():
    assert prove(chain(200)).proved
    assert [(problem.severity, problem.code) for problem in prove(chain(201)).problems] == [
        ("unproved", "transform_unproved")
    ]
    assert prove(chain(300, forms=True)).proved
    fork = bundle(
        [form("f", split="parallel"), *chain(201)["tasks"]],
        [{"from": None, "to": "f"}, *({"from": "f", "to": f"c{place}"} for place in range(201))],
    )
    assert not_proved(fork)


@each("schema", [False, {"type": "integer", "minimum": 5, "maximum": 3}, {"enum": [1], "type": "string"}])
def test_a_form_that_nobody_can_complete_is_an_error(schema):
    found = bundle([form("f", output_schema=output({"x": schema}))], [{"from": None, "to": "f"}])
    said = [(problem.severity, problem.code, problem.path) for problem in prove(found).problems]
    assert ("error", "impossible_schema", "/tasks/0/output_schema/required/0") in said
    found = bundle([form("f", output_schema=output({"x": schema}, []))], [{"from": None, "to": "f"}])
    assert "impossible_schema" not in {problem.code for problem in prove(found).problems}


def test_what_can_not_be_shown_of_templates_is_said():
    found = computing(TEXT, {"<": [data("s"), data("s")]})
    assert prove(found).proved
    assert any(sentence.startswith("Templates stay within") for sentence in assumptions(found))


def test_lists_of_lists_of_lists_end():
    nested = {"$defs": {"L": {"type": "array", "items": {"$ref": "#/$defs/L"}}}}
    assert prove(ways_of({"l": {"$ref": "#/$defs/L"}}, {"!!": [var("l")]}, default=True, **nested)).proved


@each("needed", [-1e300, -5, 0, 1, 1.5, 2, 3, 1e300])
def test_missing_some_with_any_number(needed):
    rule = {"missing_some": [needed, ["x", "y"]]}
    both = {"x": INTEGER, "y": INTEGER}
    proof = prove(ways_of(both, rule))
    assert proof.proved is (played(ways_of(both, rule), ask={"x": 1, "y": 1}) == [])


def test_what_is_written_later_is_not_there_before_a_parallel_part():
    """No false alarm: "gate" is the first task, and what "b" writes after it isn't there yet."""
    found = bundle(
        [
            form("gate", split="inclusive"),
            form("a"),
            form("b", output_schema=output({"x": INTEGER})),
            form("end", join="inclusive"),
        ],
        [
            {"from": None, "to": "gate"},
            {"from": "gate", "to": "a", "condition": {"!": [var("x")]}},
            {"from": "gate", "to": "b", "condition": {"===": [{"var": ["x", 7]}, 7]}},
            {"from": "a", "to": "end"},
            {"from": "b", "to": "end"},
        ],
    )
    assert [problem for problem in prove(found).problems if problem.severity != "warning"] == []


def test_a_form_is_completed_by_somebody():
    """No false alarm: only where nobody need have acted, `_task.assignee` may be null."""
    found = ways_of({}, var("_task.assignee"))
    assert prove(found).proved
    found["tasks"][0] |= {"task_type": "SYNC_ACTION", "action": "http", "action_url": "https://x.example/"}
    assert not_proved(found)


def behind(*, reached):
    """ "t0" writes nothing; "hidden" is behind a way that needs x, which a task behind it alone writes."""
    hidden = form("hidden", output_schema=output({"x": {"enum": [1, 2]}}))
    return bundle(
        [form("t0", output_schema=output({"y": BOOLEAN})), hidden, form("last")],
        [
            {"from": None, "to": "t0"},
            {"from": "t0", "to": "hidden", "condition": var("y") if reached else {"===": [var("x"), 1]}},
            {"from": "t0", "to": "last", "is_default": True},
            {"from": "hidden", "to": "last", "condition": {"===": [var("x"), 1]}},
        ],
    )


def test_a_gap_behind_a_way_that_is_never_taken_is_none():
    proof = prove(behind(reached=False))
    assert [
        (problem.severity, problem.code, problem.transition)
        for problem in proof.problems
        if problem.code != "field_maybe_unset"
    ] == [("warning", "dead_condition", 1)]
    assert proof.proved
    assert [problem.code for problem in prove(behind(reached=True)).problems] == ["gap"]


def test_what_is_written_behind_a_way_that_is_never_taken_is_not_there():
    """The first way is always taken; what the task behind the second one would write makes no gap later on."""
    found = bundle(
        [form("t0"), form("never", output_schema=output({"x": {"const": 1}})), form("join"), form("a")],
        [
            {"from": None, "to": "t0"},
            {"from": "t0", "to": "join", "condition": {"missing": ["x"]}},
            {"from": "t0", "to": "never", "priority": 1},
            {"from": "never", "to": "join"},
            {"from": "join", "to": "a", "condition": {"!": [var("x")]}},
        ],
    )
    assert prove(found).proved
    found["transitions"][1]["condition"] = {"<": [var("_ticket.number"), 5]}
    assert [problem.code for problem in prove(found).problems if problem.severity == "error"] == ["gap"]
