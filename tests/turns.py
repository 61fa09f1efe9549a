"""Many places, and many values that each of them has to refuse: not each at each, but all of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Value = TypeVar("Value")


def in_turn(values: Sequence[Value], place: int, count: int) -> list[Value]:
    """`count` of `values` (or all, where there are fewer) for the place with this number: as it counts up, all of them
    come round."""
    return [values[(place * count + number) % len(values)] for number in range(min(count, len(values)))]
