"""Random definitions: the proof against a full exploration, and against runs of the engine.

PROOF_CASES says how many small ones (600 unless set; the others in proportion), PROOF_SEED where to begin.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from .proof_compare import Comparison
from .proof_graphs import small, structured

CASES = int(os.environ.get("PROOF_CASES", "600"))
SEED = int(os.environ.get("PROOF_SEED", "0"))


def compared(make, count, limit):
    comparison = Comparison()
    for seed in range(SEED, SEED + count):
        comparison.add(seed, make(Random(seed)), limit)
    print(", ".join(f"{name}: {times}" for name, times in sorted(comparison.mix.items())))
    assert comparison.differences == []
    assert comparison.decided >= 0.95
    return comparison.mix


@pytest.mark.timeout(max(180, CASES // 10))
def test_small_definitions_of_every_kind():
    mix = compared(small, CASES, 3_000)
    assert mix["full exploration ended"] >= 0.98 * CASES
    if CASES >= 400:  # without this the test could pass by never coming to what is hard
        least = {
            "proved": 0.3,
            "refuted": 0.3,
            "stuck": 0.2,
            "endless": 0.01,
            "dead tasks": 0.2,
            "grows": 0.04,
            "open twice": 0.01,
            "inclusive joins": 0.15,
            "parallel joins": 0.15,
            "loops": 0.15,
            "error or timeout exits": 0.2,
            "order of events matters to a join": 0.003,
        }
        assert {name: mix[name] for name, share in least.items() if mix[name] < share * CASES} == {}


@pytest.mark.timeout(max(180, CASES // 10))
def test_blocks_inside_each_other_spoilt_now_and_then():
    count = max(20, CASES // 8)
    mix = compared(lambda random: structured(random, 8, 20), count, 2_000)
    assert mix["full exploration ended"] >= 0.7 * count


@pytest.mark.timeout(max(180, CASES // 10))
def test_large_definitions_where_the_full_exploration_ends():
    count = max(10, CASES // 40)
    mix = compared(lambda random: structured(random, 30, 60), count, 500)
    assert mix["full exploration ended"] >= 0.2 * count
