"""The proof's flow check held against a full exploration, and against runs of the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, cast

from workflow_design.kernel.engine import Event, Marking, Step, step
from workflow_design.kernel.graph import Graph, compile_graph
from workflow_design.kernel.proof.explore import Move
from workflow_design.kernel.proof.flow import Flow, flow
from workflow_design.kernel.proof.net import net_of

from .proof_naive import Naive

EVENTS = {"completed": "completed", "error": "failed", "timeout": "timed_out"}


class Comparison:
    """Counts what there was (`mix`) and collects every difference, with the seed it comes from."""

    def __init__(self) -> None:
        self.mix: Counter[str] = Counter()
        self.differences: list[str] = []

    def add(self, seed: int, bundle: dict[str, Any], limit: int = 3_000, runs: int = 3) -> None:
        graph = compile_graph(bundle)
        found = flow(net_of(graph))
        naive = Naive(bundle, limit)
        verdict = "refuted" if found.wrong else "proved" if found.sound else "unproved"
        self._count(graph, found, naive, verdict)
        self.differences += [f"{seed}: {words}" for words in differences(graph, found, naive)]
        random = Random(seed)
        if verdict == "proved":
            for _ in range(runs):
                end = random_run(graph, naive, random)
                if end.status != "COMPLETED" or end.marking.tokens:
                    self.differences.append(f"{seed}: a run ends {end.status}")
        for state, moves in found.stuck:
            last = drive(graph, moves)
            if [i.code for i in last.incidents] != ["stuck"] or tuple(sorted(last.marking.tokens.items())) != state[0]:
                self.differences.append(f"{seed}: the engine isn't stuck where it should be")
        for where in (found.endless, found.grows):
            if where is not None:
                last = drive(graph, where[1])
                if last.incidents or tuple(sorted(last.marking.open.values())) != where[0][1]:
                    self.differences.append(f"{seed}: the engine comes elsewhere")
        for task, transition, moves in found.twice:
            marking = drive(graph, moves).marking
            times = marking.tokens.get(transition or 0, 0) if task is None else list(marking.open.values()).count(task)
            if times != 2:
                self.differences.append(f"{seed}: the engine has it {times} times")

    def _count(self, graph: Graph, found: Flow, naive: Naive, verdict: str) -> None:
        size = len(graph.tasks)
        counted = {
            verdict: True,
            f"{size // 10 * 10} to {size // 10 * 10 + 9} tasks": True,
            "decided by " + found.by: verdict != "unproved",
            "inclusive joins": bool(found.net.inclusive),
            "parallel joins": any(task.join == "parallel" and len(task.incoming) > 1 for task in graph.tasks),
            "loops": _loops(graph),
            "error or timeout exits": any(set(task.exits) - {"completed"} for task in graph.tasks),
            "order of events matters to a join": not found.plain,
            "full exploration ended": naive.complete or naive.grows,
            "sound": naive.complete and naive.sound,
            "stuck": naive.stuck,
            "endless": naive.endless,
            "dead tasks": bool(naive.complete and naive.dead),
            "grows": naive.grows,
            "open twice": bool(naive.twice and naive.complete and naive.sound),
        }
        self.mix["definitions"] += 1
        self.mix.update(name for name, holds in counted.items() if holds)

    @property
    def decided(self) -> float:
        """The share of definitions that were proved or refuted."""
        return 1 - self.mix["unproved"] / max(1, self.mix["definitions"])


def differences(graph: Graph, found: Flow, naive: Naive) -> list[str]:
    """What the two don't agree on. Of what grows the full exploration sees a part, so that only that is compared."""
    if naive.grows:
        return ["proved, but it grows"] if found.sound or (not found.wrong and found.bounded) else []
    if not naive.complete:
        return []
    if found.grows:
        return ["said to grow, but all its states were seen"]
    if (found.sound and not naive.sound) or (found.wrong and naive.sound):
        return [f"sound: {found.sound}, but really {naive.sound}"]
    if not found.decided:
        return []
    said = (bool(found.stuck), found.endless is not None, {graph.tasks[i].key for i in found.dead})
    true = (naive.stuck, naive.endless, naive.dead)
    if said != true:
        return [f"(stuck, endless, dead): {said}, but really {true}"]
    twice = {graph.tasks[task].key if task is not None else way for task, way, _ in found.twice}
    if found.sound and twice != naive.twice:
        return [f"twice: {twice}, but really {naive.twice}"]
    return []


def drive(graph: Graph, moves: Sequence[Move]) -> Step:
    """The engine's last step when the moves happen; each condition is `{"===": [{"var": name}, true]}`."""
    last = None
    marking = Marking()
    for move in moves:
        number = 0 if move.task is None else next(n for n, task in marking.open.items() if task == move.task)
        event = Event("started" if move.task is None else cast("Any", EVENTS[move.event]), number)
        last = step(graph, marking, _holding(graph, move.taken), event)
        assert sorted(last.taken) == sorted(move.taken)
        marking = last.marking
    assert last is not None
    return last


def _holding(graph: Graph, taken: Sequence[int]) -> dict[str, Any]:
    conditions = [graph.transitions[index].condition for index in taken]
    return {condition["==="][0]["var"]: True for condition in conditions if condition is not None}


def random_run(graph: Graph, naive: Naive, random: Random, limit: int = 5_000) -> Step:
    """The last step of a run in which any open task ends in any way that its conditions may come to."""
    taken = random.choice(naive.choices(None, "completed"))
    last = step(graph, Marking(), _holding(graph, taken), Event("started"))
    for _ in range(limit):
        if not last.marking.open:
            return last
        number = random.choice(sorted(last.marking.open))
        key = graph.tasks[last.marking.open[number]].key
        event = random.choice([event for event in EVENTS if naive.choices(key, event)])
        taken = random.choice(naive.choices(key, event))
        last = step(graph, last.marking, _holding(graph, taken), Event(cast("Any", EVENTS[event]), number))
        assert not last.incidents or last.status == "ERROR"
    return last


def _loops(graph: Graph) -> bool:
    waiting = Counter(target for targets in graph.successors for target in targets)
    ready = [task.index for task in graph.tasks if not waiting[task.index]]
    for task in ready:
        for target in graph.successors[task]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return len(ready) < len(graph.tasks)
