"""Events of a run: what they open, write, cancel and stop."""

from __future__ import annotations

import time

import pytest

from workflow_design.kernel.engine import (
    RUN,
    Evaluated,
    Event,
    EventRefused,
    Incident,
    Marking,
    Opened,
    step,
)
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.tests.each import each

from .flows import Run, bundle, flow, task, transition


def told(run):
    """(kind, code, label or "run", transition) of the last step's incidents."""
    labels = {number: label for label, number in run.labels.items()}
    return [(i.kind, i.code, labels[i.number], i.transition) for i in run.last.incidents]


# what a step tells


def test_a_completion_tells_everything_that_follows():
    definition = flow("A -> B{n>10}, C{m=2}, D{default}", inputs={"C": ["m", "n", "absent"]})
    graph = compile_graph(definition)
    started = step(graph, Marking(), {"n": 1, "m": 1}, Event("started"))
    answer = step(graph, started.marking, started.data, Event("completed", 1, {"m": 2}))
    assert answer.data == {"n": 1, "m": 2}
    assert answer.opened == (Opened(2, 2, "C", {"m": 2, "n": 1}),)
    assert answer.conditions == (Evaluated(0, False, {"n": 1}), Evaluated(1, True, {"m": 2}))
    assert (answer.taken, answer.cancelled, answer.incidents) == ((1,), (), ())
    assert answer.marking == Marking({}, {2: 2}, {}, 3, "IN_PROGRESS")


def test_an_exclusive_split_stops_at_the_first_true_condition():
    run = Run(flow("A -> B{x,p1}, C{y,p0}, D{default}")).play("start => A; A{x,y} => C")
    assert run.last.conditions == (Evaluated(1, True, {"y": True}),)


def test_an_inclusive_split_looks_at_all():
    run = Run(flow("A[/OR] -> B{x,p1}, C{y,p0}, D{z}, E{default}")).play("start => A; A{x,y} => B C")
    assert run.last.conditions == (
        Evaluated(1, True, {"y": True}),
        Evaluated(2, False, {}),
        Evaluated(0, True, {"x": True}),
    )


def test_nested_values_read_are_told_by_their_paths():
    rule = {"===": [{"var": "order.lines.1.sku"}, "x"]}
    definition = bundle([task("A")], [transition("A", None, condition=rule)])
    run = Run(definition, {"order": {"lines": [{"sku": "w"}, {"sku": "x"}]}}).start()
    run.complete("A")
    assert run.last.conditions == (Evaluated(0, True, {"order.lines.1.sku": "x"}),)


def test_conditions_see_the_ticket_and_the_task():
    rules = [
        {"===": [{"var": "_task.key"}, "A"]},
        {"===": [{"var": "_task.outcome"}, "error"]},
        {"===": [{"var": "_task.assignee"}, 7]},
        {"===": [{"var": "_ticket.created_by"}, 3]},
    ]
    way = transition("A", "B", on_event="error", condition={"and": rules})
    graph = compile_graph(bundle([task("A"), task("B")], [way]))
    ticket = {"id": 1, "number": 1, "created_by": 3, "created_at": "2026-11-20T10:00:00Z"}
    started = step(graph, Marking(), {}, Event("started"), ticket)
    answer = step(graph, started.marking, {}, Event("failed", 1, assignee=7), ticket)
    assert [opened.key for opened in answer.opened] == ["B"]
    assert answer.conditions[0].inputs == {
        "_task.key": "A",
        "_task.outcome": "error",
        "_task.assignee": 7,
        "_ticket.created_by": 3,
    }
    assert answer.data == {}


# start


def test_start_transitions_are_an_inclusive_split():
    definition = flow("start -> A{x}, B{y}, C{default}")
    assert Run(definition, {"x": True, "y": True}).start().open == ["A1", "B1"]
    assert Run(definition, {}).start().open == ["C1"]


def test_a_run_that_cannot_start_stops_and_starts_on_retry():
    run = Run(flow("start -> A{x}"), {}).start()
    assert (run.status, told(run)) == ("ERROR", [("WORKFLOW_CREATION", "no_transition", "run", None)])
    with pytest.raises(EventRefused, match="can't be skipped"):
        run.send("skipped", "run")
    run.data = {"x": True}
    run.play("run retry => A; A => DONE")


def test_a_start_may_lead_to_the_end_at_once():
    assert Run(flow("start -> end{!x}, A{x}"), {"x": False}).start().status == "COMPLETED"


# incidents


def test_an_incident_stops_its_own_task_only_and_keeps_its_output():
    run = Run(flow("A[/AND] -> B, C; B -> D{x}; C -> D"))
    run.play("start => A; A => B C; B{n=1} => C ERROR; data{n=1}; C => D ERROR; D => ERROR")
    assert run.marking.stopped == {run.number("B"): "completed"}
    run.play("B refused; B retry => ERROR; incident no_transition; B{x} skip => D2; D2 => DONE; data{n=1,x}")


def test_an_evaluation_error_is_an_incident_and_never_false():
    overflow = {"*": [{"var": "n"}, 1e308]}
    definition = bundle(
        [task("A"), task("B")],
        [transition("A", "B", condition=overflow), transition("A", None, is_default=True)],
    )
    run = Run(definition).play("start => A; A{n=100} => ERROR; incident not_finite")
    assert told(run) == [("WORKFLOW_TRANSITION", "not_finite", "A1", 0)]
    assert (run.last.taken, run.last.conditions, run.open) == ((), (), [])
    run.play("A{n=0} skip => DONE")


def test_an_error_after_a_true_condition_of_an_inclusive_split_takes_nothing():
    overflow = {"*": [{"var": "n"}, 1e308]}
    definition = bundle(
        [task("A", split="inclusive"), task("B"), task("C")],
        [transition("A", "B"), transition("A", "C", condition=overflow)],
    )
    run = Run(definition).play("start => A; A{n=100} => ERROR")
    assert (run.marking.tokens, run.ran, run.last.opened) == ({}, {"A": 1}, ())


def test_failure_without_an_exit_is_an_incident_and_retry_opens_the_task_again():
    run = Run(flow("A -> B")).play("start => A; A error => ERROR; incident error")
    assert told(run) == [("ACTION", "error", "A1", None)]
    run.play("A refused; A retry => A; A timeout => ERROR; incident timeout; A retry => A; A => B; B => DONE")


def test_error_and_timeout_exits_take_the_place_of_an_incident():
    definition = flow("A -> B, C{error}, D{timeout}")
    run = Run(definition).play("start => A; A error => C")
    assert (run.last.cancelled, run.last.incidents) == ((), ())
    run = Run(definition).play("start => A; A timeout => D")
    assert (run.last.cancelled, run.last.incidents) == ((1,), ())


def test_a_timeout_does_not_take_the_way_of_an_error():
    Run(flow("A -> B, C{error}")).play("start => A; A timeout => ERROR; incident timeout")


def test_exits_of_an_event_of_which_none_is_taken_are_an_incident_and_retry_looks_again():
    run = Run(flow("A -> B, C{error,x}")).play("start => A; A error => ERROR; incident no_transition")
    run.data = {"x": True}
    run.play("A retry => C")


def test_an_incident_names_the_task_by_its_title():
    definition = flow("A -> B{x}")
    definition["tasks"][0]["title"] = "Approve"
    run = Run(definition).play("start => A; A => ERROR")
    message = "After Approve: No condition was true and there is no default."
    assert run.last.incidents == (Incident("WORKFLOW_TRANSITION", "no_transition", message, 1, "A"),)


def test_a_stopped_task_still_holds_an_inclusive_join():
    run = Run(flow("A[/AND] -> B, C; B -> J[OR/]; C -> J{x}"))
    run.play("start => A; A => B C; C => B ERROR; B => ERROR; C{x} skip => J; J => DONE")


# the end


def test_tokens_left_with_nothing_open_are_stuck_and_skipping_ends_the_run():
    run = Run(flow("A -> B{x}, C{default}; B -> D[AND/]; C -> D"))
    run.play("start => A; A => C; C => ERROR; incident stuck; run retry => ERROR; incident stuck; run skip => DONE")
    assert run.marking.tokens == {}


def test_data_at_the_end_must_satisfy_the_state_schema():
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"minimum": 1}}}
    run = Run(flow("A -> B", state_schema=schema)).play("start => A; A{n=0} => B; B => ERROR")
    assert told(run) == [("WORKFLOW_TRANSITION", "state_schema", "run", None)]
    assert run.last.incidents[0].message.startswith("The data at the end breaks the workflow's state schema: n ")
    run.play("run retry => ERROR; incident state_schema")
    twin = run.copy()
    twin.play("run skip => DONE")
    run.data = {"n": 1}
    run.play("run retry => DONE")


def test_the_state_schema_is_not_asked_before_the_end_nor_when_cancelled():
    schema = {"type": "object", "required": ["n"]}
    run = Run(flow("A -> B", state_schema=schema)).play("start => A; A => B; cancel => CANCELLED")
    assert run.last.incidents == ()


# what can't happen


@each(
    "script, event, code",
    [
        ("start => A", Event("started"), "run_started"),
        ("start => A", Event("completed", 2), "task_closed"),
        ("start => A; A => B", Event("completed", 1), "task_closed"),
        ("start => A", Event("retried", 1), "not_stopped"),
        ("start => A", Event("retried", RUN), "not_stopped"),
        ("start => A", Event("completed", RUN), "not_stopped"),
        ("start => A; A error => ERROR", Event("completed", 1), "task_stopped"),
        ("start => A; A error => ERROR", Event("failed", 1), "task_stopped"),
        ("start => A; A => B; B => DONE", Event("completed", 2), "run_closed"),
        ("start => A; A => B; B => DONE", Event("cancelled"), "run_closed"),
        ("start => A; cancel => CANCELLED", Event("completed", 1), "run_closed"),
        ("start => A; cancel => CANCELLED", Event("cancelled"), "run_closed"),
        ("start => A; cancel => CANCELLED", Event("started"), "run_started"),
    ],
)
def test_an_event_that_cannot_happen_is_refused(script, event, code):
    run = Run(flow("A -> B")).play(script)
    before = (run.marking.to_json(), dict(run.data))
    with pytest.raises(EventRefused) as refusal:
        step(run.graph, run.marking, run.data, event)
    assert refusal.value.code == code
    assert (run.marking.to_json(), run.data) == before


# markings


def test_a_marking_survives_json():
    run = Run(flow("A[/AND] -> B, C; B -> D[AND/]; C -> D")).play("start => A; A => B C; B => C; C error => ERROR")
    assert run.marking.to_json() == {
        "tokens": {"2": 1},
        "open": {"3": 2},
        "stopped": {"3": "error"},
        "next": 4,
        "status": "ERROR",
    }
    assert Marking.from_json(run.marking.to_json()) == run.marking


@each("broken", [{}, {**Marking().to_json(), "status": "LOST"}, {**Marking().to_json(), "tokens": {"x": 1}}])
def test_what_is_no_marking_is_refused(broken):
    with pytest.raises((ValueError, KeyError)):
        Marking.from_json(broken)


# hostile graphs


def test_a_split_of_two_thousand_ways_meets_again_in_bounded_time():
    for gate, ways in (("parallel", 500), ("inclusive", 2_000)):
        keys = [f"t{number}" for number in range(ways)]
        definition = bundle(
            [task("first", split=gate), *(task(key) for key in keys), task("last", join=gate)],
            [transition("first", key) for key in keys] + [transition(key, "last") for key in keys],
        )
        graph = compile_graph(definition)
        begin = time.perf_counter()
        turn = step(graph, Marking(), {}, Event("started"))
        while turn.marking.open:
            turn = step(graph, turn.marking, turn.data, Event("completed", min(turn.marking.open)))
        assert turn.status == "COMPLETED"
        assert turn.marking.next_number == ways + 3
        assert time.perf_counter() - begin < 30


def test_a_complete_graph_of_150_inclusive_tasks_is_stepped_in_bounded_time():
    keys = [f"t{number}" for number in range(150)]
    definition = bundle(
        [task(key, join="inclusive", split="inclusive") for key in keys],
        [transition(None, "t0")] + [transition(a, b) for a in keys for b in keys if a != b],
    )
    graph = compile_graph(definition)
    begin = time.perf_counter()
    turn = step(graph, Marking(), {}, Event("started"))
    turn = step(graph, turn.marking, {}, Event("completed", 1))
    assert time.perf_counter() - begin < 5
    # Whatever can reach an empty way into a task can also go round by t0 to the filled one, so none waits.
    assert len(turn.opened) == 149


def test_the_conditions_of_a_split_share_one_budget():
    loop = {">": [{"reduce": [{"var": "many"}, {"+": [{"var": "accumulator"}, {"var": "current"}]}, 0]}, -1]}
    keys = [f"t{number}" for number in range(200)]
    links = [transition("a", key, condition={"!": loop}) for key in keys]
    definition = bundle([task("a"), *(task(key) for key in keys)], [transition(None, "a"), *links])
    graph = compile_graph(definition)
    data = {"many": list(range(2_000))}
    started = step(graph, Marking(), data, Event("started"))
    answer = step(graph, started.marking, started.data, Event("completed", 1, {}))
    assert [(incident.code, incident.task) for incident in answer.incidents] == [("operation_budget", "a")]
    assert 1 < len(answer.conditions) < 30
