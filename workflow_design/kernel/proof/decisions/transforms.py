"""Whether the templates of actions always come to a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.proof.decisions.cells import ANYWHERE, Held
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.decisions.parts import ABSENT, Numbers, One
from workflow_design.kernel.proof.decisions.rules import operation, path_of

MAX_DEPTH = 10
_PLAIN = frozenset(
    {
        "==",
        "===",
        "!=",
        "!==",
        "<",
        "<=",
        ">",
        ">=",
        "!",
        "!!",
        "in",
        "missing",
        "missing_some",
        "startsWith",
        "endsWith",
    }
    | {"cat", "all", "some", "none", "var"}
)
"""What gives true, false, text, or a value of the data."""

Holds = Callable[[str], Held]


def check_transforms(ground: Ground) -> Iterator[Problem]:
    """Templates over a ticket's data that may make what is no number, in tasks without an `error` transition. What an
    action answers is a matter of the world outside.
    """
    for number, task in enumerate(ground.bundle["tasks"]):
        if task["task_type"] == "FORM" or "error" in ground.net.graph.tasks[number].exits:
            continue
        templates = [("input_transform", "")]
        if task["action"] == "compute":
            templates = [("output_transform", "_data.")]
        for key, prefix in templates:
            if task[key] is not None and not _template(task[key], _holds(ground, number, prefix)):
                message = (
                    f'It is not known whether the {key} of "{task["key"]}" always comes to a result: a calculation '
                    "with a field that is not set, a division and a text that is cut may give none. Say what holds "
                    "without the field, or lead an error transition on from the task."
                )
                path = pointer("tasks", number, key)
                yield Problem("unproved", "transform_unproved", message, path, task=task["key"])


def _holds(ground: Ground, task: int, prefix: str) -> Holds:
    def holds(path: str) -> Held:
        found = Held()
        if not path.startswith(prefix):
            return Held([(One(None), ANYWHERE)])  # no number, as far as is known
        for ticket in ground.tickets:
            # Nothing is written when a task ends with `error`: this is what was there when it opened.
            found.parts += ground.held(task, "error", ticket, path.removeprefix(prefix)).parts
        return found

    return holds


def _template(template: Any, holds: Holds) -> bool:
    if isinstance(template, list):
        return all(_template(item, holds) for item in template)
    if not isinstance(template, dict):
        return True
    if len(template) == 1:
        ((name, value),) = template.items()
        if name == "$literal":
            return True
        if name in ("$", "$?"):
            return _result(value, holds, 0)
        if name == "$map":
            return _result(value[0], holds, 0) and _template(value[1], _unknown)
    return all(_template(value, holds) for value in template.values())


def _unknown(path: str) -> Held:
    return Held([(One(None), ANYWHERE)])


def _result(rule: Any, holds: Holds, depth: int) -> bool:
    """Whether a rule always gives what JSON can hold."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(rule, list):
        return all(_result(item, holds, depth + 1) for item in rule)
    name, operands = operation(rule)
    if not name or name in _PLAIN:
        return name != "var" or len(operands) < 2 or _result(operands[1], holds, depth + 1)
    if name in ("and", "or", "if", "?:", "merge"):
        return all(_result(operand, holds, depth + 1) for operand in operands)
    if name == "filter":
        return bool(operands) and _result(operands[0], holds, depth + 1)
    if name == "map" and len(operands) > 1:
        return _result(operands[0], holds, depth + 1) and _result(operands[1], _unknown, depth + 1)
    return _is_number(rule, holds, depth)


def _is_number(rule: Any, holds: Holds, depth: int) -> bool:
    """Whether a rule always gives a number that is finite, numbers being below 10^100 (an assumption that is told)."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(rule, int | float) and not isinstance(rule, bool):
        return abs(rule) < 1e10
    if path := path_of(rule):
        raw = rule["var"]
        otherwise = raw[1] if isinstance(raw, list) and len(raw) > 1 else None
        parts = [part for part, _ in holds(path).parts]
        return bool(parts) and all(
            isinstance(part, Numbers)
            or (isinstance(part, One) and _number(otherwise if part.value is ABSENT else part.value))
            for part in parts
        )
    name, operands = operation(rule)
    if name in ("/", "%"):
        divisor = operands[1] if len(operands) > 1 else 0
        return _number(divisor) and abs(divisor) > 1e-10 and _is_number(operands[0], holds, depth + 1)
    if name == "*" and sum(isinstance(operand, dict) for operand in operands) > 2:
        return False
    return (
        name in ("+", "-", "*", "min", "max")
        and bool(operands)
        and all(_is_number(operand, holds, depth + 1) for operand in operands)
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
