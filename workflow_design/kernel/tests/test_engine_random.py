"""Random graphs and random orders of events: the engine against a second, naive one, and what always holds.

ENGINE_CASES says how many of each kind (150 unless set).
"""

from __future__ import annotations

import copy
import json
import os
from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_design.kernel.engine import Event, Marking, settle, step
from workflow_design.kernel.graph import compile_graph

from .flows import bundle, task, transition
from .naive_engine import NaiveRun

NAMES = {"completed": "completed", "timeout": "timed_out", "error": "failed", "skip": "skipped", "retry": "retried"}
SEEDS = st.integers(0, 2**48)
MANY = settings(max_examples=int(os.environ.get("ENGINE_CASES", "150")), deadline=None)
FEW = settings(max_examples=max(50, MANY.max_examples // 10), deadline=None)


def random_bundle(random):
    """2 to 8 tasks, mostly connected forwards, with loops, other events, conditions and defaults as a
    document may.
    """
    keys = "ABCDEFGH"[: random.randint(2, 8)]
    seen = {"properties": {"x": {}, "y": {}}}
    tasks = [
        task(
            key,
            join=random.choices(["exclusive", "inclusive", "parallel"], [35, 45, 20])[0],
            split=random.choices(["exclusive", "inclusive", "parallel"], [25, 35, 40])[0],
            input_schema=seen,
        )
        for key in keys
    ]
    all_ways = {entry["key"] for entry in tasks if entry["split"] == "parallel"}
    pairs = [(random.choice(keys[:number]), keys[number]) for number in range(1, len(keys))]
    if random.random() < 0.7:
        pairs.append((None, keys[0]))
    for _ in range(random.randint(0, 2 * len(keys))):
        pairs.append((random.choice([None, *keys, *keys]), random.choice([None, *keys, *keys])))
    transitions, known, defaults = [], set(), set()
    for source, target in pairs:
        event = "completed" if source is None else random.choices(["completed", "error", "timeout"], [8, 1, 1])[0]
        if (source, target, event) in known or source is target is None:
            continue
        known.add((source, target, event))
        is_default = random.random() < 0.2 and (source, event) not in defaults
        if is_default:
            defaults.add((source, event))
        condition = None
        if not is_default and source not in all_ways and random.random() < 0.35:
            condition = {"===": [{"var": random.choice("xy")}, random.randint(0, 1)]}
        priority = random.randint(0, 2)
        transitions.append(
            transition(source, target, on_event=event, is_default=is_default, condition=condition, priority=priority)
        )
    random.shuffle(transitions)
    return bundle(tasks, transitions)


def random_output(random):
    return {name: random.randint(0, 1) for name in "xy" if random.random() < 0.8}


def random_moves(random):
    """(which of the open instances, event, output) for up to 40 steps."""
    names = random.choices(["completed", "timeout", "error", "skip", "retry"], [85, 3, 3, 6, 3], k=40)
    return [(random.randrange(1_000), name, random_output(random)) for name in names[: random.randint(1, 40)]]


def random_case(seed):
    random = Random(seed)
    return random_bundle(random), random_moves(random), random_output(random)


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


@given(SEEDS)
@MANY
def test_the_engine_does_what_the_naive_one_does(seed):
    definition, moves, data = random_case(seed)
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


@given(SEEDS)
@MANY
def test_joins_fire_as_the_naive_ones_do_wherever_tokens_lie(seed):
    """Also in markings that no run comes to, as a proof may ask about."""
    random = Random(seed)
    definition = random_bundle(random)
    graph = compile_graph(definition)
    tokens = {
        t.index: random.randint(1, 3) for t in graph.transitions if t.target is not None and random.random() < 0.4
    }
    active = random.sample(graph.tasks, random.randint(0, 2))
    naive = NaiveRun(definition, {})
    naive.tokens = [place for place, count in tokens.items() for _ in range(count)]
    naive.open = [[number, node.key, None] for number, node in enumerate(active)]
    naive.settle()
    opened = settle(graph, tokens, [node.index for node in active])
    assert [graph.tasks[index].key for index in opened] == naive.opened
    assert Counter(tokens) == Counter(naive.tokens)


@given(SEEDS)
@FEW
def test_tokens_are_conserved(seed):
    """What a step takes from a transition is what the joins of the opened tasks consume."""
    definition, moves, data = random_case(seed)
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


@given(SEEDS)
@FEW
def test_equal_arguments_give_equal_answers_and_are_left_alone(seed):
    definition, moves, data = random_case(seed)
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


def test_the_random_cases_are_of_every_kind():
    """Without this the others could pass by never waiting at a join, never looping, never ending."""
    seen: Counter[str] = Counter()
    for seed in range(400):
        definition, moves, data = random_case(seed)
        steps = list(history(definition, moves, data))
        graph, _, _, last = steps[-1]
        seen[last.status] += 1
        seen["ten steps or more"] += len(steps) >= 10
        seen["a task opened again"] += len({o.task for *_, s in steps for o in s.opened}) < last.marking.next_number - 1
        for join in ("inclusive", "parallel"):
            waits = [graph.transitions[t].target for *_, s in steps for t in s.marking.tokens]
            seen[f"waiting, {join}"] += any(graph.tasks[task].join == join for task in waits)
        for code in {incident.code for *_, s in steps for incident in s.incidents}:
            seen[code] += 1
    least = {
        "IN_PROGRESS": 40,
        "COMPLETED": 40,
        "ERROR": 40,
        "ten steps or more": 40,
        "a task opened again": 40,
        "waiting, inclusive": 40,
        "waiting, parallel": 40,
        "stuck": 20,
        "no_transition": 20,
        "error": 20,
        "timeout": 20,
    }
    print(dict(seen))
    assert {kind: seen[kind] for kind, count in least.items() if seen[kind] < count} == {}
