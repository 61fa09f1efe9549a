"""The examples of `docs/semantics.md`: each document is read, its picture shows it, and its runs go as told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from workflow_design.kernel.document import normalize, parse_yaml
from workflow_design.kernel.graph import compile_graph

from .flows import Run

TEXT = (Path(__file__).parents[3] / "docs" / "semantics.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```mermaid\n(.*?)```\n```yaml\n(.*?)```\n((?:```run\n.*?```\n)+)", re.DOTALL)
EDGE = re.compile(r"  (\w+) (-->|-\.->)(?:\|.*?\|)? (\w+)")


class Example(NamedTuple):
    picture: str
    document: str
    runs: list[str]


EXAMPLES = [
    Example(picture, document, re.findall(r"```run\n(.*?)```", runs, re.DOTALL))
    for picture, document, runs in EXAMPLE.findall(TEXT)
]
each = pytest.mark.parametrize("example", EXAMPLES, ids=[e.document.split("key: ")[1][:6] for e in EXAMPLES])


def bundle_of(example: Example) -> dict[str, Any]:
    """The example with what it leaves out: a workflow, titles, task types."""
    short = parse_yaml(example.document.encode())
    tasks = [{"title": task["key"], "task_type": "FORM", **task} for task in short["tasks"]]
    workflow = {"key": "example", "title": "Example"}
    normalized = normalize(
        {"format": "ticketflower/1", "workflow": workflow, "tasks": tasks, "transitions": short["transitions"]}
    )
    assert normalized.problems == []
    return normalized.bundle


def test_every_block_belongs_to_an_example():
    for kind in ("mermaid", "yaml"):
        assert TEXT.count(f"```{kind}\n") == len(EXAMPLES)
    assert TEXT.count("```run\n") == sum(len(example.runs) for example in EXAMPLES)
    assert TEXT.count("```") == 2 * (2 * len(EXAMPLES) + sum(len(example.runs) for example in EXAMPLES))


@each
def test_the_picture_shows_the_document(example):
    graph = compile_graph(bundle_of(example))
    keys = {node.index: node.key for node in graph.tasks}
    lines = example.picture.splitlines()
    drawn = {match.groups() for match in map(EDGE.fullmatch, lines[1:])}
    assert drawn == {
        (
            "start" if transition.source is None else keys[transition.source],
            "-->" if transition.event == "completed" else "-.->",
            "finish" if transition.target is None else keys[transition.target],
        )
        for transition in graph.transitions
    }
    assert len(lines) == len(graph.transitions) + 1


@each
def test_the_runs_go_as_told(example):
    for script in example.runs:
        Run(bundle_of(example)).play(script)
