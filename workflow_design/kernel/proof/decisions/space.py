"""All cells of all fields at once: sets of points as bits of one number.

A point says which cell each field is in, and besides, for what isn't known of a leaf, what it comes to. A leaf is the
set of points at which it is true, and "and", "or" and "not" are operations on numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAX_POINTS = 1 << 20


class Space:
    """Points of several dimensions. `everything` is the set of all."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = list(sizes)
        self.strides = []
        points = 1
        for size in sizes:
            self.strides.append(points)
            points *= size
        self.points = points
        self.everything = (1 << points) - 1

    def where(self, dimension: int, values: Iterable[int]) -> int:
        """The points with one of these values in a dimension."""
        stride, size = self.strides[dimension], self.sizes[dimension]
        one = (1 << stride) - 1
        block = 0
        for value in values:
            block |= one << (value * stride)
        if not block or stride * size == self.points:
            return block
        return block * (self.everything // ((1 << (stride * size)) - 1))

    def values(self, point: int) -> list[int]:
        """The values of a point, by dimension."""
        return [point // stride % size for stride, size in zip(self.strides, self.sizes, strict=True)]


def first_point(points: int) -> int:
    """The first point of a set that isn't empty."""
    return (points & -points).bit_length() - 1
