"""Random whole definitions: what is proved is played, and no run may ever stop; what is shown is looked for in runs.

PROOF_WHOLE_CASES says how many (30 unless set), PROOF_WHOLE_SEED where to begin, PROOF_WHOLE_RUNS how often each proved
one is played (60 unless set; 200 and more in deep runs).
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from workflow_design.kernel.proof import prove

from .proof_play import Player
from .proof_whole import Definition

CASES = int(os.environ.get("PROOF_WHOLE_CASES", "30"))
SEED = int(os.environ.get("PROOF_WHOLE_SEED", "0"))
RUNS = int(os.environ.get("PROOF_WHOLE_RUNS", "60"))
FINE = ("ended", "endless", "unfit")


class Comparison:
    """Counts what came out; `contradicted` keeps the runs that a proof excludes."""

    def __init__(self) -> None:
        self.mix: Counter[str] = Counter()
        self.contradicted: list[object] = []
        self.not_reached: list[object] = []

    def add(self, seed: int, runs: int) -> None:
        definition = Definition(Random(seed))
        if definition.refused:
            self.mix[f"refused {definition.refused[0]}"] += 1
            return
        proof = prove(definition.bundle)
        severities = {problem.severity for problem in proof.problems}
        verdict = "proved" if proof.proved else "refuted" if "error" in severities else "unproved"
        decides = any(way["condition"] is not None for way in definition.bundle["transitions"])
        self.mix.update([verdict, f"{verdict}, with conditions"] if decides else [verdict])
        self.mix.update({f"code {problem.code}" for problem in proof.problems if problem.severity != "warning"})
        if proof.proved:
            self.mix.update(f"proved with {what}" for what in definition.used)
            self._play(seed, definition, runs)
        errors = [problem for problem in proof.problems if problem.severity == "error"]
        if len(errors) == 1 and errors[0].code in ("gap", "condition_fails"):
            self._reach(seed, definition, errors[0], 4 * runs)

    def _play(self, seed, definition, runs):
        player = Player(definition.bundle, Random(seed))
        for _ in range(runs):
            run = player.play()
            self.mix[f"run {run.verdict}"] += 1
            if run.verdict not in FINE:
                self.contradicted.append((seed, run.verdict, run.task, run.told))
                return

    def _reach(self, seed, definition, problem, runs):
        """Whether runs come to the values that are shown: they are searched at random, so that some aren't found."""
        self.mix["shown"] += 1
        player = Player(definition.bundle, Random(seed), problem.counterexample)
        for _ in range(runs):
            run = player.play()
            if run.task == problem.task and run.verdict not in FINE:
                self.mix["shown and reached"] += 1
                return
        self.not_reached.append((seed, problem.code, problem.task))


@pytest.mark.timeout(max(120, CASES))
def test_no_run_of_what_is_proved_ever_stops():
    comparison = Comparison()
    for seed in range(SEED, SEED + CASES):
        comparison.add(seed, RUNS)
    mix = comparison.mix
    print(", ".join(f"{name}: {times}" for name, times in sorted(mix.items())))
    print("not reached:", comparison.not_reached)
    assert comparison.contradicted == []
    if CASES >= 200:  # without this the test could pass by never coming to what is hard
        least = {
            "proved, with conditions": 0.1,
            "code gap": 0.1,
            "proved with loop": 0.02,
            "proved with inclusive": 0.02,
        }
        assert {name: mix[name] for name, share in least.items() if mix[name] < share * CASES} == {}
        assert mix["shown and reached"] >= 0.5 * mix["shown"]
