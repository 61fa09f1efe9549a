"""Speed of the kernel's proof of flow, data and loops: `python bench/kernel_proof.py`.

Prints a table and writes `bench/results/kernel_proof.json`. Times are the median of the rounds, in milliseconds; of the
hostile definitions it is one round. Absolute figures hold for the machine they were taken on.
"""

from __future__ import annotations

import gc
import json
import platform
import statistics
import sys
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from workflow_design.kernel.graph import GraphError, compile_graph  # noqa: E402
from workflow_design.kernel.problems import Problem  # noqa: E402
from workflow_design.kernel.proof import check  # noqa: E402
from workflow_design.kernel.proof.flow import flow  # noqa: E402
from workflow_design.kernel.proof.loops import check_loops  # noqa: E402
from workflow_design.kernel.proof.net import net_of  # noqa: E402

ROUNDS = 5
SIZES = (10, 50, 200, 1_000)
Bundle = dict[str, Any]


def task(key: str, join: str = "exclusive", split: str = "exclusive", writes: str = "") -> Bundle:
    schema = {"type": "object", "properties": {writes: {"type": "integer"}}, "required": [writes]} if writes else {}
    return {
        "key": key,
        "title": key,
        "task_type": "FORM",
        "input_schema": {},
        "output_schema": schema,
        "input_transform": None,
        "output_transform": None,
        "join": join,
        "split": split,
    }


def transition(source: str | None, target: str | None, **values: Any) -> Bundle:
    common = {"condition": None, "priority": 0, "is_default": False, "on_event": "completed"}
    return {"from": source, "to": target, **common, **values}


def bundle(tasks: list[Bundle], transitions: list[Bundle]) -> Bundle:
    fields = [{"FieldName": "amount", "FieldType": "integer", "Required": True}]
    return {
        "workflow": {"key": "bench", "fields": fields, "state_schema": {}},
        "tasks": tasks,
        "transitions": transitions,
        "tickets": [{"key": "bench", "fields": {"amount": None}}],
    }


class Chain:
    """Blocks one after another, until there are `size` tasks."""

    def __init__(self, size: int, kinds: tuple[str, ...]) -> None:
        self.size = size
        self.tasks: list[Bundle] = []
        self.transitions: list[Bundle] = []
        self.last: str | None = None
        random = Random(1)
        while len(self.tasks) < size:
            kind = random.choice(kinds) if size - len(self.tasks) > 12 else "task"
            getattr(self, kind)()
        self.transitions.append(transition(self.last, None))

    def add(self, **gates: str) -> str:
        key = f"t{len(self.tasks)}"
        self.tasks.append(task(key, writes=f"field_{len(self.tasks)}", **gates))
        return key

    def lead(self, source: str | None, target: str, **values: Any) -> str:
        self.transitions.append(transition(source, target, **values))
        return target

    def condition(self) -> Bundle:
        return {">": [{"var": "amount"}, len(self.transitions)]}

    def task(self) -> None:
        self.last = self.lead(self.last, self.add())

    def exclusive(self) -> None:
        self._block("exclusive", 3)

    def parallel(self) -> None:
        self._block("parallel", 3)

    def ten(self) -> None:
        self._block("parallel", 10)

    def inclusive(self) -> None:
        self._block("inclusive", 4)

    def wide(self) -> None:
        self._block("inclusive", 10)

    def loop(self) -> None:
        head = self.lead(self.last, self.add())
        middle = self.lead(head, self.add())
        tail = self.lead(middle, self.add())
        self.lead(tail, head, condition={">": [{"var": f"field_{len(self.tasks) - 1}"}, 3]})
        self.last = tail
        self.lead(tail, self.add(), is_default=True)
        self.last = self.tasks[-1]["key"]

    def _block(self, kind: str, ways: int) -> None:
        head, tail = self.add(split=kind), None
        self.lead(self.last, head)
        middles = [self.add() for _ in range(ways)]
        tail = self.add(join=kind)
        for place, middle in enumerate(middles):
            values: Bundle = {} if kind == "parallel" else {"condition": self.condition()}
            if place == ways - 1 and kind != "parallel":
                values = {"is_default": True}
            self.lead(head, middle, **values)
            self.lead(middle, tail)
        self.last = tail

    def bundle(self) -> Bundle:
        return bundle(self.tasks, self.transitions)


def ways(size: int, kind: str) -> Bundle:
    """One split into ten sequences that meet."""
    tasks, transitions = [task("first", split=kind)], [transition(None, "first")]
    for way in range(10):
        last = "first"
        for number in range(max(1, size // 10)):
            key = f"t{way}-{number}"
            tasks.append(task(key, writes=f"field_{way}_{number}"))
            condition = {">": [{"var": "amount"}, way]} if last == "first" and kind == "inclusive" else None
            transitions.append(transition(last, key, condition=condition))
            last = key
        transitions.append(transition(last, "last"))
    tasks.append(task("last", join=kind))
    return bundle(tasks, transitions)


def complete_graph(size: int, gate: str) -> Bundle:
    """Every task leads to every other."""
    keys = [f"t{number}" for number in range(size)]
    ends = [transition(keys[-1], None)]
    between = [transition(a, b) for a in keys for b in keys if a != b]
    if gate != "parallel":
        for number, way in enumerate(between):
            way["condition"] = {">": [{"var": "amount"}, number]}
    return bundle([task(key, gate, gate) for key in keys], [transition(None, keys[0]), *between, *ends])


def all_together(size: int) -> Bundle:
    """One split into all tasks, which write one field."""
    keys = [f"t{number}" for number in range(size)]
    tasks = [task("first", split="parallel"), *(task(key, writes="same") for key in keys)]
    return bundle(tasks, [transition(None, "first"), *(transition("first", key) for key in keys)])


def grid(size: int) -> Bundle:
    """Squares of parallel splits and joins that are no blocks inside each other."""
    keys = {(x, y): f"t{x}-{y}" for x in range(size) for y in range(size)}
    tasks = [task(key, "parallel", "parallel") for key in keys.values()]
    transitions = [transition(None, keys[0, 0])]
    for (x, y), key in keys.items():
        transitions += [transition(key, keys[p]) for p in ((x + 1, y), (x, y + 1)) if p in keys]
    return bundle(tasks, transitions)


def crossed(size: int, gate: str) -> Bundle:
    """A parallel split into tasks of which each leads to two inclusive joins: no order is like another."""
    tasks, transitions = [task("first", split="parallel")], [transition(None, "first")]
    for number in range(size):
        tasks += [task(f"a{number}", split="inclusive"), task(f"b{number}", join=gate)]
        transitions.append(transition("first", f"a{number}"))
        for step in range(3):
            condition = {">": [{"var": "amount"}, len(transitions)]}
            transitions.append(transition(f"a{number}", f"b{(number + step) % size}", condition=condition))
    return bundle(tasks, transitions)


def measured(document: Bundle, rounds: int) -> tuple[float, float, str]:
    """(median of milliseconds of flow and data, of loops, what came out)."""
    times, more = [], []
    for _ in range(rounds):
        begin = perf_counter()
        problems = check(document)
        times.append((perf_counter() - begin) * 1e3)
        taken, found = loops(document)
        more.append(taken)
    codes = sorted({f"{problem.severity} {problem.code}" for problem in (*problems, *found)})
    return statistics.median(times), statistics.median(more), ", ".join(codes) or "nothing wrong"


def loops(document: Bundle) -> tuple[float, list[Problem]]:
    """(milliseconds of the loops alone, what is said of them); nothing where it is no graph."""
    try:
        net = net_of(compile_graph(document))
    except GraphError:
        return 0.0, []
    known = flow(net)
    begin = perf_counter()
    found = check_loops(document, known)
    return (perf_counter() - begin) * 1e3, found


MIXED = ("task", "exclusive", "parallel", "inclusive", "loop", "ten")
CASES = {
    "sequential": lambda size: Chain(size, ("task",)).bundle(),
    "choices": lambda size: Chain(size, ("exclusive",)).bundle(),
    "parallel blocks": lambda size: Chain(size, ("parallel",)).bundle(),
    "10-way parallel": lambda size: ways(size, "parallel"),
    "inclusive blocks": lambda size: Chain(size, ("inclusive", "wide")).bundle(),
    "10-way inclusive": lambda size: ways(size, "inclusive"),
    "loops": lambda size: Chain(size, ("loop",)).bundle(),
    "mixed": lambda size: Chain(size, MIXED).bundle(),
}
HOSTILE = {
    "10,000 tasks, mixed (refused as a graph)": lambda: Chain(10_000, MIXED).bundle(),
    "10,000 tasks, sequential": lambda: Chain(10_000, ("task",)).bundle(),
    "complete graph of 150, exclusive": lambda: complete_graph(150, "exclusive"),
    "complete graph of 150, inclusive": lambda: complete_graph(150, "inclusive"),
    "complete graph of 150, parallel": lambda: complete_graph(150, "parallel"),
    "2,000 tasks at once, one field": lambda: all_together(2_000),
    "grid of 30 × 30": lambda: grid(30),
    "crossed inclusive of 40": lambda: crossed(40, "inclusive"),
    "crossed parallel of 40": lambda: crossed(40, "parallel"),
    "crossed exclusive of 40": lambda: crossed(40, "exclusive"),
}


def note(results: dict[str, float], what: str, checked: float, looped: float, found: str) -> None:
    results[what], results[f"{what}: loops"] = checked, looped
    print(f"{what:<42}{checked:>10.2f} ms{looped:>10.2f} ms  {found}")


def main() -> None:
    results: dict[str, float] = {}
    gc.disable()
    for name, make in CASES.items():
        for size in SIZES:
            what = f"{name}, {size:,} tasks"
            note(results, what, *measured(make(size), ROUNDS))
    for name, make_one in HOSTILE.items():
        note(results, name, *measured(make_one(), 1))
    target = ROOT / "bench" / "results" / "kernel_proof.json"
    target.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine(), "rounds": ROUNDS}
    target.write_text(json.dumps({**machine, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
