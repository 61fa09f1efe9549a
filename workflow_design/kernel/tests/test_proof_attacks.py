"""Definitions that a proof could take for sound by overlooking something: each is played to the incident that it hides.

`ways_of(...)` is a document whose task "ask" writes fields and then decides.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from workflow_design.kernel.document import normalize
from workflow_design.kernel.engine import Event, Marking, step
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.language import EvaluationError, compile_template
from workflow_design.kernel.proof import prove
from workflow_design.kernel.structure import assumptions

from .decisions_bundles import BOOLEAN, INTEGER, form, output, var

TICKET = {"id": 1, "number": 1, "created_by": 1, "created_at": "2026-01-01T00:00:00+00:00"}
WIDE = "😀" * 20_000
FEW = {"type": "integer", "minimum": 0, "maximum": 200}
SOME = [number for number in range(201) if number not in (3, 7)]


def bundle(tasks, ways, fields=(), tickets=None, **workflow):
    document = {
        "workflow": {"key": "w", "title": "W", "fields": list(fields), **workflow},
        "tasks": tasks,
        "transitions": ways,
        "tickets": [ticket(**{field["FieldName"]: None for field in fields})] if tickets is None else tickets,
    }
    read = normalize(json.loads(json.dumps(document)))
    assert read.errors == []
    return read.after


def ticket(**fields):
    return {"key": "w", "title": "W", "fields": fields}


def ways_of(fields, *rules, required=None, default=False, **root):
    """The conditions `rules` after "ask", whose output has `fields` and, at its root, `root`."""
    ways: list[dict[str, Any]] = [
        {"from": "ask", "to": f"t{place}", "condition": rule, "priority": place} for place, rule in enumerate(rules)
    ]
    if default:
        ways.append({"from": "ask", "to": None, "is_default": True})
    ask = form("ask", output_schema={**output(fields, required), **root})
    tasks = [ask, *(form(f"t{place}") for place in range(len(rules)))]
    return bundle(tasks, [{"from": None, "to": "ask"}, *ways])


def start(rule, **values):
    """A condition at the start."""
    return bundle([form("t")], [{"from": None, "to": "t", "condition": rule}], **values)


def constant(value, rule):
    """A condition at the start over the fixed field `a`."""
    return start(rule, fields=[{"FieldName": "a", "FieldType": "json"}], tickets=[ticket(a={"const": value})])


def played(found, data=None, about: Any = TICKET, **outputs):
    """The codes of the incidents of a run; what is stored comes back as other objects."""
    graph = compile_graph(found)
    turn = step(graph, Marking(), json.loads(json.dumps(data or {})), Event("started"), about)
    incidents, todo = list(turn.incidents), list(turn.opened)
    while todo:
        opened = todo.pop(0)
        given = json.loads(json.dumps(outputs.get(opened.key, {})))
        assert graph.output_errors(opened.task, given) == []
        event = Event("completed", opened.number, given, assignee=1)
        turn = step(graph, turn.marking, json.loads(json.dumps(turn.data)), event, about)
        incidents += turn.incidents
        todo += turn.opened
    return [incident.code for incident in incidents]


def not_proved(found):
    proof = prove(found)
    return not proof.proved and any(problem.severity != "warning" for problem in proof.problems)


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


@pytest.mark.parametrize("name", ATTACKS)
def test_what_ends_in_an_incident_is_not_proved(name):
    found, run, incidents = ATTACKS[name]
    assert played(found, **run)[:1] == incidents
    assert not_proved(found)


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


@pytest.mark.parametrize(
    ("fields", "rule", "values", "code"),
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


@pytest.mark.parametrize("schema", [{"enum": [1e308]}, {"type": "number", "minimum": 0, "maximum": 1e308}])
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


@pytest.mark.parametrize(
    "schema", [False, {"type": "integer", "minimum": 5, "maximum": 3}, {"enum": [1], "type": "string"}]
)
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


@pytest.mark.parametrize("needed", [-1e300, -5, 0, 1, 1.5, 2, 3, 1e300])
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
