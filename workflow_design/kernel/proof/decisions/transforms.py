"""Whether the templates of actions always come to a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from math import log10
from typing import Any

from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.proof.decisions.cells import ANYWHERE, Held
from workflow_design.kernel.proof.decisions.grid import LARGEST
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.decisions.parts import ABSENT, Numbers, One, Part
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
MAX_COMPUTED = 200
"""As many tasks that compute may follow one another before the engine stops the run."""
MAX_DIGITS = 300
_ASSUMED_DIGITS = 100
"""Of numbers whose schemas set no limit: an assumption that is told."""


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


def check_computing(ground: Ground) -> Iterator[Problem]:
    """Tasks that compute and may follow one event together, more than the engine does at a time; loops aside."""
    graph, tasks = ground.net.graph, ground.bundle["tasks"]
    computes = [task["task_type"] != "FORM" and task["action"] == "compute" for task in tasks]
    if sum(computes) <= MAX_COMPUTED:
        return
    # What one task, or the start, leads to is together; and so is what a task that computes leads to with itself.
    group = list(range(len(tasks) + 1))

    def first(place: int) -> int:
        while group[place] != place:
            group[place] = place = group[group[place]]
        return place

    led_to: dict[int, int] = {}
    for way in graph.transitions:
        source, target = way.source, way.target
        if target is None or not computes[target]:
            continue
        other = (
            source
            if source is not None and computes[source]
            else led_to.setdefault(-1 if source is None else source, target)
        )
        group[first(target)] = first(other)
    together = Counter(first(place) for place, here in enumerate(computes) if here)
    if together and max(together.values()) > MAX_COMPUTED:
        message = (
            f"More than {MAX_COMPUTED} tasks that compute may follow one another; an incident stops the ticket then: "
            "let one task compute more."
        )
        yield Problem("unproved", "transform_unproved", message, "/tasks")


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
    """Whether a rule always gives what JSON can hold, its limits aside."""
    if depth > MAX_DEPTH or (depth == 0 and _takes_characters(rule)):
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
    return _digits(rule, holds, depth) is not None


def _takes_characters(rule: Any) -> bool:
    """Whether a rule may read one character of a text, which may be half of one."""
    if isinstance(rule, list):
        return any(_takes_characters(item) for item in rule)
    name, operands = operation(rule)
    if name == "var" and operands:
        path = operands[0]
        if isinstance(path, dict | list) or any(step.isdecimal() for step in str(path).split(".")):
            return True
    return any(_takes_characters(operand) for operand in operands)


def _digits(rule: Any, holds: Holds, depth: int) -> float | None:
    """How many digits the numbers that a rule gives have at most; None where it may give none that is finite."""
    found = _more_digits(rule, holds, depth) if depth <= MAX_DEPTH else None
    return found if found is not None and found <= MAX_DIGITS else None


def _more_digits(rule: Any, holds: Holds, depth: int) -> float | None:
    if _number(rule):
        return _log(rule)
    if path := path_of(rule):
        raw = rule["var"]
        otherwise = raw[1] if isinstance(raw, list) and len(raw) > 1 else None
        return _most(_part_digits(part, otherwise) for part, _ in holds(path).parts)
    name, operands = operation(rule)
    if name in ("/", "%"):
        divisor = operands[1] if len(operands) > 1 else 0
        if not _number(divisor) or not divisor or (whole := _digits(operands[0], holds, depth + 1)) is None:
            return None
        return whole + max(0.0, -log10(abs(divisor)))
    if name not in ("+", "-", "*", "min", "max"):
        return None
    known = [_digits(operand, holds, depth + 1) for operand in operands]
    if name == "*":
        return None if not known or None in known else sum(digits for digits in known if digits is not None)
    most = _most(known)
    return None if most is None else most + log10(len(known) + 1)


def _most(known: Iterable[float | None]) -> float | None:
    listed = list(known)
    return None if not listed or None in listed else max(digits for digits in listed if digits is not None)


def _part_digits(part: Part, otherwise: Any) -> float | None:
    if isinstance(part, Numbers):
        return max(_ASSUMED_DIGITS if abs(bound) >= LARGEST else _log(bound) for bound in (part.low, part.high))
    value = part.value if isinstance(part, One) else None
    value = otherwise if value is ABSENT else value
    return _log(value) if value is not None and _number(value) else None


def _log(value: float) -> float:
    return log10(max(abs(value), 1))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
