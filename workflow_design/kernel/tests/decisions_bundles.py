"""Bundles whose task "ask" decides, and what is said of their decisions."""

from __future__ import annotations

import json
from typing import Any

from workflow_design.kernel.document import normalize
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof.decisions import Question, finish, quick, solve
from workflow_design.kernel.proof.net import net_of

INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
BOOLEAN = {"type": "boolean"}
DATE = {"type": "string", "format": "date"}
SECONDS = 2.0


def var(name: str) -> dict[str, Any]:
    """The rule that reads a field."""
    return {"var": name}


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def form(key: str, **values: Any) -> dict[str, Any]:
    """A task that a person does."""
    return {"key": key, "title": key, "task_type": "FORM", **values}


def output(fields: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """The schema of an output; all fields are required unless some are named."""
    return {"type": "object", "properties": fields, "required": list(fields) if required is None else required}


def deciding(
    fields: dict[str, Any],
    *rules: Any,
    required: list[str] | None = None,
    split: str = "exclusive",
    default: bool = False,
    priorities: tuple[int, ...] = (),
) -> dict[str, Any]:
    """A document: "ask" writes the fields and leads to t0, t1, … under the rules, in that order of priority."""
    ways = [
        {"from": "ask", "to": f"t{place}", "condition": rule, "priority": priorities[place] if priorities else place}
        for place, rule in enumerate(rules)
    ]
    if default:
        ways.append({"from": "ask", "to": None, "is_default": True})
    return {
        "workflow": {"key": "w", "title": "W"},
        "tasks": [
            form("ask", split=split, output_schema=output(fields, required)),
            *(form(f"t{place}") for place in range(len(rules))),
        ],
        "transitions": [{"from": None, "to": "ask"}, *ways],
        "tickets": [{"key": "w", "title": "W", "fields": {}}],
    }


def asked(document: dict[str, Any]) -> tuple[list[Problem], list[Question]]:
    """What is said at once, and what is left."""
    read = normalize(document)
    assert read.errors == []
    return quick(read.after, net_of(compile_graph(dict(read.after))))


def decided(document: dict[str, Any]) -> list[Problem]:
    """All that is said, with the answers of a solver as they come back from another process."""
    problems, questions = asked(document)
    answers = [json.loads(json.dumps(solve(json.loads(json.dumps(q.payload)), SECONDS))) for q in questions]
    return problems + finish(questions, answers)


def said(document: dict[str, Any]) -> list[tuple[str, int | None, Any]]:
    """(code, transition, counterexample) of each problem."""
    return [(problem.code, problem.transition, problem.counterexample) for problem in decided(document)]
