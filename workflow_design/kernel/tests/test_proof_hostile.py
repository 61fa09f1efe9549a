"""Definitions in which as much as possible can happen: decided, or unproved, in bounded time."""

from __future__ import annotations

from itertools import pairwise
from time import thread_time
from typing import Any

import pytest

from workflow_design.kernel.document import normalize
from workflow_design.kernel.proof import check

UNKNOWN = {"flow_unproved", "writers_unproved"}
SECONDS = 3
"""Of the processor; one on the machine that the limits were chosen on."""


def document(gates: dict[str, tuple[str, str]], links: list[tuple[str | None, str | None]]) -> dict[str, Any]:
    """Tasks with (join, split), each of which writes a field of its own."""
    tasks = [
        {
            "key": key,
            "title": key,
            "task_type": "FORM",
            "join": join,
            "split": split,
            "output_schema": {"type": "object", "properties": {f"f{place}": {"type": "integer"}}},
        }
        for place, (key, (join, split)) in enumerate(gates.items())
    ]
    transitions = []
    for place, (source, target) in enumerate(links):
        link: dict[str, Any] = {"from": source, "to": target, "priority": place}
        if source is not None and gates[source][1] == "inclusive":
            link["condition"] = {">": [{"var": "amount"}, place]}
        transitions.append(link)
    return {
        "format": "ticketflower/1",
        "workflow": {
            "key": "hostile",
            "title": "Hostile",
            "fields": [{"FieldName": "amount", "FieldType": "integer", "Required": True}],
        },
        "tasks": tasks,
        "transitions": transitions,
        "tickets": [{"key": "hostile", "title": "Hostile", "fields": {"amount": None}}],
    }


def block(size: int, gate: str) -> dict[str, Any]:
    """One split into that many tasks, which meet."""
    keys = [f"t{number}" for number in range(size)]
    gates = {"first": ("exclusive", gate), **dict.fromkeys(keys, ("exclusive", "exclusive"))}
    links = [(None, "first"), *(("first", key) for key in keys), *((key, "last") for key in keys), ("last", None)]
    return document({**gates, "last": (gate, "exclusive")}, links)


def grid(size: int) -> dict[str, Any]:
    """Parallel splits and joins that are no blocks inside each other."""
    gates = {f"t{x}-{y}": ("parallel", "parallel") for x in range(size) for y in range(size)}
    down = [(f"t{x}-{y}", f"t{x + 1}-{y}") for x in range(size - 1) for y in range(size)]
    across = [(f"t{x}-{y}", f"t{x}-{y + 1}") for x in range(size) for y in range(size - 1)]
    return document(gates, [(None, "t0-0"), *down, *across, (f"t{size - 1}-{size - 1}", None)])


def complete(size: int, gate: str) -> dict[str, Any]:
    """Every task leads to every other."""
    keys = [f"t{number}" for number in range(size)]
    links = [(one, other) for one in keys for other in keys if one != other]
    return document(dict.fromkeys(keys, (gate, gate)), [(None, "t0"), *links, (keys[-1], None)])


def crossed(size: int, gate: str = "inclusive") -> dict[str, Any]:
    """Each of many tasks at once leads to joins that others lead to as well: no order is like another."""
    left, right = [f"a{number}" for number in range(size)], [f"b{number}" for number in range(size)]
    gates = {"first": ("exclusive", "parallel"), **dict.fromkeys(left, ("exclusive", "inclusive"))}
    gates |= dict.fromkeys(right, (gate, "exclusive"))
    links = [(a, right[(place + step) % size]) for place, a in enumerate(left) for step in range(3)]
    return document(gates, [(None, "first"), *(("first", a) for a in left), *links, *((b, None) for b in right)])


@pytest.mark.parametrize(
    "name, made, expected",
    [
        ("700 at once", lambda: block(700, "parallel"), set()),
        ("any of 200", lambda: block(200, "inclusive"), set()),
        ("800 at once", lambda: block(800, "parallel"), UNKNOWN),
        ("any of 1,998", lambda: block(1_998, "inclusive"), UNKNOWN),
        ("grid", lambda: grid(28), UNKNOWN),
        ("all to all, exclusive", lambda: complete(140, "exclusive"), {"flow_no_end", "flow_dead_task"}),
        ("all to all, inclusive", lambda: complete(140, "inclusive"), UNKNOWN),
        ("all to all, parallel", lambda: complete(70, "parallel"), {"flow_stuck"}),
        ("crossed, parallel joins", lambda: crossed(20, "parallel"), {"flow_unproved"}),
        ("much crossed", lambda: crossed(600), UNKNOWN),
    ],
)
def test_it_takes_bounded_time(name, made, expected):
    read = normalize(made())
    assert read.errors == []
    begin = thread_time()
    problems = check(read.after)
    assert thread_time() - begin < SECONDS
    assert {problem.code for problem in problems if problem.severity != "warning"} == expected


def test_what_cannot_be_decided_is_unproved():
    begin = thread_time()
    (problem,) = check(normalize(crossed(40)).after)
    assert thread_time() - begin < SECONDS
    assert (problem.severity, problem.code, problem.path) == ("unproved", "flow_unproved", "/transitions")


def test_a_long_sequence_is_proved():
    keys = [f"t{number}" for number in range(2_000)]
    read = normalize(document(dict.fromkeys(keys, ("exclusive", "exclusive")), [(None, "t0"), *pairwise(keys)]))
    assert check(read.after) == []
