"""Bundles compiled to graphs: what is implied, in which order exits are looked at, what is refused, what is
kept.
"""

from __future__ import annotations

import copy
import time
from itertools import pairwise

import pytest

from workflow_design.kernel.graph import GraphCache, GraphError, compile_graph, implied_transitions
from workflow_design.kernel.tests.each import each

from .flows import bundle, flow, task, transition


def ways(graph, indexes):
    keys = {None: None, **{node.index: node.key for node in graph.tasks}}
    return [(keys[graph.transitions[i].source], keys[graph.transitions[i].target]) for i in indexes]


def test_without_a_written_start_tasks_that_no_other_leads_to_start():
    implied = implied_transitions(flow("A -> C; B -> C; C -> C{again}, end{default}; A -> A{error}"))
    assert implied == [transition(None, "A"), transition(None, "B")]


def test_with_a_written_start_no_other_is_implied():
    assert implied_transitions(flow("start -> A; A -> C, end; B -> C; C -> end")) == []


def test_a_task_without_a_completed_exit_ends_its_path():
    implied = implied_transitions(flow("start -> A; A -> B; B -> A{error}"))
    assert implied == [transition("B", None)]


def test_a_cycle_has_no_implied_start():
    assert compile_graph(flow("A -> B; B -> A")).starts == ()


def test_written_transitions_keep_their_place_and_implied_ones_follow():
    graph = compile_graph(flow("A -> B; B -> C{x}, D{default}"))
    assert graph.document_transitions == 3
    assert ways(graph, range(6)) == [
        ("A", "B"),
        ("B", "C"),
        ("B", "D"),
        (None, "A"),
        ("C", None),
        ("D", None),
    ]
    assert ways(graph, graph.starts) == [(None, "A")]
    written = flow("A -> B; B -> C{x}, D{default}; start -> A; C -> end; D -> end")
    assert compile_graph(written).transitions == graph.transitions


def test_exits_are_looked_at_by_priority_then_place_the_default_last_each_event_alone():
    graph = compile_graph(flow("A -> B{default}, C{p2,c}, D{p1,d}, E{p1,e}, F{error}, B{error,c,p0}; B -> A{timeout}"))
    exits = graph.tasks[graph.index["A"]].exits
    assert ways(graph, exits["completed"]) == [("A", "D"), ("A", "E"), ("A", "C"), ("A", "B")]
    assert ways(graph, exits["error"]) == [("A", "F"), ("A", "B")]
    assert "timeout" not in exits
    assert set(graph.tasks[graph.index["B"]].exits) == {"completed", "timeout"}


def test_incoming_are_in_document_order_of_every_event():
    graph = compile_graph(flow("A -> C{error}; B -> C; A -> C; C -> C{timeout}"))
    assert ways(graph, graph.tasks[graph.index["C"]].incoming) == [("A", "C"), ("B", "C"), ("A", "C"), ("C", "C")]


def test_fields_of_a_task_are_the_properties_of_its_schemas():
    schemas = {"input_schema": {"properties": {"b": {}, "a": {}}}, "output_schema": {"properties": {"c": {}}}}
    node = compile_graph(bundle([task("A", **schemas)], [])).tasks[0]
    assert (node.inputs, node.outputs) == (("b", "a"), frozenset("c"))


def test_output_errors_name_unknown_fields_and_what_the_schema_refuses():
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    graph = compile_graph(bundle([task("A", output_schema=schema), task("B")], []))
    assert graph.output_errors(0, {"n": 1}) == []
    assert [(e.path, e.code) for e in graph.output_errors(0, {"n": "1", "m": 2})] == [
        ("/m", "unknown_field"),
        ("/n", "type"),
    ]
    assert [(e.path, e.code) for e in graph.output_errors(1, {"n": 1})] == [("/n", "unknown_field")]


def test_a_condition_that_is_literally_true_is_none():
    graph = compile_graph(bundle([task("A")], [transition("A", None, condition=True)]))
    assert graph.transitions[0].condition is None
    assert graph.rule(0) is None


@each(
    "definition, path",
    [
        (bundle([task("A"), task("A")], []), "/tasks/1/key"),
        (bundle([task("A")], [transition("A", "B")]), "/transitions/0/to"),
        (bundle([task("A")], [transition("B", "A")]), "/transitions/0/from"),
        (bundle([task("A", join="any")], []), "/tasks/0/join"),
        (bundle([task("A", split="any")], []), "/tasks/0/split"),
        (bundle([task("A")], [transition("A", None, on_event="done")]), "/transitions/0/on_event"),
        (bundle([task("A")], [transition(None, "A", on_event="error")]), "/transitions/0/on_event"),
        (
            bundle([task("A")], [transition("A", None, is_default=True, condition={"var": "x"})]),
            "/transitions/0/condition",
        ),
        (flow("A -> B{default}, C{default}"), "/transitions/1"),
        (flow("A[/AND] -> B, C{x}"), "/transitions/1/condition"),
    ],
)
def test_what_is_no_graph_is_refused_with_its_place(definition, path):
    with pytest.raises(GraphError) as refusal:
        compile_graph(definition)
    assert refusal.value.path == path


def test_graphs_are_equal_by_what_a_run_can_see():
    text = "A[/OR] -> B{x}, C{default}; B -> C[OR/]"
    first, second = compile_graph(flow(text)), compile_graph(flow(text))
    assert first == second
    assert hash(first) == hash(second)
    described = flow(text)
    described["tasks"][0]["description"] = "told at length"
    assert compile_graph(described) == first
    for change in ("A[/OR] -> B{y}, C{default}; B -> C[OR/]", "A[/OR] -> B{x}, C{default}; B -> C"):
        assert compile_graph(flow(change)) != first


def test_compiling_leaves_the_bundle_alone():
    definition = flow("A[/OR] -> B{x}, C{default}; B -> C[OR/]")
    before = copy.deepcopy(definition)
    compile_graph(definition)
    assert definition == before


def test_the_cache_loads_once_and_keeps_the_last_used():
    loads = []

    def load(name):
        def make():
            loads.append(name)
            return compile_graph(flow("A -> B"))

        return make

    cache = GraphCache(size=2)
    one = cache.get("one", load("one"))
    cache.get("two", load("two"))
    assert cache.get("one", load("one")) is one
    cache.get("three", load("three"))
    assert (len(cache), cache.get("one", load("one"))) == (2, one)
    cache.get("two", load("two"))
    assert loads == ["one", "two", "three", "two"]


def test_reach_stops_at_the_join_but_leaves_from_its_own_work():
    graph = compile_graph(
        flow("A[/AND] -> B, C; B -> J[OR/]; C -> J; J -> K; K -> J{again}, end{default}; J -> D; D -> end")
    )
    reach = graph.reach(graph.index["J"])
    bits = dict(zip("BCK", reach.bit.values(), strict=True))
    told = {node.key: reach.mask[node.index] for node in graph.tasks}
    assert told == {
        "A": bits["B"] | bits["C"],
        "B": bits["B"],
        "C": bits["C"],
        "J": bits["K"],
        "K": bits["K"],
        "D": 0,
    }


def elapsed(call):
    begin = time.perf_counter()
    answer = call()
    return answer, time.perf_counter() - begin


def chain(size, **gates):
    keys = [f"t{number}" for number in range(size)]
    transitions = [transition(a, b) for a, b in pairwise(keys)]
    return bundle([task(key, **gates) for key in keys], transitions)


def test_ten_thousand_tasks_compile_in_bounded_time():
    graph, seconds = elapsed(lambda: compile_graph(chain(10_000)))
    assert len(graph.transitions) == 10_001
    assert seconds < 2


def test_a_complete_graph_of_150_tasks_compiles_and_all_its_joins_can_be_asked():
    keys = [f"t{number}" for number in range(150)]
    definition = bundle(
        [task(key, join="inclusive", split="inclusive") for key in keys],
        [transition(None, "t0")] + [transition(a, b) for a in keys for b in keys],
    )
    graph, seconds = elapsed(lambda: compile_graph(definition))
    assert seconds < 3
    _, seconds = elapsed(lambda: [graph.reach(node.index) for node in graph.tasks])
    assert seconds < 10


def test_a_join_of_thousands_of_ways_is_asked_in_linear_time():
    """A chain each of whose tasks also leads to the join, and back: one large component."""
    definition = chain(5_000)
    definition["tasks"].append(task("join", join="inclusive"))
    definition["transitions"] += [transition(f"t{n}", "join") for n in range(5_000)]
    definition["transitions"] += [transition("join", "t0"), transition("t4999", "t0"), transition(None, "t0")]
    graph = compile_graph(definition)
    reach, seconds = elapsed(lambda: graph.reach(5_000))
    assert seconds < 3
    assert reach.mask[17] == reach.mask[5_000] == 2**5_000 - 1


def test_more_inclusive_joins_than_can_be_decided_in_bounded_time_are_refused():
    definition = chain(5_000, join="inclusive")
    definition["transitions"] += [transition(f"t{n}", f"t{n + 2}") for n in range(4_998)]
    with pytest.raises(GraphError, match="too many"):
        compile_graph(definition)
