"""Sizes of what pictures consist of, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_design.diagram.model import Edge, Node
from workflow_design.diagram.text import width, wrapped

BOX_WIDTH = 200
BOX_HEIGHT = 68
ROUND = 16  # radius of starts and ends
GATE = 13  # half a diamond's height
EVENT = 9  # radius of the circle that an event's transitions leave from
BADGE = 20  # the mark of a problem
SMALL = 11  # size of the text on edges and of who does a task
_LABEL_ROOM, _LABEL_LINE = 150, 14


@dataclass(frozen=True, slots=True)
class Box:
    """A node's middle, and how far it reaches to each side; `above` and `below` with its diamonds and circles."""

    x: float
    y: float
    half_width: float
    half_height: float
    above: float
    below: float


def box_of(node: Node, x: float, y: float) -> Box:
    """A node's box around a point."""
    half_width, half_height = (BOX_WIDTH / 2, BOX_HEIGHT / 2) if node.kind == "task" else (ROUND, ROUND)
    below = 2 * GATE if node.split else EVENT if node.events else 0
    return Box(x, y, half_width, half_height, half_height + (2 * GATE if node.join else 0), half_height + below)


def event_at(node: Node, box: Box, event: str) -> tuple[float, float]:
    """The middle of the circle that the transitions of `event` leave from."""
    return box.x + box.half_width - 22 - 24 * node.events.index(event), box.y + box.half_height


@dataclass(frozen=True, slots=True)
class Label:
    """The words on an edge, on one or two lines, in a frame of this size."""

    lines: list[str]
    width: float
    height: float

    @classmethod
    def of(cls, edge: Edge) -> Label:
        """Without words it is as large as the mark of a problem, or has no size."""
        lines = wrapped(edge.label, SMALL, _LABEL_ROOM, 2) if edge.label else []
        if not lines:
            return cls([], 0, BADGE if edge.problems else 0)
        return cls(lines, max(width(line, SMALL) for line in lines) + 14, _LABEL_LINE * len(lines) + 6)


def half_width_of_node(node: Node) -> float:
    """The room it needs to each side, with lanes and the word beside a circle."""
    return BOX_WIDTH / 2 + 17 if node.kind == "task" else 3.5 * ROUND


def half_width_of_label(edge: Edge, label: Label) -> float:
    """The same for what stands on an edge, also when that is nothing."""
    return label.width / 2 + (BADGE if edge.problems else 0) + 9


PASSING = 12  # the room to each side of a line that passes through a layer
