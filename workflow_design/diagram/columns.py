"""Nodes nearer together: layers keep their order, what stands below each other stays so, and nothing overlaps."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise


def narrowed(places: Mapping[int, tuple[float, int]], half: Mapping[int, float]) -> dict[int, float]:
    """New x by node, from (x, layer); `half` is the room that a node needs to each side.

    Nodes of one x form a column. Columns are pushed together to the left as far as their nodes' room allows, once
    more to the right, and come to stand in the middle of both.
    """
    at = {node: x for node, (x, _) in places.items()}
    names = sorted(set(at.values()))
    column = {x: number for number, x in enumerate(names)}
    apart = _least_distances(places, {node: column[x] for node, x in at.items()}, half)
    left, right = [0.0] * len(names), [0.0] * len(names)
    for b in range(1, len(names)):
        left[b] = max([left[b - 1], *(left[a] + least for a, least in apart[0].get(b, ()))])
    right[-1] = left[-1]
    for a in range(len(names) - 2, -1, -1):
        right[a] = min([right[a + 1], *(right[b] - least for b, least in apart[1].get(a, ()))])
    found = {node: (left[column[x]] + right[column[x]]) / 2 for node, x in at.items()}
    start = min(x - half[node] for node, x in found.items())
    return {node: x - start for node, x in found.items()}


Distances = dict[int, list[tuple[int, float]]]


def _least_distances(
    places: Mapping[int, tuple[float, int]], column: Mapping[int, int], half: Mapping[int, float]
) -> tuple[Distances, Distances]:
    """Between columns that are neighbours in some layer: by the right one, and by the left one."""
    rows: dict[int, list[int]] = {}
    for node in sorted(places, key=lambda node: (column[node], node)):
        rows.setdefault(places[node][1], []).append(node)
    by_right: Distances = {}
    by_left: Distances = {}
    for row in rows.values():
        for one, other in pairwise(row):
            least = half[one] + half[other]
            by_right.setdefault(column[other], []).append((column[one], least))
            by_left.setdefault(column[one], []).append((column[other], least))
    return by_right, by_left
