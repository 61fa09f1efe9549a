"""What stands above and below a picture, and what is read out instead of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from xml.etree.ElementTree import Element, SubElement

from workflow_design.diagram.drawing import (
    LINE,
    badge,
    circle_of_event,
    diamond,
    group,
    icon,
    number,
    problem_text,
    text,
)
from workflow_design.diagram.model import MARKS, SEVERITIES, Diagram
from workflow_design.diagram.text import cut, width

_LINE = 26
_MOST_LISTED = 8
_MOST_DESCRIBED = 2_000  # characters
_EACH = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "unproved": ("unproved", "unproved")}
_GATES = {"exclusive": "one way", "inclusive": "one way or more", "parallel": "all ways"}
Sign = Callable[[Element, float, float], None]


def counted(diagram: Diagram) -> list[str]:
    """How many problems there are, by severity: `2 errors`."""
    found = Counter(problem["severity"] for problem in diagram.problems)
    return [f"{found[kind]} {_EACH[kind][found[kind] > 1]}" for kind in SEVERITIES if found[kind]]


def head(root: Element, diagram: Diagram, left: float, room: float) -> float:
    """Title and numbers; where the picture may begin."""
    text(root, cut(diagram.title, 19, room), left, 38, "tf-head")
    tasks = sum(node.kind == "task" for node in diagram.nodes)
    said = [diagram.subtitle, f"{tasks} task{'' if tasks == 1 else 's'}", *counted(diagram)]
    text(root, cut(" · ".join(filter(None, said)), 11, room), left, 58, "tf-small tf-muted")
    return 84.0


def foot(root: Element, diagram: Diagram, left: float, top: float, room: float) -> float:
    """Problems that belong to no task or transition, and what the signs mean; where it ends."""
    y = top
    for problem in diagram.elsewhere[:_MOST_LISTED]:
        parent = group(root, problem_text(problem), "tf-problem")
        badge(parent, left + 9, y, [problem])
        text(parent, cut(problem_text(problem), 11, room - 28), left + 26, y + 4, "tf-small")
        y += _LINE
    if len(diagram.elsewhere) > _MOST_LISTED:
        text(root, f"and {len(diagram.elsewhere) - _MOST_LISTED} more", left + 26, y + 4, "tf-small tf-muted")
        y += _LINE
    SubElement(root, "path", {"d": f"M{number(left)} {number(y - 10)}h{number(room)}", "stroke": "#d0d5dd"})
    y += 12
    x = left
    legend = SubElement(root, "g", {"class": "tf-legend"})
    for sign, words in _entries(diagram):
        taken = 30 + width(words, 11) + 18
        if x > left and x + taken > left + room:
            x, y = left, y + _LINE
        sign(legend, x + 12, y)
        text(legend, words, x + 30, y + 4, "tf-small tf-muted")
        x += taken
    return y + 12


def _entries(diagram: Diagram) -> Iterator[tuple[Sign, str]]:
    """What occurs in the picture."""
    marks = {node.mark for node in diagram.nodes}
    for mark, words in MARKS.items():
        if mark in marks:
            yield partial(icon, name=mark), words
    gates = {gate for node in diagram.nodes for gate in (node.join, node.split)}
    for gate, words in _GATES.items():
        if gate in gates:
            yield partial(diamond, gate=gate), f"{gate}: {words}"
    if any(edge.is_default for edge in diagram.edges):
        yield _default, "taken when no other is"
    events = {event for node in diagram.nodes for event in node.events}
    for event, words in (("timeout", "when time is over"), ("error", "when the action fails")):
        if event in events:
            yield partial(circle_of_event, event=event), words
    for kind in SEVERITIES:
        if any(problem["severity"] == kind for problem in diagram.problems):
            yield partial(badge, problems=[{"severity": kind}]), kind


def _default(parent: Element, x: float, y: float) -> None:
    path = f"M{number(x - 10)} {number(y)}h20M{number(x - 5)} {number(y + 5)}l7 -10"
    SubElement(parent, "path", {"d": path, "fill": "none", "stroke": LINE, "stroke-width": "1.5"})


def described(diagram: Diagram) -> str:
    """The picture in sentences, for those who can't see it."""
    names = {node.id: node.title or node.kind for node in diagram.nodes}
    said = [f"{', '.join(counted(diagram))}."] if diagram.problems else []
    for edge in diagram.edges:
        how = f" ({edge.label})" if edge.label else " (otherwise)" if edge.is_default else ""
        said.append(f"{names[edge.source]} to {names[edge.target]}{how}.")
        if sum(map(len, said)) > _MOST_DESCRIBED:
            return " ".join(said) + " …"
    return " ".join(said)
