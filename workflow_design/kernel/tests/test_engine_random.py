"""Random graphs and random orders of events: the engine against a second, naive one, and what always holds."""

from __future__ import annotations

import copy
import json
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_design.kernel.engine import Event, Marking, settle, step
from workflow_design.kernel.graph import compile_graph

from .flows import bundle, task, transition
from .naive_engine import NaiveRun

GATES = ["exclusive", "inclusive", "inclusive", "parallel"]
EVENTS = ["completed", "completed", "completed", "timeout", "error"]
NAMES = {"completed": "completed", "timeout": "timed_out", "error": "failed", "skip": "skipped", "retry": "retried"}


@st.composite
def bundles(draw):
    """Up to 7 tasks with any joins and splits, and any transitions between them that a document may have."""
    keys = "ABCDEFG"[: draw(st.integers(1, 7))]
    joins = draw(st.lists(st.sampled_from(GATES), min_size=len(keys), max_size=len(keys)))
    splits = draw(st.lists(st.sampled_from(GATES), min_size=len(keys), max_size=len(keys)))
    tasks = [
        task(key, join=join, split=split, input_schema={"properties": {"x": {}, "y": {}}})
        for key, join, split in zip(keys, joins, splits, strict=True)
    ]
    ends = st.tuples(
        st.sampled_from([None, *keys, *keys]), st.sampled_from([None, *keys, *keys]), st.sampled_from(EVENTS)
    )
    split_of = dict(zip(keys, splits, strict=True))
    transitions, defaults = [], set()
    for source, target, event in draw(st.lists(ends, unique=True, max_size=3 * len(keys))):
        if source is None and (target is None or event != "completed"):
            continue
        is_default = draw(st.integers(0, 4)) == 0 and (source, event) not in defaults
        if is_default:
            defaults.add((source, event))
        condition = None
        if not is_default and split_of.get(source) != "parallel" and draw(st.booleans()):
            condition = {"===": [{"var": draw(st.sampled_from("xy"))}, draw(st.integers(0, 2))]}
        transitions.append(
            transition(
                source,
                target,
                on_event=event,
                is_default=is_default,
                condition=condition,
                priority=draw(st.integers(0, 2)),
            )
        )
    return bundle(tasks, transitions)


OUTPUTS = st.dictionaries(st.sampled_from("xy"), st.integers(0, 2))
MOVES = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.sampled_from(["completed"] * 6 + ["timeout", "error", "skip", "retry"]),
        OUTPUTS,
    ),
    max_size=25,
)


def possible(marking, number, event):
    stopped = number in marking.stopped
    return event == "skip" or stopped == (event == "retry")


def history(definition, moves, data):
    """(event, step) of a run in which every move picks one of the open instances."""
    graph = compile_graph(definition)
    event = Event("started")
    answer = step(graph, Marking(), data, event)
    yield graph, Marking(), event, answer
    for choice, name, output in moves:
        marking = answer.marking
        numbers = [n for n in sorted(marking.open) if possible(marking, n, name)]
        if not numbers:
            continue
        wrote = output if name in ("completed", "skip") else None
        event = Event(NAMES[name], numbers[choice % len(numbers)], wrote)
        answer = step(graph, marking, answer.data, event)
        yield graph, marking, event, answer


@given(bundles(), MOVES, OUTPUTS)
@settings(max_examples=600, deadline=None)
def test_the_engine_does_what_the_naive_one_does(definition, moves, data):
    naive = NaiveRun(definition, data)
    names = {name: word for word, name in NAMES.items()}
    for graph, _, event, answer in history(definition, moves, data):
        if event.name == "started":
            naive.start()
        else:
            naive.happen(event.number, names[event.name], event.output)
        marking = answer.marking
        assert Counter(marking.tokens) == Counter(naive.tokens)
        assert {n: graph.tasks[t].key for n, t in marking.open.items()} == {n: key for n, key, _ in naive.open}
        assert [opened.key for opened in answer.opened] == naive.opened
        assert [incident.code for incident in answer.incidents] == naive.incidents
        stopped = {n: why for n, why in marking.stopped.items() if n}
        assert stopped == {n: why for n, _, why in naive.open if why}
        assert (answer.status, answer.data) == (naive.status, naive.data)


@given(bundles(), st.data())
@settings(max_examples=600, deadline=None)
def test_joins_fire_as_the_naive_ones_do_wherever_tokens_lie(definition, data):
    """Also in markings that no run comes to, as a proof may ask about."""
    graph = compile_graph(definition)
    places = [t.index for t in graph.transitions if t.target is not None]
    tokens = data.draw(st.dictionaries(st.sampled_from(places), st.integers(1, 3))) if places else {}
    active = data.draw(st.lists(st.sampled_from(graph.tasks), max_size=3))
    naive = NaiveRun(definition, {})
    naive.tokens = [place for place, count in tokens.items() for _ in range(count)]
    naive.open = [[number, node.key, None] for number, node in enumerate(active)]
    naive.settle()
    opened = settle(graph, tokens, [node.index for node in active])
    assert [graph.tasks[index].key for index in opened] == naive.opened
    assert Counter(tokens) == Counter(naive.tokens)


@given(bundles(), MOVES, OUTPUTS)
@settings(max_examples=300, deadline=None)
def test_tokens_are_conserved(definition, moves, data):
    """What a step takes from a transition is what the joins of the opened tasks consume."""
    for graph, before, _, answer in history(definition, moves, data):
        consumed = Counter(before.tokens)
        consumed.update(t for t in answer.taken if graph.transitions[t].target is not None)
        consumed.subtract(answer.marking.tokens)
        opened = Counter(o.task for o in answer.opened)
        for node in graph.tasks:
            taken = [consumed[t] for t in node.incoming]
            times = opened[node.index]
            assert all(count >= 0 for count in taken)
            if node.join == "exclusive":
                assert sum(taken) == times
            elif node.join == "parallel":
                assert taken == [times] * len(taken)
            else:
                assert max(taken, default=0) == times
        assert sorted(o.number for o in answer.opened) == list(range(before.next_number, answer.marking.next_number))


@given(bundles(), MOVES, OUTPUTS)
@settings(max_examples=200, deadline=None)
def test_equal_arguments_give_equal_answers_and_are_left_alone(definition, moves, data):
    untouched = copy.deepcopy((definition, data))
    known = data
    for graph, before, event, answer in history(definition, moves, data):
        saved = copy.deepcopy((before, known, event))
        fresh = compile_graph(untouched[0])
        assert fresh == graph
        assert step(fresh, before, known, event) == answer
        assert (before, known, event) == saved
        stored = json.dumps(answer.marking.to_json())
        assert Marking.from_json(json.loads(stored)) == answer.marking
        known = answer.data
    assert (definition, data) == untouched
