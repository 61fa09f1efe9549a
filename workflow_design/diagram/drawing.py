"""The signs of a picture: colours, diamonds, circles, icons and marks of problems."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from workflow_design.diagram.geometry import EVENT, GATE
from workflow_design.diagram.model import SEVERITIES, ProblemRow
from workflow_design.diagram.text import cleaned

PAPER, INK, MUTED, LINE = "#ffffff", "#1d2939", "#475467", "#667085"
_CALM = ("#98a2b3", "#f8fafc")
# Stroke and fill of what has a problem; white text on the stroke has a contrast of 4.5 and more.
_COLORS = {"error": ("#c01d13", "#fff1f0"), "warning": ("#a15c00", "#fff8e6"), "unproved": ("#175cd3", "#eff6ff")}
_SIGNS = {"error": "✕", "warning": "!", "unproved": "?"}
_MARK_COLOR = "#175cd3"
GATES = {
    ("split", "exclusive"): "one way is taken",
    ("split", "inclusive"): "every way whose condition is true is taken",
    ("split", "parallel"): "all ways are taken",
    ("join", "exclusive"): "each arrival starts the task",
    ("join", "inclusive"): "waits for all that may still arrive",
    ("join", "parallel"): "waits for one arrival from every way",
}
# So many problems are told in one tooltip.
_TOLD = 10

STYLE = "\n".join(
    [
        'svg text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}',
        f".tf-name{{font-size:13px;font-weight:600;fill:{INK}}}",
        f".tf-small{{font-size:11px;fill:{INK}}}",
        f".tf-small.tf-muted{{fill:{MUTED}}}",
        f".tf-head{{font-size:17px;font-weight:600;fill:{INK}}}",
        f".tf-line{{fill:none;stroke:{LINE};stroke-width:1.5}}",
        f".tf-pill{{fill:{PAPER};stroke:#d0d5dd}}",
        *(f".tf-{kind}{{stroke:{stroke}}}" for kind, (stroke, _) in _COLORS.items()),
        ".tf-mark{font-size:11px;font-weight:700;fill:#fff}",
    ]
)


def number(value: float) -> str:
    """A tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0")


def worst(problems: Sequence[ProblemRow]) -> str | None:
    """The gravest severity among them."""
    return min((problem["severity"] for problem in problems), key=SEVERITIES.index, default=None)


def problem_text(problem: ProblemRow) -> str:
    """A problem as tooltips tell it."""
    return f"{problem['severity'].capitalize()}: {cleaned(problem['message'])}"


def box_colors(severity: str | None) -> tuple[str, str]:
    """Stroke and fill of a task."""
    return _COLORS.get(severity or "", _CALM)


def group(parent: Element, told: str, name: str, **data: str) -> Element:
    """A part with its tooltip."""
    found = SubElement(parent, "g", {"class": name, **data})
    if told:
        lines = told.split("\n")
        SubElement(found, "title").text = "\n".join(lines[:_TOLD] + (["…"] if len(lines) > _TOLD else []))
    return found


def text(parent: Element, words: str, x: float, y: float, name: str, *, middle: bool = False) -> None:
    """One line of text."""
    look = {"x": number(x), "y": number(y), "class": name}
    if middle:
        look["text-anchor"] = "middle"
    SubElement(parent, "text", look).text = words


def markers(defs: Element) -> None:
    """The heads of arrows."""
    for name, color in {"plain": LINE, **{kind: colors[0] for kind, colors in _COLORS.items()}}.items():
        look = {"id": f"tf-arrow-{name}", "viewBox": "0 0 10 10", "refX": "9", "refY": "5", "orient": "auto"}
        marker = SubElement(defs, "marker", {**look, "markerWidth": "6", "markerHeight": "6"})
        SubElement(marker, "path", {"d": "M0 0L10 5L0 10z", "fill": color})


def badge(parent: Element, x: float, y: float, problems: Sequence[ProblemRow]) -> None:
    """A coloured circle with a sign, or with how many problems there are."""
    kind = worst(problems) or "warning"
    look = {
        "cx": number(x),
        "cy": number(y),
        "r": "9",
        "fill": _COLORS[kind][0],
        "stroke": PAPER,
        "stroke-width": "1.5",
    }
    SubElement(parent, "circle", look)
    shown = _SIGNS[kind] if len(problems) == 1 else str(min(len(problems), 99))
    text(parent, shown, x, y + 4, "tf-mark", middle=True)


def diamond(parent: Element, x: float, y: float, gate: str) -> None:
    """BPMN's sign of a gateway: × exclusive, + parallel, ○ inclusive."""
    sides = f"M{number(x)} {number(y - GATE)}l{GATE} {GATE}l-{GATE} {GATE}l-{GATE} -{GATE}z"
    SubElement(parent, "path", {"d": sides, "fill": PAPER, "stroke": LINE, "stroke-width": "1.5"})
    sign = {"stroke": INK, "stroke-width": "2", "fill": "none"}
    if gate == "inclusive":
        SubElement(parent, "circle", {"cx": number(x), "cy": number(y), "r": "5", **sign})
    elif gate == "parallel":
        path = f"M{number(x - 6)} {number(y)}h12M{number(x)} {number(y - 6)}v12"
        SubElement(parent, "path", {"d": path, **sign})
    else:
        path = f"M{number(x - 4)} {number(y - 4)}l8 8M{number(x + 4)} {number(y - 4)}l-8 8"
        SubElement(parent, "path", {"d": path, **sign})


def circle_of_event(parent: Element, x: float, y: float, event: str) -> None:
    """Where the transitions of a timeout (a clock) or an error (a flash) leave a task."""
    look = {"cx": number(x), "cy": number(y), "r": str(EVENT), "fill": PAPER, "stroke": LINE, "stroke-width": "1.5"}
    SubElement(parent, "circle", look)
    clock = f"M{number(x)} {number(y - 5)}v5l4 2"
    flash = f"M{number(x - 4)} {number(y + 4)}l3 -8l3 5l3 -6"
    path = clock if event == "timeout" else flash
    SubElement(parent, "path", {"d": path, "stroke": INK, "stroke-width": "1.5", "fill": "none"})


# Drawn around (0, 0), within 7 pixels to each side.
_ICONS: dict[str, str] = {
    "form": "M-5 -6.5h10v13h-10zM-2.5 -3h5M-2.5 0h5M-2.5 3h3",
    "async": "M-6.5 -4.5h13v9h-13zM-6.5 -4.5l6.5 5l6.5 -5",
    "compute": "M-5 -6.5h10v13h-10zM-2.5 -3.5h5M-2.5 0.5h1M1.5 0.5h1M-2.5 3.5h1M1.5 3.5h1",
    "workflow": "M-6.5 -6.5h5v4h-5zM1.5 2.5h5v4h-5zM-4 -2.5v7h5.5M-1.5 -4.5h5.5v7",
    "person": "M-2.5 -3a2.5 2.5 0 1 1 5 0a2.5 2.5 0 1 1 -5 0M-5 5a5 5 0 0 1 10 0",
}


def icon(parent: Element, x: float, y: float, name: str) -> None:
    """The mark of what kind a task is, or a person."""
    color = MUTED if name == "person" else _MARK_COLOR
    look = {"transform": f"translate({number(x)} {number(y)})", "fill": "none", "stroke": color, "stroke-width": "1.4"}
    parent = SubElement(parent, "g", look)
    if name == "sync":  # a wheel with eight teeth
        SubElement(parent, "circle", {"r": "5.6", "stroke-width": "2.4", "stroke-dasharray": "2.2 2.2"})
        SubElement(parent, "circle", {"r": "4"})
        SubElement(parent, "circle", {"r": "1.2"})
    else:
        SubElement(parent, "path", {"d": _ICONS[name]})
