"""How long to wait before something is tried again."""

from __future__ import annotations

import random


def seconds(failures: int, *, first: float, factor: float, most: float, spread: float = 0.25) -> float:
    """After so many failures (at least one): `first`, growing by `factor` each time, `most` at most; up to `spread` of
    it is left to chance, so that what failed together does not come back together.
    """
    try:
        wait = min(first * factor ** (failures - 1), most)
    except OverflowError:
        wait = most
    return wait * random.uniform(1 - spread, 1)  # noqa: S311 # no secret
