"""Random small definitions with loops against all that can happen in them: every task with every output it may have.

A loop may be left if from every state that is reached an end can be; that is found here without the proof, by going
through all states. LOOP_CASES says how many (60 unless set), LOOP_SEED where to begin.
"""

from __future__ import annotations

import os
from collections import Counter
from itertools import product
from random import Random
from typing import Any

from workflow_design.kernel.document import normalize
from workflow_design.kernel.engine import Event, Marking, step
from workflow_design.kernel.graph import Graph, compile_graph
from workflow_design.kernel.proof import prove

CASES = int(os.environ.get("LOOP_CASES", "60"))
SEED = int(os.environ.get("LOOP_SEED", "0"))
STATES = 6_000
VALUES: dict[str, list[Any]] = {"a": [False, True], "b": [False, True], "n": [0, 1, 2], "m": [0, 1, 2]}
SUBMITTED = "abn"
END = "end"


class Made:
    """A few tasks that lead on, and anywhere else. `writes`: by task, the fields with the values that it may give them,
    and whether it has to.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        count = random.randint(2, 5)
        self.keys = [f"t{number}" for number in range(count)]
        free = random.random() < 0.2
        gates = ["exclusive", "inclusive", "parallel"] if free else ["exclusive"]
        self.gates = {key: (random.choice(gates), random.choice(gates)) for key in self.keys}
        self.writes = {key: self.output() for key in self.keys}
        self.links: list[dict[str, Any]] = [{"from": None, "to": "t0"}]
        for key in self.keys:
            self.exits(key)

    def output(self) -> dict[str, tuple[list[Any], bool]]:
        names = self.random.sample(sorted(VALUES), self.random.choice([0, 1, 1, 2]))
        found = {}
        for name in names:
            few = VALUES[name] if self.random.random() < 0.7 else [self.random.choice(VALUES[name])]
            found[name] = few, self.random.random() < 0.8
        return found

    def exits(self, key: str) -> None:
        onward = [*self.keys, END][self.keys.index(key) + 1]
        others = [other for other in (*self.keys, END) if other != onward]
        targets = [onward, *self.random.sample(others, self.random.choice([0, 1, 1, 2]))]
        self.random.shuffle(targets)
        split = self.gates[key][1]
        for place, target in enumerate(targets):
            link: dict[str, Any] = {"from": key, "to": None if target == END else target, "priority": place}
            if len(targets) > 1 and split != "parallel":
                link |= {"is_default": True} if place == len(targets) - 1 else {"condition": self.condition()}
            self.links.append(link)

    def condition(self) -> Any:
        parts = [self.comparison() for _ in range(self.random.choice([1, 1, 2]))]
        return parts[0] if len(parts) == 1 else {self.random.choice(["and", "or"]): parts}

    def comparison(self) -> Any:
        name = self.random.choice(sorted(VALUES))
        if name in "ab":
            return {"===": [{"var": name}, self.random.random() < 0.5]}
        if self.random.random() < 0.15:
            return {self.random.choice(["<", ">=", "==="]): [{"var": "n"}, {"var": "m"}]}
        return {self.random.choice(["<", ">=", "===", "!=="]): [{"var": name}, self.random.randint(0, 2)]}

    def document(self) -> dict[str, Any]:
        def schema(writes: dict[str, tuple[list[Any], bool]]) -> dict[str, Any]:
            def of(name: str, values: list[Any]) -> dict[str, Any]:
                if name in "ab":
                    return {"type": "boolean"} if len(values) > 1 else {"type": "boolean", "const": values[0]}
                return {"type": "integer", "minimum": values[0], "maximum": values[-1]}

            return {
                "type": "object",
                "properties": {name: of(name, values) for name, (values, _) in writes.items()},
                "required": [name for name, (_, needed) in writes.items() if needed],
            }

        return {
            "format": "ticketflower/1",
            "workflow": {
                "key": "made",
                "title": "Made",
                "fields": [
                    {"FieldName": "a", "FieldType": "boolean", "Required": True},
                    {"FieldName": "b", "FieldType": "boolean", "Required": True},
                    {"FieldName": "n", "FieldType": "integer", "Required": True},
                    {"FieldName": "m", "FieldType": "integer"},
                ],
            },
            "tasks": [
                {
                    "key": key,
                    "title": key,
                    "task_type": "FORM",
                    "join": self.gates[key][0],
                    "split": self.gates[key][1],
                    "output_schema": schema(self.writes[key]) if self.writes[key] else {},
                }
                for key in self.keys
            ],
            "transitions": self.links,
            "tickets": [{"key": "made", "title": "Made", "fields": dict.fromkeys(SUBMITTED)}],
        }

    def outputs(self, key: str) -> list[dict[str, Any]]:
        listed = []
        for name, (values, needed) in self.writes[key].items():
            listed.append([(name, value) for value in values] + ([] if needed else [None]))
        return [dict(pair for pair in chosen if pair) for chosen in product(*listed)]


def all_can_end(graph: Graph, made: Made) -> bool | None:
    """Whether from everywhere that a run comes to, it can be completed; None where that is too much to go through."""
    index: dict[Any, int] = {}
    before: list[list[int]] = []
    todo: list[tuple[Marking, dict[str, Any]]] = []
    ends: list[int] = []

    def note(marking: Marking, data: dict[str, Any], source: int | None) -> None:
        key = tuple(sorted(marking.open.values())), tuple(sorted(marking.tokens.items())), tuple(sorted(data.items()))
        if key not in index:
            index[key] = len(before)
            before.append([])
            todo.append((marking, data))
            if marking.status == "COMPLETED":
                ends.append(index[key])
        if source is not None:
            before[index[key]].append(source)

    # Whole numbers below 0 and above 2 do what -1 and 3 do.
    for values in product(*([-1, 0, 1, 2, 3] if name in "n" else VALUES[name] for name in SUBMITTED)):
        data = dict(zip(SUBMITTED, values, strict=True))
        note(first.marking, first.data, None) if (first := step(graph, Marking(), data, Event("started"))) else None
    for place, (marking, data) in enumerate(todo):
        if len(todo) > STATES:
            return None
        for number, task in marking.open.items():
            if number in marking.stopped:
                continue
            for output in made.outputs(graph.tasks[task].key):
                after = step(graph, marking, data, Event("completed", number, output))
                note(after.marking, after.data, place)
    reached = set(ends)
    left = list(ends)
    while left:
        for place in before[left.pop()]:
            if place not in reached:
                reached.add(place)
                left.append(place)
    return len(reached) == len(before)


def test_what_is_said_of_loops_holds():
    mix: Counter[str] = Counter()
    wrong = []
    for seed in range(SEED, SEED + CASES):
        made = Made(Random(seed))
        read = normalize(made.document())
        assert read.errors == []
        proof = prove(read.after)
        codes = {problem.code for problem in proof.problems if problem.severity != "warning"}
        if any(code.startswith("flow") for code in codes):
            mix["of another kind"] += 1
            continue
        ends = all_can_end(compile_graph(dict(read.after)), made)
        verdict = "proved" if proof.proved else ", ".join(sorted(codes))
        mix[f"{verdict}: {'too much' if ends is None else 'all end' if ends else 'some do not'}"] += 1
        if (proof.proved and ends is False) or ("loop_never_ends" in codes and ends):
            wrong.append(seed)
    print("\n" + "\n".join(f"{name}: {times}" for name, times in sorted(mix.items())))
    assert wrong == []
