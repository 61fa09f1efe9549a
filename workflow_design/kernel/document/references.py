"""What no single part of a document shows: keys used twice, transitions and ticket fields that lead nowhere."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.fields import merged_fields, ticket_problems
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.shape import report

Bundle = dict[str, Any]


def reference_problems(bundle: Bundle, after: Bundle, sections: set[str]) -> list[Problem]:
    """Errors at pointers into `bundle` in the sections that a document wrote; what exists is looked up in `after`."""
    problems: list[Problem] = []
    for section, what in (("tasks", "task"), ("tickets", "ticket type")):
        _twice(bundle[section], section, what, problems)
    if "transitions" in sections:
        _transitions(bundle["transitions"], {task["key"] for task in after["tasks"]}, problems)
    if "tickets" in sections:
        fields = merged_fields(after).fields
        for index, ticket in enumerate(bundle["tickets"]):
            problems += ticket_problems(ticket, fields, f"/tickets/{index}")
    return problems


def _twice(entities: list[Any], section: str, what: str, problems: list[Problem]) -> None:
    seen: dict[str, int] = {}
    for index, entity in enumerate(entities):
        key = entity["key"]
        if key in seen:
            message = f'the key "{key}" is already used by {what} {seen[key] + 1} of the list'
            report(problems, "duplicate", message, f"/{section}/{index}/key")
        elif key:
            seen[key] = index


def _transitions(transitions: list[Any], known: set[str], problems: list[Problem]) -> None:
    pairs: dict[tuple[Any, ...], int] = {}
    defaults: dict[tuple[Any, ...], int] = {}
    for index, transition in enumerate(transitions):
        path = f"/transitions/{index}"
        source, target, event = transition["from"], transition["to"], transition["on_event"]
        for end, key in (("from", source), ("to", target)):
            if key and key not in known:
                report(problems, "unknown_task", f'there is no task "{key}"', f"{path}/{end}")
        first = pairs.setdefault((source, target, event), index)
        if first != index:
            message = f'the same from, to and on_event as transition {first}: join their conditions with "or"'
            report(problems, "duplicate", message, path)
        if transition["is_default"]:
            first = defaults.setdefault((source, event), index)
            if first != index:
                message = f"transition {first} is already the default of this task and event"
                report(problems, "two_defaults", message, f"{path}/is_default")
