"""The lines of edges, as SVG paths: down from layer to layer; those that lead back go round the side of a box."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workflow_design.diagram.geometry import EVENT, GATE, Box, event_at
from workflow_design.diagram.model import Edge, Node

_CORNER = 8
# The lane beside a box, and how far apart two lanes are; between two boxes is room for three on each side.
_LANE, _LANES_APART, _LANES = 7, 4, 3
Point = tuple[float, float]
Stroke = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` as in an SVG's `d`; the middle of the label; the stroke that crosses it when it is a default."""

    path: str
    label: Point
    stroke: Stroke


class Router:
    """Makes the lines of one picture; `top` and `bottom` are those of its layers."""

    def __init__(
        self, boxes: Mapping[str, Box], nodes: Mapping[str, Node], top: Sequence[float], bottom: Sequence[float]
    ) -> None:
        self._boxes, self._nodes, self._top, self._bottom = boxes, nodes, top, bottom
        self._lanes: Counter[tuple[str, int]] = Counter()

    def route(
        self,
        edge: Edge,
        layer: tuple[int, int],
        way: Sequence[tuple[float, int]],
        middle: tuple[float, int] | None,
        *,
        back: bool,
    ) -> Route:
        """The line between two layers, through the places of `way`, which go from the upper to the lower."""
        if edge.source == edge.target:
            line = self._loop(edge, layer[0], way)
        elif back:
            line = self._up(edge, layer, way)
        else:
            line = self._down(edge, layer, way)
        label = (middle[0], (self._top[middle[1]] + self._bottom[middle[1]]) / 2) if middle else line.halfway()
        return Route(line.text(), label, line.stroke())

    def _down(self, edge: Edge, layer: tuple[int, int], way: Sequence[tuple[float, int]]) -> _Line:
        line = _Line(*self._exit(edge))
        line.vertical(self._bottom[layer[0]])
        for x, passed in way:
            line.curve(x, self._top[passed])
            line.vertical(self._bottom[passed])
        target = self._boxes[edge.target]
        line.curve(target.x, self._top[layer[1]])
        line.vertical(target.y - target.above)
        return line

    def _up(self, edge: Edge, layer: tuple[int, int], way: Sequence[tuple[float, int]]) -> _Line:
        source, target = self._boxes[edge.source], self._boxes[edge.target]
        line = self._out_by_the_side(edge, way[-1][0] if way else target.x)
        line.vertical(self._top[layer[0]])
        for x, passed in reversed(way):
            line.curve(x, self._bottom[passed])
            line.vertical(self._top[passed])
        side = -1 if (way[0][0] if way else source.x) < target.x else 1
        line.curve(self._lane(edge.target, side), self._bottom[layer[1]])
        self._in_by_the_side(line, edge.target, side)
        return line

    def _loop(self, edge: Edge, layer: int, way: Sequence[tuple[float, int]]) -> _Line:
        """Down to the height of the label, across, and back up beside the box."""
        box = self._boxes[edge.source]
        line = _Line(*self._exit(edge))
        x, below = way[0] if way else (box.x + box.half_width, layer)
        side = -1 if x < box.x else 1
        lane = self._lane(edge.source, side)
        y = (self._top[below] + self._bottom[below]) / 2 if way else self._bottom[layer] + 2 * _CORNER
        line.across(lane if side * (lane - x) > 2 * _CORNER else x, y)
        line.vertical(self._top[below] if way else y - _CORNER)
        line.curve(lane, self._bottom[layer] if way else y - 2 * _CORNER)
        self._in_by_the_side(line, edge.source, side)
        return line

    def _exit(self, edge: Edge) -> Point:
        """Where an edge leaves downwards: below the diamond, the box, or the circle of its event."""
        box, node = self._boxes[edge.source], self._nodes[edge.source]
        if edge.event == "completed":
            return box.x, box.y + (box.below if node.split else box.half_height)
        x, y = event_at(node, box, edge.event)
        return x, y + EVENT

    def _out_by_the_side(self, edge: Edge, towards: float) -> _Line:
        """From the side of the diamond, or of the box, into the lane beside the box."""
        box, node = self._boxes[edge.source], self._nodes[edge.source]
        if edge.event != "completed":
            x, y = self._exit(edge)
            line = _Line(x, y)
            line.vertical(y + _CORNER / 2)
            line.corner(self._lane(edge.source, 1), up=True)
            return line
        side = -1 if towards < box.x else 1
        half, y = (GATE, box.y + box.half_height + GATE) if node.split else (box.half_width, box.y)
        line = _Line(box.x + side * half, y)
        line.corner(self._lane(edge.source, side), up=True)
        return line

    def _in_by_the_side(self, line: _Line, target: str, side: int) -> None:
        box, node = self._boxes[target], self._nodes[target]
        half, y = (GATE, box.y - box.half_height - GATE) if node.join else (box.half_width, box.y)
        line.into(box.x + side * half, y, side)

    def _lane(self, node: str, side: int) -> float:
        """A lane beside a box, the next one each time."""
        box = self._boxes[node]
        number = self._lanes[node, side] % _LANES
        self._lanes[node, side] += 1
        return box.x + side * (box.half_width + _LANE + _LANES_APART * number)


class _Line:
    """A path in the making, from a point on."""

    def __init__(self, x: float, y: float) -> None:
        self._x, self._y = x, y
        self._parts = [f"M{_n(x)} {_n(y)}"]
        self._start = x, y
        self._stroke: Stroke | None = None

    def vertical(self, y: float) -> None:
        """Straight up or down."""
        if abs(y - self._y) > 0.5:
            self._add(f"V{_n(y)}", self._x, y)

    def curve(self, x: float, y: float) -> None:
        """To a point, leaving and arriving vertically."""
        if abs(x - self._x) < 0.5:
            self.vertical(y)
            return
        half = (self._y + y) / 2
        if self._stroke is None:  # at three tenths of the curve, where it has left the others
            point = self._x * 0.784 + x * 0.216, self._y + (y - self._y) * 0.342
            self._stroke = _across(point, (x - self._x) * 1.26, (y - self._y) * 0.87)
        self._add(f"C{_n(self._x)} {_n(half)} {_n(x)} {_n(half)} {_n(x)} {_n(y)}", x, y)

    def corner(self, x: float, *, up: bool) -> None:
        """Across to a lane, and round into it."""
        side = 1 if x > self._x else -1
        room = min(_CORNER, abs(x - self._x))
        y = self._y - room if up else self._y + room
        self._stroke = self._stroke or _across((self._x + side * 9, self._y), 1, 0)
        self._add(f"H{_n(x - side * room)}Q{_n(x)} {_n(self._y)} {_n(x)} {_n(y)}", x, y)

    def across(self, x: float, y: float) -> None:
        """Down to the height `y`, round the corner and across, and round up again at `x`."""
        side = 1 if x > self._x else -1
        room = min(_CORNER, abs(x - self._x) / 2)
        self.vertical(y - room)
        self._stroke = self._stroke or _across((self._x, y - room - 2), 0, 1)
        self._add(f"Q{_n(self._x)} {_n(y)} {_n(self._x + side * room)} {_n(y)}", self._x + side * room, y)
        self._add(f"H{_n(x - side * room)}Q{_n(x)} {_n(y)} {_n(x)} {_n(y - room)}", x, y - room)

    def into(self, x: float, y: float, side: int) -> None:
        """Up the lane, and across to a point of the box that lies on its other side."""
        room = min(_CORNER, abs(self._x - x))
        self.vertical(y + room)
        self._add(f"Q{_n(self._x)} {_n(y)} {_n(self._x - side * room)} {_n(y)}H{_n(x)}", x, y)

    def _add(self, part: str, x: float, y: float) -> None:
        self._parts.append(part)
        self._x, self._y = x, y

    def text(self) -> str:
        """The path."""
        return "".join(self._parts)

    def stroke(self) -> Stroke:
        """Across the line, soon after its beginning."""
        return self._stroke or _across((self._start[0], self._start[1] + 11), 0, 1)

    def halfway(self) -> Point:
        """Between its ends, for lines without a place for the label."""
        return (self._start[0] + self._x) / 2, (self._start[1] + self._y) / 2


def _across(point: Point, x: float, y: float) -> Stroke:
    """A short stroke through a point, at 60° to the direction (x, y)."""
    length = math.hypot(x, y) or 1.0
    x, y = (x * 0.5 + y * 0.87) * 7 / length, (y * 0.5 - x * 0.87) * 7 / length
    return (point[0] - x, point[1] - y), (point[0] + x, point[1] + y)


def _n(value: float) -> str:
    """A tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0")
