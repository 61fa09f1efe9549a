"""What a workflow, a task, a transition and a ticket type hold: keys, defaults, and what can't be stored."""

from __future__ import annotations

import re
from typing import Any

from workflow_design.kernel import limits
from workflow_design.kernel.fields import check_fields, read_field
from workflow_design.kernel.language import check_condition, check_template, parse_condition
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.schemas import check_schema
from workflow_design.kernel.shape import (
    Entity,
    Shape,
    flag,
    http_url,
    integer,
    line,
    list_of,
    matching,
    number,
    one_of,
    optional_line,
    report,
    text,
)

_KEY = matching(limits.KEY, limits.KEY_RULE)
_BAD_SCHEME = re.compile(r"(?:javascript|data|vbscript):", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def _schema(value: Any, path: str, problems: list[Problem]) -> Any:
    if value is None:
        return {}
    if type(value) is not dict:
        report(problems, "wrong_type", "must be an object that is a JSON Schema", path)
        return {}
    if value:
        problems += check_schema(value, path)
    return value


def _template(value: Any, path: str, problems: list[Problem]) -> Any:
    if value is not None:
        problems += check_template(value, path)
    return value


def _condition(value: Any, path: str, problems: list[Problem]) -> Any:
    if value is None:
        return None
    found = check_condition(value, path)
    if found:
        problems += found
        return None
    return parse_condition(value)


def _uri(value: Any, path: str, problems: list[Problem]) -> str:
    answer: str = text(limits.MAX_URL)(value, path, problems)
    if answer and (_BAD_SCHEME.match(answer) or not _ABSOLUTE.fullmatch(answer)):
        report(problems, "bad_url", "must be an absolute URI, for example https://example.com/page", path)
    return answer


EXT_REF = Shape(
    "reference",
    {"Label": text(limits.MAX_TITLE), "Desc": text(limits.MAX_PROSE), "URI": _uri},
    {"Label": "", "Desc": "", "URI": ""},
)
_ext_refs = list_of(EXT_REF.read, limits.MAX_EXT_REFS)

_RETRY = Shape(
    "retry policy",
    {
        "max_attempts": integer(1, limits.MAX_ATTEMPTS, default=5),
        "initial_seconds": number(0.1, 3_600, 1),
        "max_seconds": number(0.1, 86_400, 300),
        "multiplier": number(1, 10, 2),
    },
    {"max_attempts": 5, "initial_seconds": 1, "max_seconds": 300, "multiplier": 2},
)


def _retry_policy(value: Any, path: str, problems: list[Problem]) -> Entity | None:
    if value is None:
        return None
    policy = _RETRY.read(value, path, problems)
    if policy["initial_seconds"] > policy["max_seconds"]:
        report(problems, "out_of_range", "must not be more than max_seconds", f"{path}/initial_seconds")
    return policy


_COMMON = {
    "key": _KEY,
    "title": line(limits.MAX_TITLE),
    "description": text(limits.MAX_PROSE),
    "ext_ref": _ext_refs,
}
_COMMON_DEFAULTS: Entity = {"key": "", "title": "", "description": "", "ext_ref": []}
_LAYOUT = text(limits.MAX_LAYOUT)

_END_ACTIONS = {
    "api_call": Shape(
        "end action api_call",
        {
            "url": http_url,
            "method": one_of(("POST", "PUT", "PATCH", "GET", "DELETE"), "POST"),
            "integration": optional_line(limits.MAX_NAME),
            "body": _template,
        },
        {"url": "", "method": "POST", "integration": None, "body": None},
        ("url",),
    ),
    "workflow": Shape(
        "end action workflow",
        {"workflow": _KEY, "data": _template},
        {"workflow": "", "data": None},
        ("workflow",),
    ),
}


def _end_action_type(value: Any, path: str, problems: list[Problem]) -> str:
    if value == "tool_call":
        report(problems, "unsupported", "tool_call isn't available: no tools can be called yet", path)
        return "none"
    answer: str = one_of(limits.END_ACTIONS, "none")(value, path, problems)
    return answer


def _as_is(value: Any, path: str, problems: list[Problem]) -> Any:
    return value


WORKFLOW = Shape(
    "workflow",
    {
        **_COMMON,
        "fields": list_of(read_field, limits.MAX_FIELDS),
        "state_schema": _schema,
        "guidelines": text(limits.MAX_PROSE),
        "display_layout": _LAYOUT,
        "end_action_type": _end_action_type,
        "end_action": _as_is,
    },
    {
        **_COMMON_DEFAULTS,
        "fields": [],
        "state_schema": {},
        "guidelines": "",
        "display_layout": "",
        "end_action_type": "none",
        "end_action": None,
    },
    ("key", "title"),
)

TASK = Shape(
    "task",
    {
        **_COMMON,
        "task_type": one_of(limits.TASK_TYPES, "FORM"),
        "input_schema": _schema,
        "output_schema": _schema,
        "edit_layout": _LAYOUT,
        "display_layout": _LAYOUT,
        "action": _as_is,
        "integration": optional_line(limits.MAX_NAME),
        "action_url": http_url,
        "input_transform": _template,
        "output_transform": _template,
        "timeout_seconds": integer(1, limits.MAX_TIMEOUT, default=None),
        "retry_policy": _retry_policy,
        "split": one_of(limits.GATES, "exclusive"),
        "join": one_of(limits.GATES, "exclusive"),
        "assignee_roles": list_of(line(limits.MAX_NAME), limits.MAX_ROLES, unique="role"),
        "assignment_policy": one_of(limits.POLICIES, "claim"),
        "due_in_seconds": integer(1, limits.MAX_DUE, default=None),
    },
    {
        **_COMMON_DEFAULTS,
        "task_type": "FORM",
        "input_schema": {},
        "output_schema": {},
        "edit_layout": "",
        "display_layout": "",
        "action": None,
        "integration": None,
        "action_url": "",
        "input_transform": None,
        "output_transform": None,
        "timeout_seconds": None,
        "retry_policy": None,
        "split": "exclusive",
        "join": "exclusive",
        "assignee_roles": [],
        "assignment_policy": "claim",
        "due_in_seconds": None,
    },
    ("key", "title", "task_type"),
)


def _task_key(value: Any, path: str, problems: list[Problem]) -> str | None:
    return None if value is None else _KEY(value, path, problems)


TRANSITION = Shape(
    "transition",
    {
        "from": _task_key,
        "to": _task_key,
        "condition": _condition,
        "priority": integer(0, limits.MAX_PRIORITY, default=0),
        "is_default": flag,
        "on_event": one_of(limits.EVENTS, "completed"),
    },
    {"from": None, "to": None, "condition": None, "priority": 0, "is_default": False, "on_event": "completed"},
    ("from", "to"),
)

_roles = list_of(line(limits.MAX_NAME), limits.MAX_ROLES, null_is_empty=False, unique="role")


def _access(value: Any, path: str, problems: list[Problem]) -> list[str]:
    """Grants have no order; sorted, the same ones are equal."""
    return sorted(_roles(value, path, problems))


def _ticket_fields(value: Any, path: str, problems: list[Problem]) -> Entity:
    if value is None or type(value) is dict:
        if not value or len(value) <= limits.MAX_FIELDS:
            return value or {}
        report(problems, "too_many", f"must name at most {limits.MAX_FIELDS:,} fields", path)
        return {}
    report(problems, "wrong_type", "must be an object: field name → null, default or {const: value}", path)
    return {}


TICKET = Shape(
    "ticket type",
    {
        **_COMMON,
        "fields": _ticket_fields,
        "company_role_access": _access,
        "edit_layout": _LAYOUT,
        "display_layout": _LAYOUT,
    },
    {
        **_COMMON_DEFAULTS,
        "fields": {},
        "company_role_access": ["everyone"],
        "edit_layout": "",
        "display_layout": "",
    },
    ("key", "title"),
)


def read_workflow(raw: Any, path: str, problems: list[Problem]) -> Entity:
    """A workflow's own values in normal form; what can't be stored is added to `problems`."""
    workflow = WORKFLOW.read(raw, path, problems)
    check_fields(workflow["fields"], f"{path}/fields", problems)
    kind, action = workflow["end_action_type"], workflow["end_action"]
    if kind != "none":
        workflow["end_action"] = _END_ACTIONS[kind].read(action or {}, f"{path}/end_action", problems)
    elif action is not None:
        if type(raw) is dict and raw.get("end_action_type", "none") == "none":
            report(problems, "not_allowed", "needs an end_action_type other than none", f"{path}/end_action")
        workflow["end_action"] = None
    return workflow


def read_task(raw: Any, path: str, problems: list[Problem]) -> Entity:
    """A task in normal form; what can't be stored is added to `problems`."""
    task = TASK.read(raw, path, problems)
    action = task["action"]
    if task["task_type"] == "FORM":
        if action is not None:
            report(problems, "not_allowed", "a FORM task has no action", f"{path}/action")
            task["action"] = None
    elif action is None:
        task["action"] = "http"
    elif action not in ("http", "compute", "workflow") and not (
        type(action) is str and limits.OPERATION.fullmatch(action)
    ):
        report(
            problems,
            "bad_action",
            "must be http, compute, workflow or an integration's operation such as jira.create_issue",
            f"{path}/action",
        )
        task["action"] = "http"
    return task


def read_transition(raw: Any, path: str, problems: list[Problem]) -> Entity:
    """A transition in normal form; what can't be stored is added to `problems`."""
    transition = TRANSITION.read(raw, path, problems)
    if transition["is_default"] and transition["condition"] is not None:
        report(problems, "default_with_condition", "a default transition has no condition", f"{path}/condition")
    if transition["from"] is None and transition["on_event"] != "completed":
        report(problems, "not_allowed", "a start transition has no event but completed", f"{path}/on_event")
    return transition


def read_ticket(raw: Any, path: str, problems: list[Problem]) -> Entity:
    """A ticket type in normal form; its fields are checked against the workflow's by `ticket_problems`."""
    return TICKET.read(raw, path, problems)
