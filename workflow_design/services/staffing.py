"""Whether the company has the roles that a definition names, and somebody for every task that people do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from users.models import EVERYONE
from users.selectors import role_has_worker
from workflow_design.kernel.problems import Problem, pointer
from workflow_design.models import AssignmentPolicy, TaskType


def check_staffing(bundle: Mapping[str, Any]) -> list[Problem]:
    """Warnings: a company role that doesn't exist; a task of people that nobody active may claim now.

    A role that doesn't exist is told of once: nobody may have it. A task for the requester has the requester.
    """
    named = list(_named_roles(bundle))
    claimed = [(index, task) for index, task in enumerate(bundle["tasks"]) if _is_claimed(task)]
    if not named and not claimed:
        return []
    able = role_has_worker()
    return [
        *(_unknown(role, path) for role, path in named if role != EVERYONE and role not in able),
        *(_nobody(index, task, able) for index, task in claimed if _is_unstaffed(task, able)),
    ]


def _named_roles(bundle: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part, name in (("tasks", "assignee_roles"), ("tickets", "company_role_access")):
        for index, entity in enumerate(bundle[part]):
            for place, role in enumerate(entity[name]):
                yield role, pointer(part, index, name, place)


def _is_claimed(task: Mapping[str, Any]) -> bool:
    return task["task_type"] == TaskType.FORM and task["assignment_policy"] != AssignmentPolicy.REQUESTER


def _is_unstaffed(task: Mapping[str, Any], able: Mapping[str, bool]) -> bool:
    """By the rules of claiming. Not if every role of the task is an unknown one."""
    known = [able[role] for role in task["assignee_roles"] or [EVERYONE] if role in able]
    return bool(known) and not any(known)


def _unknown(role: str, path: str) -> Problem:
    message = f'There is no company role "{role}" yet: let an admin make it and give it to people.'
    return Problem("warning", "unknown_role", message, path)


def _nobody(index: int, task: Mapping[str, Any], able: Mapping[str, bool]) -> Problem:
    start = f'Nobody can do "{task["key"]}" now, so that tickets would wait there: '
    if not able[EVERYONE]:
        message = f"{start}no active person is a task worker. Let an admin give somebody the system role task_worker."
    else:
        roles = " or ".join(f'"{role}"' for role in task["assignee_roles"])
        message = (
            f"{start}no active task worker has the company role {roles}. Let an admin give it to one, or name a role "
            "that somebody has."
        )
    return Problem("warning", "nobody_can_do", message, pointer("tasks", index, "assignee_roles"), task["key"])
