"""A diagram as the text of a Mermaid flowchart."""

from __future__ import annotations

from workflow_design.diagram.drawing import worst
from workflow_design.diagram.model import Diagram, Edge, Node

# Characters that mean something to Mermaid, to Markdown or to HTML, as it wants them: by number, inside quotes.
_ESCAPED = {ord(char): f"#{ord(char)};" for char in '#&<>"`\\*~[](){}|;%$'}
# Mermaid takes `\n` for a new line and `$$…$$` for a formula even then: what can't be seen keeps them apart.
_APART = "\u2060"
_ESCAPED |= {ord(char): f"{_ESCAPED[ord(char)]}{_APART}" for char in "\\$"}
_STYLES = {
    "error": "fill:#fff1f0,stroke:#c01d13,stroke-width:2px",
    "warning": "fill:#fff8e6,stroke:#a15c00,stroke-width:2px",
    "unproved": "fill:#eff6ff,stroke:#175cd3,stroke-width:2px",
}
_GATES = {"exclusive": "×", "inclusive": "○", "parallel": "+"}


def mermaid(diagram: Diagram) -> str:
    """A `flowchart TD`: tasks as rounded boxes, gates as diamonds, `timeout` and `error` as dotted edges, tasks with
    problems in the colours of the picture. Ids are numbered, for a task may be called `end`.
    """
    names = {node.id: f"n{number}" for number, node in enumerate(diagram.nodes)}
    lines = ["flowchart TD"]
    for node in diagram.nodes:
        lines += _node(node, names[node.id])
    nodes = {node.id: node for node in diagram.nodes}
    for edge in diagram.edges:
        lines.append(f"    {_source(edge, nodes, names)} {_arrow(edge)} {_target(edge, nodes, names)}")
    used = {kind: [names[node.id] for node in diagram.nodes if worst(node.problems) == kind] for kind in _STYLES}
    for kind, marked in used.items():
        if marked:
            lines += [f"    classDef {kind} {_STYLES[kind]}", f"    class {','.join(marked)} {kind}"]
    return "\n".join(lines) + "\n"


def _node(node: Node, name: str) -> list[str]:
    """The node and, where there is more than one way, its diamonds."""
    if node.kind != "task":
        shape = '(("Start"))' if node.kind == "start" else '((("End")))'
        lines = [f"    {name}{shape}"]
    else:
        lines = [f'    {name}("{escaped(node.title)}<br/><small>{escaped(node.who)}</small>")']
    if node.join:
        lines += [f'    {name}j{{"{_GATES[node.join]}"}}', f"    {name}j --> {name}"]
    if node.split:
        lines += [f'    {name}s{{"{_GATES[node.split]}"}}', f"    {name} --> {name}s"]
    return lines


def _source(edge: Edge, nodes: dict[str, Node], names: dict[str, str]) -> str:
    by_gate = edge.event == "completed" and nodes[edge.source].split
    return names[edge.source] + ("s" if by_gate else "")


def _target(edge: Edge, nodes: dict[str, Node], names: dict[str, str]) -> str:
    return names[edge.target] + ("j" if nodes[edge.target].join else "")


def _arrow(edge: Edge) -> str:
    line = "-->" if edge.event == "completed" else "-.->"
    words = ": ".join(filter(None, (edge.label, "default" if edge.is_default else "")))
    return f'{line}|"{escaped(words)}"|' if words else line


def escaped(text: str) -> str:
    """`text` inside a quoted label, shown as it is."""
    return text.translate(_ESCAPED)
