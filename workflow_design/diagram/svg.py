"""A diagram as an SVG document that stands alone: no script, nothing from elsewhere, its own background."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from workflow_design.diagram.drawing import (
    GATES,
    INK,
    PAPER,
    STYLE,
    badge,
    box_colors,
    circle_of_event,
    diamond,
    group,
    icon,
    markers,
    number,
    problem_text,
    text,
    worst,
)
from workflow_design.diagram.geometry import BADGE, BOX_HEIGHT, BOX_WIDTH, GATE, ROUND, SMALL, Box, Label, event_at
from workflow_design.diagram.layout import Layout, lay_out
from workflow_design.diagram.legend import described, foot, head
from workflow_design.diagram.model import MARKS, Diagram, Edge, Node
from workflow_design.diagram.routes import Route
from workflow_design.diagram.text import cut, wrapped

_MARGIN = 24
_LEAST_WIDTH = 640
_TITLE = 14  # a little more than it is, for it is bold


def svg(diagram: Diagram) -> str:
    """The picture, with tooltips, marks of problems and a legend."""
    layout = lay_out(diagram)
    wide = max(_LEAST_WIDTH, layout.width + 2 * _MARGIN)
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img"})
    root.set("aria-labelledby", "tf-title tf-desc")
    SubElement(root, "title", {"id": "tf-title"}).text = diagram.title
    SubElement(root, "desc", {"id": "tf-desc"}).text = described(diagram)
    SubElement(root, "style").text = STYLE
    markers(SubElement(root, "defs"))
    paper = SubElement(root, "rect", {"fill": PAPER, "rx": "8"})
    top = head(root, diagram, _MARGIN, wide - 2 * _MARGIN)
    plane = SubElement(root, "g", {"transform": f"translate({number((wide - layout.width) / 2)} {number(top)})"})
    _draw(plane, diagram, layout)
    high = foot(root, diagram, _MARGIN, top + layout.height + 28, wide - 2 * _MARGIN) + _MARGIN
    for name, value in (("width", wide), ("height", high)):
        root.set(name, number(value))
        paper.set(name, number(value))
    root.set("viewBox", f"0 0 {number(wide)} {number(high)}")
    return tostring(root, encoding="unicode")


def _draw(plane: Element, diagram: Diagram, layout: Layout) -> None:
    for edge in diagram.edges:
        _line(plane, edge, layout.routes[edge.id])
    for node in diagram.nodes:
        _node(plane, node, layout.boxes[node.id])
    for edge in diagram.edges:
        if edge.label or edge.problems:
            _label(plane, edge, layout.labels[edge.id], layout.routes[edge.id])


def _line(plane: Element, edge: Edge, route: Route) -> None:
    kind = worst(edge.problems)
    parent = group(plane, _told(edge), "tf-edge", **_data(edge))
    look = {"d": route.path, "class": f"tf-line tf-{kind}" if kind else "tf-line"}
    look["marker-end"] = f"url(#tf-arrow-{kind or 'plain'})"
    if edge.event != "completed":
        look["stroke-dasharray"] = "6 4"
    SubElement(parent, "path", look)
    if edge.is_default:
        (x, y), (to_x, to_y) = route.stroke
        SubElement(
            parent, "path", {"d": f"M{number(x)} {number(y)}L{number(to_x)} {number(to_y)}", "class": look["class"]}
        )


def _data(edge: Edge) -> dict[str, str]:
    return {} if edge.index is None else {"data-transition": str(edge.index)}


def _told(edge: Edge) -> str:
    """All there is to say of a transition."""
    said = ["" if edge.event == "completed" else f"on {edge.event}"]
    said.append(f"when {edge.condition}" if edge.condition else "")
    said.append("taken when no other is" if edge.is_default else "")
    said.append(f"priority {edge.priority}" if edge.condition and edge.priority else "")
    said.append("goes without saying" if edge.index is None else "")
    lines = [", ".join(filter(None, said)), *map(problem_text, edge.problems)]
    return "\n".join(filter(None, lines))


def _label(plane: Element, edge: Edge, label: Label, route: Route) -> None:
    x, y = route.label
    parent = group(plane, _told(edge), "tf-label", **_data(edge))
    whole = label.width + (BADGE if edge.problems else 0)
    left, top = x - whole / 2, y - label.height / 2
    kind = worst(edge.problems)
    if label.lines:
        place = {"x": left, "y": top, "width": label.width, "height": label.height, "rx": 6}
        look = {name: number(value) for name, value in place.items()}
        SubElement(parent, "rect", {**look, "class": f"tf-pill tf-{kind}" if kind else "tf-pill"})
    for row, line in enumerate(label.lines):
        text(parent, line, left + label.width / 2, top + 14 * row + 14, "tf-small", middle=True)
    if edge.problems:
        badge(parent, left + label.width + (BADGE / 2 + 2 if label.lines else BADGE / 2), y, edge.problems)


def _node(plane: Element, node: Node, box: Box) -> None:
    if node.kind == "task":
        _task(plane, node, box)
    else:
        parent = group(plane, "Start" if node.kind == "start" else "End", f"tf-{node.kind}")
        look = {"cx": number(box.x), "cy": number(box.y), "r": str(ROUND), "fill": PAPER, "stroke": INK}
        SubElement(parent, "circle", {**look, "stroke-width": "1.5" if node.kind == "start" else "4"})
        text(parent, node.kind.capitalize(), box.x + ROUND + 8, box.y + 4, "tf-small tf-muted")
    if node.join:
        _gate(plane, box.x, box.y - box.half_height - GATE, "join", node.join)
    if node.split:
        _gate(plane, box.x, box.y + box.half_height + GATE, "split", node.split)
    for event in node.events:
        circle_of_event(group(plane, f"Leaves here on {event}", "tf-event"), *event_at(node, box, event), event)


def _gate(plane: Element, x: float, y: float, side: str, gate: str) -> None:
    parent = group(plane, f"{gate.capitalize()} {side}: {GATES[side, gate]}", f"tf-{side}", **{"data-gate": gate})
    diamond(parent, x, y, gate)


def _task(plane: Element, node: Node, box: Box) -> None:
    said = [node.title, f"{MARKS[node.mark or 'form']}, {node.who}", *map(problem_text, node.problems)]
    parent = group(plane, "\n".join(said), "tf-task", **{"data-task": node.key or ""})
    left, top = box.x - box.half_width, box.y - box.half_height
    stroke, fill = box_colors(worst(node.problems))
    place = {"x": number(left), "y": number(top), "width": str(BOX_WIDTH), "height": str(BOX_HEIGHT), "rx": "10"}
    SubElement(parent, "rect", {**place, "fill": fill, "stroke": stroke, "stroke-width": "1.5"})
    lines = wrapped(node.title, _TITLE, BOX_WIDTH - 34 - 14, 2)
    first = top + (25 if len(lines) > 1 else 30)
    icon(parent, left + 19, first - 6, node.mark or "form")
    for row, line in enumerate(lines):
        text(parent, line, left + 34, first + 16 * row - 1, "tf-name")
    y = top + BOX_HEIGHT - 11
    if node.mark == "form":
        icon(parent, left + 40, y - 4, "person")
    indent = 50 if node.mark == "form" else 34
    # The circles of events stand on the lower edge.
    room = BOX_WIDTH - indent - 10 - (24 * len(node.events) + 2 if node.events else 0)
    text(parent, cut(node.who, SMALL, room), left + indent, y, "tf-small tf-muted")
    if node.problems:
        badge(parent, left + BOX_WIDTH - 3, top + 3, node.problems)
