"""Loops that can be left, and those that a ticket can go round for ever."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.document import normalize
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof import prove
from workflow_design.kernel.tests.each import each

BOOLEAN = {"type": "boolean"}
INTEGER = {"type": "integer"}
LITTLE = {"<": [{"var": "amount"}, 100]}
FIELDS = [{"FieldName": "amount", "FieldType": "integer", "Required": True}]
Ways = list[tuple[Any, ...]]


def form(**writes: Any) -> dict[str, Any]:
    """A form; a field with an underscore behind it may be left out."""
    if not writes:
        return {"task_type": "FORM"}
    properties = {name.rstrip("_"): schema for name, schema in writes.items()}
    required = [name for name in writes if not name.endswith("_")]
    return {
        "task_type": "FORM",
        "output_schema": {"type": "object", "properties": properties, "required": required},
    }


def compute(**made: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": dict.fromkeys(made, INTEGER), "required": list(made)}
    return {"task_type": "SYNC_ACTION", "action": "compute", "output_transform": made, "output_schema": schema}


def call(**made: Any) -> dict[str, Any]:
    return {**compute(**made), "action": "http", "action_url": "https://x.example/", "timeout_seconds": 9}


def gates(task: dict[str, Any], join: str = "exclusive", split: str = "exclusive") -> dict[str, Any]:
    return {**task, "join": join, "split": split}


def found(tasks: dict[str, dict[str, Any]], ways: Ways, **preset: Any) -> tuple[bool, list[Problem]]:
    """(proved, what is said of loops); a way is (from, to) with a condition, "default" or an event."""
    links = []
    for source, target, *rest in ways:
        link: dict[str, Any] = {"from": source, "to": target}
        for said in rest:
            if said == "default":
                link["is_default"] = True
            else:
                link["on_event" if isinstance(said, str) else "condition"] = said
        links.append(link)
    read = normalize(
        {
            "format": "ticketflower/1",
            "workflow": {"key": "w", "title": "W", "fields": FIELDS},
            "tasks": [{"key": key, "title": key, **task} for key, task in tasks.items()],
            "transitions": links,
            "tickets": [{"key": "t", "title": "T", "fields": {"amount": None, **preset}}],
        }
    )
    assert read.errors == []
    proof = prove(read.after)
    return proof.proved, [problem for problem in proof.problems if problem.code.startswith("loop")]


def back(first: dict[str, Any], condition: Any = LITTLE) -> tuple[dict[str, dict[str, Any]], Ways]:
    """ "check" leads back to "enter" unless the condition holds."""
    ways = [(None, "enter"), ("enter", "check"), ("check", None, condition), ("check", "enter", "default")]
    return {"enter": first, "check": form()}, ways


def test_what_nothing_in_the_loop_writes_stays_as_it_is():
    proved, problems = found(*back(form(note=INTEGER)))
    assert not proved
    assert [problem.as_dict() for problem in problems] == [
        {
            "severity": "unproved",
            "code": "loop_never_ends",
            "message": 'The run goes round for ever over "enter" and "check" when amount is 100: it leads from "check" '
            "to the end only if amount < 100, and nothing in the loop writes amount. Have it asked again in the loop, "
            "or add a way out.",
            "path": "/transitions/2/condition",
            "task": "check",
            "transition": 2,
            "counterexample": {"amount": 100},
            "trace": ["enter", "check"],
        }
    ]


@each(
    "first, condition",
    [
        (form(amount=INTEGER), LITTLE),
        (form(amount_=INTEGER), LITTLE),
        (form(paid=INTEGER), {">=": [{"var": "paid"}, {"var": "amount"}]}),
        (form(paid=INTEGER), {"===": [{"%": [{"var": "paid"}, 2]}, 1]}),
        (call(state={"$": {"var": "body.state"}}), {">": [{"var": "state"}, 5]}),
        (form(ok=BOOLEAN), {"or": [LITTLE, {"var": "ok"}]}),
    ],
)
def test_what_is_asked_in_the_loop_leads_out_of_it(first, condition):
    assert found(*back(first, condition)) == (True, [])


@each(
    "first, condition, counterexample",
    [
        (form(ok=BOOLEAN), {"and": [LITTLE, {"var": "ok"}]}, {"amount": 100}),
        (form(amount_={"type": "integer", "maximum": 5}), {">": [{"var": "amount"}, 10]}, None),
        (form(paid={"type": "integer", "maximum": 5}), {">": [{"var": "paid"}, 10]}, None),
        (form(paid={"type": "integer", "multipleOf": 2}), {"===": [{"var": "paid"}, 3]}, None),
        (form(note_=INTEGER), {"===": [{"var": "amount"}, 7]}, {"amount": 0}),
        (form(note=INTEGER), {"===": [{"%": [{"var": "amount"}, 2]}, 1]}, {"amount": 0}),
    ],
)
def test_what_cannot_be_written_in_the_loop_does_not_lead_out(first, condition, counterexample):
    proved, problems = found(*back(first, condition))
    assert not proved
    severity = "error" if counterexample is None else "unproved"  # where it takes certain data
    assert [(p.severity, p.code, p.counterexample) for p in problems] == [(severity, "loop_never_ends", counterexample)]


@each(
    "first, condition",
    [
        (compute(count={"$": {"+": [{"var": ["_data.count", 0]}, 1]}}), {">": [{"var": "count"}, 3]}),
        (call(state={"$": {"var": "_data.amount"}}), {">": [{"var": "state"}, 5]}),
        (form(paid={"type": "integer", "maximum": 5}), {">=": [{"var": "paid"}, {"var": "amount"}]}),
    ],
)
def test_what_is_not_known_is_unproved(first, condition):
    proved, problems = found(*back(first, condition))
    assert not proved
    assert [(p.severity, p.code) for p in problems] == [("unproved", "loop_unproved")]


def test_a_smaller_loop_inside_one_that_can_be_left():
    tasks = {"a": form(ok=BOOLEAN), "b": form(), "c": form(fine=BOOLEAN)}
    ways = [(None, "a"), ("a", "b"), ("b", "c", LITTLE), ("b", "a", "default")]
    ways += [("c", None, {"var": "fine"}), ("c", "a", "default")]
    proved, (problem,) = found(tasks, ways)
    assert not proved
    assert (problem.counterexample, problem.trace) == ({"amount": 100}, ("a", "b"))


def test_what_is_decided_by_on_the_way_is_no_more_free():
    """Above 100, "out" sees of `count` only the 0 that "enter" has let pass, however often "hold" comes between."""
    much, zero = {">=": [{"var": "amount"}, 100]}, {"===": [{"var": "count"}, 0]}
    tasks = {"enter": form(count=INTEGER), "hold": form(longer=BOOLEAN), "out": form()}
    ways = [(None, "enter"), ("enter", "enter", {"and": [much, {"!": zero}]}), ("enter", "hold", much)]
    ways += [("enter", None, "default"), ("hold", "hold", {"var": "longer"}), ("hold", "out", "default")]
    ways += [("out", None, {"!": zero}), ("out", "enter", "default")]
    proved, problems = found(tasks, ways)
    assert not proved
    assert [problem.code for problem in problems] == ["loop_unproved"]


def test_time_and_failures_lead_out_where_people_or_the_world_decide():
    tasks, ways = back(call(state={"$": {"var": "body.state"}}))
    assert found(tasks, [*ways, ("enter", None, "error")]) == (True, [])
    tasks, ways = back({**form(note=INTEGER), "due_in_seconds": 60})
    assert found(tasks, [*ways, ("enter", None, "timeout")]) == (True, [])
    tasks, ways = back(compute(count=1))
    assert not found(tasks, [*ways, ("enter", None, "error")])[0]


def test_loops_that_only_compute():
    proved, problems = found({"a": compute(n=1)}, [(None, "a"), ("a", None, LITTLE), ("a", "a", "default")])
    assert not proved
    assert [(p.code, p.counterexample, p.trace) for p in problems] == [("loop_never_ends", {"amount": 100}, ("a",))]


@each("condition, ends", [({"var": "ok"}, True), (LITTLE, False)])
def test_branches_in_a_loop(condition, ends):
    tasks = {"a": gates(form(), split="parallel"), "b": form(ok=BOOLEAN), "c": form()}
    tasks["d"] = gates(form(), join="parallel")
    ways = [(None, "a"), ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", None, condition), ("d", "a", "default")]
    proved, problems = found(tasks, ways)
    assert (proved, [p.counterexample for p in problems]) == (ends, [] if ends else [{"amount": 100}])


def test_a_loop_in_a_branch():
    tasks = {"a": gates(form(), split="parallel"), "b": form(), "c": form(), "d": gates(form(), join="parallel")}
    ways = [(None, "a"), ("a", "b"), ("a", "c"), ("b", "b", LITTLE), ("b", "d", "default"), ("c", "d"), ("d", None)]
    proved, (problem,) = found(tasks, ways)
    assert (proved, problem.code, problem.counterexample) == (False, "loop_never_ends", {"amount": 0})
    assert set(problem.trace) == {"a", "b", "c"}


def test_a_branch_outside_may_still_change_what_a_loop_waits_for():
    """ "pay" is completed some day, and with `paid` false the loop has no way out any more."""
    tasks = {"s": gates(form(), split="parallel"), "ask": form(), "pay": form(paid=BOOLEAN)}
    tasks["j"] = gates(form(), join="parallel")
    ways = [(None, "s"), ("s", "ask"), ("s", "pay"), ("ask", "j", {"===": [{"var": "paid"}, True]})]
    ways += [("ask", "ask", "default"), ("pay", "j"), ("j", None)]
    proved, (problem,) = found(tasks, ways)
    assert (proved, problem.counterexample, problem.trace) == (False, {"paid": False}, ("s", "pay", "ask"))


def test_a_preset_that_leads_out_at_once():
    """The ticket type fixes the amount: the loop is never gone round twice."""
    assert found(*back(form(note=INTEGER)), amount={"const": 5}) == (True, [])
    assert not found(*back(form(note=INTEGER)), amount={"const": 500})[0]


def test_who_does_a_task_may_be_the_same_one_for_ever():
    proved, problems = found(*back(form(note=INTEGER), {"!==": [{"var": "_task.assignee"}, 7]}))
    assert not proved
    assert [problem.code for problem in problems] == ["loop_unproved"]


def test_values_of_several_kinds_in_one_field():
    anything = {"type": ["object", "number"]}
    proved, problems = found(*back(form(thing=anything), {"<": [{"%": [{"var": "thing"}, 5]}, 3]}))
    assert not proved
    assert {problem.code for problem in problems} <= {"loop_unproved"}
