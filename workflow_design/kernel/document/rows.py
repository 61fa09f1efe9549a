"""Single rows: the same rules for what is saved one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from workflow_design.kernel.document.entities import (
    read_task,
    read_ticket,
    read_transition,
    read_workflow,
)
from workflow_design.kernel.fields import Field, ticket_problems
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.schemas import clean_json
from workflow_design.kernel.shape import Entity, Reader

EntityKind = Literal["workflow", "task", "transition", "ticket"]
_READERS: dict[EntityKind, Reader] = {
    "workflow": read_workflow,
    "task": read_task,
    "transition": read_transition,
    "ticket": read_ticket,
}


def read_entity(kind: EntityKind, values: Any, path: str = "") -> tuple[Entity, list[Problem]]:
    """`values` in normal form (keys of tasks in a transition's `from` and `to`), and what is wrong with them.

    With an error among the problems the normal form may not be stored.
    """
    values, problems = clean_json(values, path)
    if problems:
        return _READERS[kind]({}, path, []), problems
    return _READERS[kind](values, path, problems), problems


def check_workflow(values: Any, path: str = "") -> list[Problem]:
    """Why a workflow's own values can't be stored."""
    return _errors("workflow", values, path)


def check_task(values: Any, path: str = "") -> list[Problem]:
    """Why a task can't be stored."""
    return _errors("task", values, path)


def check_transition(values: Any, path: str = "") -> list[Problem]:
    """Why a transition can't be stored, as far as it alone shows."""
    return _errors("transition", values, path)


def check_ticket(values: Any, path: str = "", fields_of_workflow: Mapping[str, Field] | None = None) -> list[Problem]:
    """Why a ticket type can't be stored; `fields_of_workflow` is `merged_fields(bundle).fields`."""
    ticket, problems = read_entity("ticket", values, path)
    if fields_of_workflow is not None:
        problems += ticket_problems(ticket, fields_of_workflow, path)
    return [problem for problem in problems if problem.severity == "error"]


def _errors(kind: EntityKind, values: Any, path: str) -> list[Problem]:
    return [problem for problem in read_entity(kind, values, path)[1] if problem.severity == "error"]
