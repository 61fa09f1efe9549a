"""What a run would do, told without one."""

from __future__ import annotations

import copy
from pathlib import Path

from workflow_design.kernel.engine import step
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.simulation import simulate
from workflow_design.kernel.tests.each import each

from .flows import bundle, flow, task, transition

NUMBER = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


def approval():
    over = {">": [{"var": "n"}, 10]}
    return compile_graph(
        bundle(
            [task("ask", output_schema=NUMBER), task("approve"), task("buy")],
            [
                transition("ask", "approve", condition=over),
                transition("ask", "buy", is_default=True),
                transition("approve", "buy"),
                transition("buy", "ask", on_event="error"),
                transition(None, "ask"),
            ],
        )
    )


def test_a_run_to_its_end():
    answer = simulate(approval(), {"who": "Ada"}, {"ask": [{"n": 20}], "approve": [{}], "buy": [{}]})
    assert answer.as_dict() == {
        "path": ["ask", "approve", "buy"],
        "steps": [
            {"task": None, "event": "started", "conditions": [], "taken": [4]},
            {
                "task": "ask",
                "event": "completed",
                "conditions": [{"transition": 0, "value": True, "inputs": {"n": 20}}],
                "taken": [0],
            },
            {"task": "approve", "event": "completed", "conditions": [], "taken": [2]},
            {"task": "buy", "event": "completed", "conditions": [], "taken": [5]},
        ],
        "status": "COMPLETED",
        "open": [],
        "data": {"who": "Ada", "n": 20},
        "problems": [],
    }


def test_it_stops_where_no_output_is_given():
    answer = simulate(approval(), {}, {"ask": [{"n": 20}]})
    assert (answer.path, answer.open, answer.status) == (["ask", "approve"], ["approve"], "IN_PROGRESS")
    assert answer.problems == []


def test_the_nth_time_takes_the_nth_output_and_a_task_may_fail():
    outputs = {"ask": [{"n": 1}, {"n": 20}], "buy": [{"_event": "error"}, {}], "approve": [{}]}
    answer = simulate(approval(), {}, outputs)
    assert answer.path == ["ask", "buy", "ask", "approve", "buy"]
    assert [told["event"] for told in answer.steps] == [
        "started",
        "completed",
        "failed",
        "completed",
        "completed",
        "completed",
    ]
    assert (answer.status, answer.data) == ("COMPLETED", {"n": 20})


def test_an_output_that_the_task_would_be_refused_stops_it():
    answer = simulate(approval(), {}, {"ask": [{"n": "many", "m": 1}]})
    assert [(p.severity, p.code, p.path, p.task) for p in answer.problems] == [
        ("error", "unknown_field", "/outputs/ask/0/m", "ask"),
        ("error", "type", "/outputs/ask/0/n", "ask"),
    ]
    assert (answer.open, answer.status, answer.data) == (["ask"], "IN_PROGRESS", {})


def test_incidents_are_problems_at_their_transition():
    overflow = {"*": [{"var": "n"}, 1e308]}
    graph = compile_graph(bundle([task("ask", output_schema=NUMBER)], [transition("ask", None, condition=overflow)]))
    answer = simulate(graph, {}, {"ask": [{"n": 100}]})
    assert [(p.code, p.path, p.task, p.transition) for p in answer.problems] == [
        ("not_finite", "/transitions/0", "ask", 0)
    ]
    assert (answer.open, answer.status, answer.data) == ([], "ERROR", {"n": 100})


def test_a_stuck_run_says_so():
    answer = simulate(compile_graph(flow("A -> B{x}, C{default}; B -> D[AND/]; C -> D")), {}, {"A": [{}], "C": [{}]})
    assert [(p.severity, p.code, p.path) for p in answer.problems] == [("error", "stuck", "")]
    assert (answer.path, answer.open, answer.status) == (["A", "C"], [], "ERROR")


@each(
    "outputs, problem",
    [
        ({"asc": [{}]}, ("error", "unknown_task", "/outputs/asc")),
        ({"ask": {"n": 1}}, ("error", "wrong_type", "/outputs/ask")),
        ({"ask": [1]}, ("error", "wrong_type", "/outputs/ask/0")),
        ({"ask": [{"_event": "lost"}]}, ("error", "unknown_field", "/outputs/ask/0/_event")),
        ({"ask": [{"_event": {}}]}, ("error", "unknown_field", "/outputs/ask/0/_event")),
        ({"buy": [{}]}, ("warning", "unused_output", "/outputs/buy")),
    ],
)
def test_arguments_that_say_nothing_are_problems(outputs, problem):
    answer = simulate(approval(), {}, outputs)
    assert problem in [(p.severity, p.code, p.path) for p in answer.problems]
    assert (answer.open, answer.status) == (["ask"], "IN_PROGRESS")


def test_a_loop_ends_at_the_limit():
    graph = compile_graph(flow("start -> A; A -> A"))
    answer = simulate(graph, {}, {"A": [{}] * 5_000}, max_steps=100)
    assert len(answer.steps) == 101
    assert answer.problems[0].code == "simulation_limit"
    assert answer.open == ["A"]


def test_arguments_are_left_alone_and_equal_ones_give_equal_answers():
    graph, data, outputs = approval(), {"who": {"name": "Ada"}}, {"ask": [{"n": 1}], "buy": [{}]}
    before = copy.deepcopy((data, outputs))
    first = simulate(graph, data, outputs).as_dict()
    assert simulate(graph, data, outputs).as_dict() == first
    assert (data, outputs) == before


def test_the_ticket_is_seen_by_conditions():
    rule = {"===": [{"var": "_ticket.created_by"}, 3]}
    graph = compile_graph(bundle([task("A")], [transition(None, "A", condition=rule)]))
    assert simulate(graph, {}, {}, ticket={"created_by": 3}).path == ["A"]
    assert simulate(graph, {}, {}).status == "ERROR"


def test_nothing_but_the_engine_and_plain_data_is_within_reach():
    """The kernel imports no database, queue or client, so a simulation has nothing that it could call."""
    root = Path(__file__).parents[1]
    files = [root / "simulation.py", *(root / "engine").glob("*.py"), *(root / "graph").glob("*.py")]
    allowed = {"collections", "dataclasses", "functools", "hashlib", "json", "threading", "typing", "__future__"}
    for file in files:
        for line in file.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and not words[1].startswith((".", "workflow_design.kernel")):
                assert words[1].split(".")[0] in allowed, (file.name, line)
    assert step.__module__ == "workflow_design.kernel.engine.step"
