"""Random definitions with conditions over what tickets and tasks really hold: what is proved always ends.

Some of their loops ask anew each time what leads out of them, and some don't: which, a simpler look says, at the loop
as it was made.

PROOF_CASES says how many (a tenth of it; 400 unless set), PROOF_SEED where to begin.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

from workflow_design.kernel.document import normalize
from workflow_design.kernel.engine import Event, Marking, Step, step
from workflow_design.kernel.graph import Graph, compile_graph
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof import prove

CASES = max(20, int(os.environ.get("PROOF_CASES", "400")) // 10)
SEED = int(os.environ.get("PROOF_SEED", "0"))
RUNS = 25
STEPS = 2_000
TRIES = 300
LETTERS = ["x", "y", "z"]
KINDS: dict[str, dict[str, Any]] = {
    "n": {"type": "integer", "minimum": -3, "maximum": 12},
    "b": {"type": "boolean"},
    "c": {"type": "string", "enum": LETTERS},
}


def value(kind: str, random: Random) -> Any:
    return {"n": random.randint(-3, 12), "b": random.random() < 0.5, "c": random.choice(LETTERS)}[kind]


class Made:
    """Blocks one after another; `writes`: by task, the field that it writes; some lack a condition that they need."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.writes: dict[str, str] = {}
        self.gates: dict[str, tuple[str, str]] = {}
        self.links: list[dict[str, Any]] = []
        self.loops: list[tuple[str, str, str]] = []  # (head, what leads back, field that decides)
        last = self.task()
        self.links.append({"from": None, "to": last})
        for _ in range(random.randint(1, 4)):
            last = self.block(last)
        self.links.append({"from": last, "to": None})

    def task(self, join: str = "exclusive", split: str = "exclusive") -> str:
        key = f"t{len(self.gates)}"
        self.gates[key] = join, split
        if self.random.random() < 0.7:
            self.writes[key] = f"{self.random.choice('nbc')}{len(self.gates)}"
        return key

    def block(self, before: str) -> str:
        gate = self.random.choice(["exclusive", "exclusive", "inclusive", "parallel"])
        head, ways = self.task(split=gate), [self.task() for _ in range(self.random.randint(2, 3))]
        tail = self.task(join=gate)
        self.links.append({"from": before, "to": head})
        again = gate == "exclusive" and self.random.random() < 0.3
        anew = again and self.random.random() < 0.6
        if anew:  # what is asked is answered anew each time, so that the loop ends some day
            self.writes[head] = f"{self.random.choice('nbc')}{len(self.gates)}"
        name = self.writes[head] if anew else self.random.choice(["n", "b", "c", *self.first()])
        conditions = [None] * len(ways) if gate == "parallel" else self.conditions(name, len(ways))
        for place, (way, condition) in enumerate(zip(ways, conditions, strict=True)):
            link: dict[str, Any] = {"from": head, "to": way, "priority": place}
            if condition == "default":
                link["is_default"] = True
            elif condition is not None:
                link["condition"] = condition
            self.links += [link, {"from": way, "to": tail}]
        if again:
            self.links[-1]["to"] = head
            self.loops.append((head, ways[-1], name))
        return tail

    def unchanging(self) -> int:
        """How many loops have nothing in them that writes the field which decides."""
        return sum(name not in (self.writes.get(head), self.writes.get(back)) for head, back, name in self.loops)

    def first(self) -> list[str]:
        """What the first task writes, which is set ever after."""
        return [self.writes["t0"]] if "t0" in self.writes else []

    def conditions(self, name: str, count: int) -> list[Any]:
        """Of one field; the last is the default, or what the others leave, or nearly."""
        field = {"var": name}
        if name[0] == "b":
            found: list[Any] = [field, *[{"===": [field, True]}] * (count - 2), {"!": field}]
        elif name[0] == "c":
            parts = [[LETTERS[place % 3]] for place in range(count - 1)]
            rest = [letter for letter in LETTERS if [letter] not in parts]
            found = [{"in": [field, part]} for part in [*parts, rest]]
        else:
            bounds = sorted(self.random.sample(range(-2, 12), count - 1))
            found = [{"<": [field, bound]} for bound in bounds]
            found.append({">=" if self.random.random() < 0.7 else ">": [field, bounds[-1]]})
        if self.random.random() < 0.3:
            found[-1] = "default"
        elif self.random.random() < 0.15:
            found[-1] = {"and": [found[-1], {"===": [{"var": "b"}, True]}]}
        return found

    def document(self) -> dict[str, Any]:
        def schema(name: str | None) -> dict[str, Any]:
            return {"type": "object", "properties": {name: KINDS[name[0]]}, "required": [name]} if name else {}

        types = {"n": {"FieldType": "integer"}, "b": {"FieldType": "boolean"}}
        choice = {"FieldType": "choice", "Options": LETTERS}
        return {
            "format": "ticketflower/1",
            "workflow": {
                "key": "made",
                "title": "Made",
                "fields": [{"FieldName": name, "Required": True, **types.get(name, choice)} for name in "nbc"],
            },
            "tasks": [
                {
                    "key": key,
                    "title": key,
                    "task_type": "FORM",
                    "join": join,
                    "split": split,
                    "output_schema": schema(self.writes.get(key)),
                }
                for key, (join, split) in self.gates.items()
            ],
            "transitions": self.links,
            "tickets": [{"key": "made", "title": "Made", "fields": dict.fromkeys("nbc")}],
        }


def run(graph: Graph, writes: dict[str, str], random: Random) -> Step:
    """Tasks in any order with any outputs, until nothing is open."""
    data = {name: value(name, random) for name in "nbc"}
    last = step(graph, Marking(), data, Event("started"))
    for _ in range(STEPS):
        if last.incidents or not last.marking.open:
            break
        number = random.choice(sorted(last.marking.open))
        if name := writes.get(graph.tasks[last.marking.open[number]].key):
            data[name] = value(name[0], random)
        last = step(graph, last.marking, data, Event("completed", number))
    return last


def goes_round(graph: Graph, writes: dict[str, str], problem: Problem, random: Random) -> bool:
    """Whether runs that follow the trace of a problem, with its data, never end whatever is entered then."""
    held = problem.counterexample or {}
    for _ in range(TRIES):
        data = {name: held.get(name, value(name, random)) for name in "nbc"}
        last = step(graph, Marking(), data, Event("started"))
        keys, more = list(problem.trace or ()), 0
        while not last.incidents and last.marking.open:
            opened = {graph.tasks[task].key: number for number, task in last.marking.open.items()}
            if keys and keys[0] not in opened:
                break
            more += not keys
            if more > 100:
                return True
            key = keys.pop(0) if keys else random.choice(sorted(opened))
            if name := writes.get(key):
                data[name] = held.get(name, value(name[0], random))
            last = step(graph, last.marking, data, Event("completed", opened[key]))
        if not keys:
            return False
    return False


def test_every_run_of_what_is_proved_ends():
    mix: Counter[str] = Counter()
    wrong, untrue = [], []
    for seed in range(SEED, SEED + CASES):
        made = Made(Random(seed))
        read = normalize(made.document())
        assert read.errors == []
        proof = prove(read.after)
        graph = compile_graph(dict(read.after))
        ends = [run(graph, made.writes, Random(f"{seed} {number}")) for number in range(RUNS)]
        ended = all(end.status == "COMPLETED" and not end.marking.tokens for end in ends)
        verdict = "proved" if proof.proved else "unproved" if proof.decided is False else "refuted"
        mix.update([verdict, f"{verdict}, all runs end" if ended else f"{verdict}, a run doesn't end"])
        mix.update({problem.code for problem in proof.problems if problem.severity == "error"})
        told = [problem for problem in proof.problems if problem.code == "loop_never_ends"]
        mix.update({"loops": len(made.loops), "unchanging loops": made.unchanging(), "loops told": len(told)})
        if made.unchanging():
            mix[f"{verdict} with unchanging loops"] += 1
        untrue += [seed for problem in told if not goes_round(graph, made.writes, problem, Random(seed))]
        if proof.proved and not ended:
            wrong.append(seed)
    print(", ".join(f"{name}: {times}" for name, times in sorted(mix.items())))
    assert (wrong, untrue) == ([], [])
    assert min(mix["proved"], mix["refuted"] + mix["unproved"]) >= CASES // 5
