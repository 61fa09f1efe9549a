"""A diagram as nodes and edges for @xyflow/react."""

from __future__ import annotations

from typing import Any

from workflow_design.diagram.layout import lay_out
from workflow_design.diagram.model import Diagram, Edge, Node


def flow_json(diagram: Diagram) -> dict[str, Any]:
    """`nodes` with the upper left corner of each as its position, `edges` with what is said on them, all `problems`.

    Widths and heights are those of the SVG picture without its diamonds.
    """
    layout = lay_out(diagram)
    nodes = []
    for node in diagram.nodes:
        box = layout.boxes[node.id]
        nodes.append(
            {
                "id": node.id,
                "type": node.kind,
                "position": {"x": round(box.x - box.half_width, 1), "y": round(box.y - box.half_height, 1)},
                "width": 2 * box.half_width,
                "height": 2 * box.half_height,
                "data": _node(node),
            }
        )
    return {
        "title": diagram.title,
        "nodes": nodes,
        "edges": [_edge(edge) for edge in diagram.edges],
        "problems": diagram.problems,
    }


def _node(node: Node) -> dict[str, Any]:
    said = {"task": node.key, "mark": node.mark, "join": node.join, "split": node.split}
    return {
        "label": node.title or node.kind.capitalize(),
        **{name: value for name, value in said.items() if value is not None},
        "who": node.who,
        "exits": list(node.events),
        "problems": list(node.problems),
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "id": edge.id,
        "source": edge.source,
        "target": edge.target,
        "type": "default",
        "label": edge.label,
        "data": {
            **({} if edge.index is None else {"transition": edge.index}),
            "on_event": edge.event,
            "condition": edge.condition,
            "is_default": edge.is_default,
            "priority": edge.priority,
            "problems": list(edge.problems),
        },
    }
