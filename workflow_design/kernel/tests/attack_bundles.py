"""Bundles that hide something, and runs of them. `ways_of(...)`: the task "ask" writes fields and then decides."""

from __future__ import annotations

import json
from typing import Any

from workflow_design.kernel.document import normalize
from workflow_design.kernel.engine import Event, Marking, step
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.proof import prove

from .decisions_bundles import form, output

TICKET = {"id": 1, "number": 1, "created_by": 1, "created_at": "2026-01-01T00:00:00+00:00"}


def bundle(tasks, ways, fields=(), tickets=None, **workflow):
    document = {
        "workflow": {"key": "w", "title": "W", "fields": list(fields), **workflow},
        "tasks": tasks,
        "transitions": ways,
        "tickets": [ticket(**{field["FieldName"]: None for field in fields})] if tickets is None else tickets,
    }
    read = normalize(json.loads(json.dumps(document)))
    assert read.errors == []
    return read.after


def ticket(**fields):
    return {"key": "w", "title": "W", "fields": fields}


def ways_of(fields, *rules, required=None, default=False, **root):
    """The conditions `rules` after "ask", whose output has `fields` and, at its root, `root`."""
    ways: list[dict[str, Any]] = [
        {"from": "ask", "to": f"t{place}", "condition": rule, "priority": place} for place, rule in enumerate(rules)
    ]
    if default:
        ways.append({"from": "ask", "to": None, "is_default": True})
    ask = form("ask", output_schema={**output(fields, required), **root})
    tasks = [ask, *(form(f"t{place}") for place in range(len(rules)))]
    return bundle(tasks, [{"from": None, "to": "ask"}, *ways])


def start(rule, **values):
    """A condition at the start."""
    return bundle([form("t")], [{"from": None, "to": "t", "condition": rule}], **values)


def constant(value, rule):
    """A condition at the start over the fixed field `a`."""
    return start(rule, fields=[{"FieldName": "a", "FieldType": "json"}], tickets=[ticket(a={"const": value})])


def played(found, data=None, about: Any = TICKET, **outputs):
    """The codes of the incidents of a run; what is stored comes back as other objects."""
    graph = compile_graph(found)
    turn = step(graph, Marking(), json.loads(json.dumps(data or {})), Event("started"), about)
    incidents, todo = list(turn.incidents), list(turn.opened)
    while todo:
        opened = todo.pop(0)
        given = json.loads(json.dumps(outputs.get(opened.key, {})))
        assert graph.output_errors(opened.task, given) == []
        event = Event("completed", opened.number, given, assignee=1)
        turn = step(graph, turn.marking, json.loads(json.dumps(turn.data)), event, about)
        incidents += turn.incidents
        todo += turn.opened
    return [incident.code for incident in incidents]


def not_proved(found):
    proof = prove(found)
    return not proof.proved and any(problem.severity != "warning" for problem in proof.problems)
