"""Where everything in a picture lies, in pixels from its upper left corner: top to bottom, edges as smooth lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from workflow_design.diagram.columns import narrowed
from workflow_design.diagram.geometry import PASSING, Box, Label, box_of, half_width_of_label, half_width_of_node
from workflow_design.diagram.layers import Layers, layers
from workflow_design.diagram.model import Diagram
from workflow_design.diagram.routes import Route, Router

Places = Mapping[int, tuple[float, int]]
# Between layers: more where edges go far to the side, so that they don't lie flat.
_LEAST_GAP, _MOST_GAP, _SLOPE = 18, 72, 0.11


@dataclass(frozen=True, slots=True)
class Layout:
    """By the ids of nodes and edges."""

    boxes: dict[str, Box]
    labels: dict[str, Label]
    routes: dict[str, Route]
    width: float
    height: float


def lay_out(diagram: Diagram) -> Layout:
    """Layers from top to bottom, for pages scroll that way and words on edges have room."""
    numbers = {node.id: number for number, node in enumerate(diagram.nodes)}
    pairs = tuple((numbers[edge.source], numbers[edge.target]) for edge in diagram.edges)
    if not diagram.nodes:
        return Layout({}, {}, {}, 0, 0)
    found = layers(len(diagram.nodes), pairs)
    labels = {edge.id: Label.of(edge) for edge in diagram.edges}
    half = _half_widths(diagram, found, labels)
    at = {number: (x, found.places[number][1]) for number, x in narrowed(found.places, half).items()}
    rows = _Rows(diagram, found, labels, at)
    boxes = {node.id: box_of(node, at[n][0], rows.middle[at[n][1]]) for n, node in enumerate(diagram.nodes)}
    nodes = {node.id: node for node in diagram.nodes}
    router = Router(boxes, nodes, rows.top, rows.bottom)
    routes = {}
    for place, edge in enumerate(diagram.edges):
        way = [at[number] for number in found.ways[place]]
        middle = found.middles[place]
        layer = at[numbers[edge.source]][1], at[numbers[edge.target]][1]
        back = place in found.back
        routes[edge.id] = router.route(edge, layer, way, None if middle is None else at[middle], back=back)
    return Layout(boxes, labels, routes, max(x + half[number] for number, (x, _) in at.items()), rows.height)


def _half_widths(diagram: Diagram, found: Layers, labels: Mapping[str, Label]) -> dict[int, float]:
    half = dict.fromkeys(found.places, float(PASSING))
    for number, node in enumerate(diagram.nodes):
        half[number] = half_width_of_node(node)
    for edge, middle in zip(diagram.edges, found.middles, strict=True):
        if middle is not None:
            half[middle] = half_width_of_label(edge, labels[edge.id])
    return half


class _Rows:
    """How high each layer is and where it lies."""

    def __init__(self, diagram: Diagram, found: Layers, labels: Mapping[str, Label], at: Places) -> None:
        count = max(layer for _, layer in at.values()) + 1
        above, below = [0.0] * count, [0.0] * count
        for number, node in enumerate(diagram.nodes):
            layer = at[number][1]
            box = box_of(node, 0, 0)
            above[layer], below[layer] = max(above[layer], box.above), max(below[layer], box.below)
        for edge, middle in zip(diagram.edges, found.middles, strict=True):
            if middle is not None:
                layer, high = at[middle][1], labels[edge.id].height / 2
                above[layer], below[layer] = max(above[layer], high), max(below[layer], high)
        gaps = _gaps(diagram, found, at, count)
        self.top, self.middle, self.bottom = [0.0] * count, [0.0] * count, [0.0] * count
        y = 0.0
        for layer in range(count):
            self.top[layer] = y
            self.middle[layer] = y + above[layer]
            self.bottom[layer] = y + above[layer] + below[layer]
            y = self.bottom[layer] + gaps[layer]
        self.height = self.bottom[-1]


def _gaps(diagram: Diagram, found: Layers, at: Places, count: int) -> list[float]:
    """Below each layer."""
    numbers = {node.id: number for number, node in enumerate(diagram.nodes)}
    aside: Counter[int] = Counter()
    for edge, way in zip(diagram.edges, found.ways, strict=True):
        ends = sorted((numbers[edge.source], numbers[edge.target]), key=lambda number: at[number][1])
        steps = [at[number] for number in (ends[0], *way, ends[1])]
        for (x, layer), (to_x, to_layer) in pairwise(steps):
            upper = min(layer, to_layer)
            aside[upper] = max(aside[upper], int(abs(x - to_x)))
    return [min(_MOST_GAP, _LEAST_GAP + _SLOPE * aside[layer]) for layer in range(count)]
