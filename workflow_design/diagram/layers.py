"""Where nodes stand: in layers, by Sugiyama's method, from a library that runs in a process of its own."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from workflow_design.diagram.cycles import Pair, backward, depths

# Pixels from one place of a layer to the next. An edge that passes through a layer gets `_PASSING` of it.
SLOT = 232
_PASSING = 0.2
_PROGRAM = Path(__file__).with_name("layering_main.py")
# Within the limits below it needs a second of one processor at most, and a hundredth for most pictures.
_SECONDS = 5
_MOST_EDGES = 4_000
# The sum over all layers of the square of how many edges pass through: the library's time grows with it, to half a
# second at this number, and no eye can follow more.
_MOST_PASSING = 600_000


# By connected part: (node, (x, y upwards)), and edges with the nodes that they pass through.
Found = list[tuple[list[tuple[int, tuple[float, float]]], list[Pair]]]


@dataclass(frozen=True, slots=True)
class Layers:
    """`places` holds (x in pixels, number of the layer) by node; `ways` the nodes that each edge goes through, from
    its upper end to its lower one, one of them (`middles`) for its label; without any when the graph is too dense.
    `back` are the edges that lead up."""

    places: dict[int, tuple[float, int]]
    ways: tuple[tuple[int, ...], ...]
    middles: tuple[int | None, ...]
    back: frozenset[int]


def layers(count: int, edges: tuple[Pair, ...]) -> Layers:
    """The layout of nodes 0 … count-1. Each edge has a node of its own on the way, so that labels don't overlap.

    A graph whose layout would take too long gets a plain one: each node as far down as it must be.
    """
    back = frozenset(backward(count, edges))
    down = [(b, a) if place in back else (a, b) for place, (a, b) in enumerate(edges)]
    straight = [edge for edge in down if edge[0] != edge[1]]
    depth = depths(count, straight)
    if len(edges) <= _MOST_EDGES and _passing(depth, straight) <= _MOST_PASSING:
        halves = [half for place, (a, b) in enumerate(down) for half in ((a, count + place), (count + place, b))]
        # A loop at one node hangs below it.
        halves = [(a, b) for a, b in halves if not (a >= count and edges[a - count] == (b, b))]
        with suppress(subprocess.SubprocessError):
            return _read(_laid_out(tuple(halves)), count, down, back)
    return Layers(_plain(depth), tuple(() for _ in down), tuple(None for _ in down), back)


def _passing(depth: list[int], edges: Sequence[Pair]) -> int:
    change = [0] * (max(depth) + 2)
    for a, b in edges:
        change[depth[a] + 1] += 1
        change[depth[b]] -= 1
    return sum(passing**2 for passing in accumulate(change))


@lru_cache(maxsize=64)
def _laid_out(edges: tuple[Pair, ...]) -> Found:
    """What the library makes of it. Raises SubprocessError when it doesn't end, or fails: that isn't kept."""
    given = json.dumps({"edges": edges, "spacing": SLOT, "dummy_size": _PASSING})
    program = [sys.executable, "-P", str(_PROGRAM)]
    done = subprocess.run(program, input=given, capture_output=True, text=True, timeout=_SECONDS, check=True)
    return json.loads(done.stdout)


def _read(found: Found, count: int, down: list[Pair], back: frozenset[int]) -> Layers:
    places: dict[int, tuple[float, int]] = {}
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    mirrored = _mirrored(found, count, down)
    left = 0.0
    for part, (positions, edges) in enumerate(found):
        top = max(y for _, (_, y) in positions)
        side = -1 if part in mirrored else 1
        first = min(side * x for _, (x, _) in positions)
        for node, (x, y) in positions:
            places[node] = (left + side * x - first, round((top - y) / SLOT))
        left = max(places[node][0] for node, _ in positions) + SLOT
        for a, b in edges:
            if a >= count:
                after[a] = b
            if b >= count:
                before[b] = a
    middles = _straightened(places, count, down, back)
    ways = tuple(_way(middle, count, before, after) for middle in middles)
    return Layers(_apart(places), ways, middles, back)


def _mirrored(found: Found, count: int, down: list[Pair]) -> set[int]:
    """The parts in which ways that part stand against their order in the document more often than with it."""
    x = {node: place[0] for positions, _ in found for node, place in positions}
    part_of = {node: part for part, (positions, _) in enumerate(found) for node, _ in positions}
    balance: Counter[int] = Counter()
    last: dict[int, float] = {}
    for place, (a, _) in enumerate(down):
        now = x[count + place]
        if a in last:
            balance[part_of[a]] += 1 if now > last[a] else -1
        last[a] = now
    return {part for part, sum_of_signs in balance.items() if sum_of_signs < 0}


def _straightened(
    places: dict[int, tuple[float, int]], count: int, down: list[Pair], back: frozenset[int]
) -> tuple[int, ...]:
    """The middle of each edge: of those between the same two nodes the first one forward gets the straightest way."""
    middles = list(range(count, count + len(down)))
    same: dict[Pair, list[int]] = {}
    for place, pair in enumerate(down):
        same.setdefault(pair, []).append(place)
    for (a, b), edges in same.items():
        between = (places[a][0] + places[b][0]) / 2
        nearest = sorted((count + place for place in edges), key=lambda node: abs(places[node][0] - between))
        for place, middle in zip(sorted(edges, key=lambda place: (place in back, place)), nearest, strict=True):
            middles[place] = middle
        x, layer = places[nearest[0]]
        if len(edges) > 1 and places[a][0] == places[b][0] and abs(x - between) <= SLOT / 2:
            # Two middles stand evenly beside the line between the nodes: the first takes the line itself.
            places[nearest[0]] = between, layer
    return tuple(middles)


def _way(middle: int, count: int, before: dict[int, int], after: dict[int, int]) -> tuple[int, ...]:
    """The places on an edge: from the middle up to its one end, and down to the other."""
    way = [middle]
    while (node := before[way[0]]) >= count:
        way.insert(0, node)
    while (node := after.get(way[-1], 0)) >= count:
        way.append(node)
    return tuple(way)


def _apart(places: dict[int, tuple[float, int]]) -> dict[int, tuple[float, int]]:
    """The same, with whole numbers, no two of them alike in a layer: how far apart they are is decided later."""
    rows: dict[int, list[int]] = {}
    for node, (_, layer) in places.items():
        rows.setdefault(layer, []).append(node)
    found = {}
    for layer, row in rows.items():
        least = -math.inf
        for node in sorted(row, key=lambda node: (places[node][0], node)):
            least = max(round(places[node][0]), least + 1)
            found[node] = (least, layer)
    return found


def _plain(depth: list[int]) -> dict[int, tuple[float, int]]:
    filled: dict[int, int] = {}
    places = {}
    for node, layer in enumerate(depth):
        places[node] = (float(SLOT * filled.get(layer, 0)), layer)
        filled[layer] = filled.get(layer, 0) + 1
    return places
