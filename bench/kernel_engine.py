"""Speed of the kernel's graph compiler and engine: `python bench/kernel_engine.py`.

Prints a table and writes `bench/results/kernel_engine.json`. Times are the median of the rounds, in microseconds for
steps and milliseconds for compiling. Absolute figures hold for the machine they were taken on.
"""

from __future__ import annotations

import gc
import json
import platform
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from workflow_design.kernel.engine import Event, Marking, step  # noqa: E402
from workflow_design.kernel.graph import Graph, compile_graph  # noqa: E402

ROUNDS = 7
FIELDS = [f"field_{number}" for number in range(20)]
SCHEMA = {"type": "object", "properties": {name: {"type": "integer"} for name in FIELDS[:5]}}


def task(key: str, join: str = "exclusive", split: str = "exclusive") -> dict[str, Any]:
    return {
        "key": key,
        "title": key,
        "input_schema": SCHEMA,
        "output_schema": SCHEMA,
        "join": join,
        "split": split,
    }


def transition(source: str | None, target: str | None, **values: Any) -> dict[str, Any]:
    common = {"condition": None, "priority": 0, "is_default": False, "on_event": "completed"}
    return {"from": source, "to": target, **common, **values}


def bundle(tasks: list[dict[str, Any]], transitions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"workflow": {"key": "bench", "state_schema": {}}, "tasks": tasks, "transitions": transitions}


def choices(size: int) -> dict[str, Any]:
    """A chain of `size` tasks, a three-clause condition and a default after every second one."""
    keys = [f"task-{number}" for number in range(size)]
    transitions = [transition(None, keys[0])]
    for number, key in enumerate(keys):
        following = keys[number + 1] if number + 1 < size else None
        if number % 2 and following is not None:
            rule = {
                "and": [
                    {">=": [{"var": "field_0"}, 10]},
                    {"===": [{"var": "field_1"}, 1]},
                    {"in": [{"var": "field_2"}, [1, 2, 3]]},
                ]
            }
            transitions.append(transition(key, following, condition=rule))
            transitions.append(transition(key, None, is_default=True))
        else:
            transitions.append(transition(key, following))
    return bundle([task(key) for key in keys], transitions)


def blocks(size: int, gate: str) -> dict[str, Any]:
    """A chain of blocks of five tasks: one splits to three, which meet in the fifth."""
    tasks, transitions, last = [], [], None
    for number in range(size // 5):
        name = f"block-{number}"
        tasks += [task(name, split=gate), *(task(f"{name}-{way}") for way in "abc"), task(f"{name}-e", join=gate)]
        transitions.append(transition(last, name))
        for way in "abc":
            transitions += [transition(name, f"{name}-{way}"), transition(f"{name}-{way}", f"{name}-e")]
        last = f"{name}-e"
    transitions.append(transition(last, None))
    return bundle(tasks, transitions)


def complete_graph(size: int) -> dict[str, Any]:
    """Every task leads to every other; all gates inclusive."""
    keys = [f"task-{number}" for number in range(size)]
    tasks = [task(key, "inclusive", "inclusive") for key in keys]
    return bundle(tasks, [transition(None, keys[0])] + [transition(a, b) for a in keys for b in keys if a != b])


def run(graph: Graph) -> tuple[int, float]:
    """(completions, seconds) of one run to its end."""
    data = dict.fromkeys(FIELDS, 1) | {"field_0": 10}
    output = {name: data[name] for name in FIELDS[:5]}
    turn = step(graph, Marking(), data, Event("started"))
    steps = 0
    begin = perf_counter()
    while turn.marking.open:
        number = next(iter(turn.marking.open))
        turn = step(graph, turn.marking, turn.data, Event("completed", number, output, assignee=1))
        steps += 1
    seconds = perf_counter() - begin
    if turn.status != "COMPLETED":
        raise SystemExit(f"the run ended {turn.status}: {turn.incidents}")
    return steps, seconds


def median(measure: Callable[[], float]) -> float:
    gc.disable()
    try:
        return statistics.median(measure() for _ in range(ROUNDS))
    finally:
        gc.enable()


def compiling(document: dict[str, Any]) -> Callable[[], float]:
    def once() -> float:
        begin = perf_counter()
        compile_graph(document)
        return perf_counter() - begin

    return once


def stepping(document: dict[str, Any]) -> Callable[[], float]:
    graph = compile_graph(document)

    def once() -> float:
        steps, seconds = run(graph)
        return seconds / steps

    return once


def first_join(document: dict[str, Any]) -> Callable[[], float]:
    """The slowest step there is: the first that must decide inclusive joins."""

    def once() -> float:
        graph = compile_graph(document)
        turn = step(graph, Marking(), {}, Event("started"))
        begin = perf_counter()
        step(graph, turn.marking, {}, Event("completed", 1))
        return perf_counter() - begin

    return once


def main() -> None:
    results: dict[str, float] = {}
    for size in (10, 100, 1_000, 10_000):
        results[f"compile_{size}_tasks_ms"] = median(compiling(choices(size))) * 1e3
    results["compile_complete_150_ms"] = median(compiling(complete_graph(150))) * 1e3
    for size in (10, 50, 1_000):
        results[f"step_choices_{size}_tasks_us"] = median(stepping(choices(size))) * 1e6
    for gate in ("parallel", "inclusive"):
        for size in (50, 1_000):
            results[f"step_{gate}_{size}_tasks_us"] = median(stepping(blocks(size, gate))) * 1e6
    results["first_inclusive_step_complete_150_ms"] = median(first_join(complete_graph(150))) * 1e3
    for name, value in results.items():
        rate = f"{1e6 / value:>12,.0f}/s" if name.startswith("step_") else ""
        print(f"{name:<42}{value:>12.2f}{rate}")
    target = ROOT / "bench" / "results" / "kernel_engine.json"
    target.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine(), "rounds": ROUNDS}
    target.write_text(json.dumps({**machine, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
