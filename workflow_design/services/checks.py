"""What the checks say about a working copy: the kernel's findings, and those that need the company's own rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.errors import not_found
from workflow_design.kernel import proof, structure
from workflow_design.kernel.document import Normalized
from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.structure.findings import Findings
from workflow_design.kernel.structure.tasks import child_of, kind_of_task
from workflow_design.models import WorkflowDefinition
from workflow_design.services.staffing import check_staffing
from workflow_design.services.stored import load


@dataclass(frozen=True, slots=True)
class Report:
    """`assumptions` are what a proof of this definition takes for granted, as sentences."""

    problems: list[Problem]
    assumptions: list[str]
    proved: bool


def validate(*, workflow_id: int) -> Report:
    """Everything the checks find in a workflow's working copy, with pointers into its exported document. 404."""
    found = load(workflow_id)
    if found is None:
        raise not_found()
    return report(found.bundle)


def report(bundle: Mapping[str, Any]) -> Report:
    """The same of a bundle in normal form: what publishing goes by."""
    # What decisions come to isn't proved yet, so nothing is.
    return Report(findings(bundle), structure.assumptions(bundle), proved=False)


def findings(bundle: Mapping[str, Any]) -> list[Problem]:
    """What doesn't keep a bundle from being stored; pointers are into its exported document."""
    problems = [*check_staffing(bundle), *_unknown_workflows(bundle), *structure.check(bundle), *proof.check(bundle)]
    return Findings(problems).result()


def located(problems: list[Problem], found: Normalized, document: Any) -> list[Problem]:
    """Findings about a document on top of what is stored (`found.after`), with pointers into the document that came.

    A condition written as text has no places inside: the pointer ends there.
    """
    return [
        replace(problem, path=_without_inside_of_text(document, found.locate(problem.path))) for problem in problems
    ]


def _without_inside_of_text(document: Any, path: str) -> str:
    part, end = document, 0
    for step in path.split("/")[1:]:
        if isinstance(part, str):
            return path[:end]
        end += len(step) + 1
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(part, dict):
            part = part.get(name)
        elif isinstance(part, list) and name.isdecimal() and int(name) < len(part):
            part = part[int(name)]
        else:
            break
    return path


def _unknown_workflows(bundle: Mapping[str, Any]) -> list[Problem]:
    """An error for every workflow that is to be run and doesn't exist."""
    workflow = bundle["workflow"]
    named: list[tuple[str, str, str | None]] = []
    if workflow["end_action_type"] == "workflow":
        named.append((workflow["end_action"]["workflow"], "/workflow/end_action/workflow", None))
    for index, task in enumerate(bundle["tasks"]):
        child = child_of(task) if kind_of_task(task) == "workflow" else None
        if child is not None:
            named.append((child, pointer("tasks", index, "input_transform", "workflow"), task["key"]))
    keys = {key for key, _, _ in named} - {workflow["key"]}
    if not keys:
        return []
    unknown = keys - set(WorkflowDefinition.objects.filter(key__in=keys).values_list("key", flat=True))
    return [
        Problem("error", "unknown_workflow", f'there is no workflow with the key "{key}"', path, task=task)
        for key, path, task in named
        if key in unknown
    ]
