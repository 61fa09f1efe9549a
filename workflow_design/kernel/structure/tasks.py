"""What a task sets, and whether it can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow_design.kernel import limits
from workflow_design.kernel.problems import pointer
from workflow_design.kernel.structure.findings import Findings
from workflow_design.kernel.structure.rules import is_plain

Entity = dict[str, Any]

# What has no effect, by what does the task.
_UNUSED = {
    "FORM": (
        *("integration", "action_url", "input_transform", "output_transform"),
        *("timeout_seconds", "retry_policy"),
    ),
    "http": (),
    "compute": ("integration", "action_url", "input_transform", "timeout_seconds", "retry_policy"),
    "workflow": ("integration", "action_url", "retry_policy"),
    "operation": ("action_url",),
}
_OF_FORMS = ("assignee_roles", "assignment_policy", "due_in_seconds")
_DEFAULTS = {"assignment_policy": "claim", "assignee_roles": [], "action_url": ""}


def kind_of_task(task: Mapping[str, Any]) -> str:
    """`FORM`, or what the action is: `http`, `compute`, `workflow`, `operation`."""
    if task["task_type"] == "FORM":
        return "FORM"
    action: str = task["action"]
    return action if action in ("http", "compute", "workflow") else "operation"


def check_tasks(bundle: Mapping[str, Any], findings: Findings) -> None:
    """Settings that are missing for what a task does, and those that have no effect."""
    for index, task in enumerate(bundle["tasks"]):
        kind = kind_of_task(task)
        _missing(task, kind, index, findings)
        unused = _UNUSED[kind] + (() if kind == "FORM" else _OF_FORMS)
        for name in unused:
            if task[name] != _DEFAULTS.get(name):
                who = "a FORM" if kind == "FORM" else f"the action {task['action']}"
                message = f'"{task["key"]}" sets {name}, which has no effect on {who}: remove it.'
                findings.add("warning", "unused_setting", message, pointer("tasks", index, name), task=task["key"])


def _missing(task: Entity, kind: str, index: int, findings: Findings) -> None:
    key = task["key"]

    def need(name: str, what: str) -> None:
        message = f'"{key}" does {task["action"]} and can\'t without {what}: set {name}.'
        findings.add("error", "missing_setting", message, pointer("tasks", index, name), task=key)

    if kind == "http" and not task["action_url"] and task["integration"] is None:
        need("action_url", "an address to call")
    elif kind == "operation" and task["integration"] is None:
        need("integration", "the name of the integration whose operation it is")
    elif kind == "compute":
        if task["output_transform"] is None:
            need("output_transform", "a template of its result")
        if task["task_type"] == "ASYNC_ACTION":
            message = (
                f'"{key}" computes, calls nobody, and waits for a callback that never comes: make it a SYNC_ACTION.'
            )
            findings.add("error", "callback_never_comes", message, pointer("tasks", index, "task_type"), task=key)
    elif kind == "workflow" and child_of(task) is None:
        need("input_transform", "an object with the key of the `workflow` to run and the `data` to start it with")


def child_of(task: Mapping[str, Any]) -> str | None:
    """The key of the workflow that a task with the action `workflow` runs, None where it names none."""
    template = task["input_transform"]
    key = template.get("workflow") if is_plain(template) else None
    return key if isinstance(key, str) and limits.KEY.fullmatch(key) else None


def check_end_action(bundle: Mapping[str, Any], findings: Findings) -> None:
    """A run that starts its own workflow when it ends only stops at the limit."""
    workflow = bundle["workflow"]
    if workflow["end_action_type"] == "workflow" and workflow["end_action"]["workflow"] == workflow["key"]:
        message = (
            "Each run starts the next one of the same workflow when it ends, until "
            f"{limits.MAX_RUN_DEPTH} are below one another: let it run another one, or none."
        )
        findings.add("warning", "starts_itself", message, "/workflow/end_action/workflow")
