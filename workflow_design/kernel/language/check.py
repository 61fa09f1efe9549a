"""What makes a condition or a template impossible to store, all of it in one pass.

The walk keeps its own stack, so that hostile depth is a finding and never a RecursionError.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import isfinite
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from workflow_design.kernel.language.compiler import OPERATORS
from workflow_design.kernel.language.errors import RuleError
from workflow_design.kernel.language.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, SAFE_INTEGER
from workflow_design.kernel.language.parse import parse_condition
from workflow_design.kernel.language.units import has_half
from workflow_design.kernel.language.values import double
from workflow_design.kernel.problems import Problem, pointer

Kind = Literal["condition", "template"]
Mode = Literal["rule", "template", "map", "literal"]
Finding: TypeAlias = tuple[str, str, str]  # code, message, pointer below the value

DIRECTIVES: Final = ("$", "$?", "$map", "$literal")
_USUAL_NODES, _USUAL_DEPTH, _USUAL_TEXT = 200, 20, 200
_MOST: Final = 100  # findings reported for one rule; hostile ones have thousands
_INSTEAD: Final = {
    "=": 'write "=="',
    "<>": 'write "!="',
    "&&": 'write "and"',
    "||": 'write "or"',
    "not": 'write "!"',
    "xor": 'write {"!=": [{"!!": a}, {"!!": b}]}',
    "contains": 'write {"in": [part, whole]}',
    "beginsWith": 'write "startsWith"',
    "between": 'write {"<=": [low, value, high]}',
    "null": 'write {"==": [value, null]}',
    "notIn": 'write {"!": {"in": [value, list]}}',
    "matches": "patterns are not supported",
    "log": "it has a side effect",
    "method": "it runs code",
}


class Place(NamedTuple):
    """A value on the walk; its pointer is made only when there is something to say about it."""

    value: Any
    parent: Place | None
    key: str | int
    depth: int
    mode: Mode

    def pointer(self) -> str:
        parts: list[str | int] = []
        place = self
        while place.parent is not None:
            parts.append(place.key)
            place = place.parent
        return pointer(*reversed(parts))

    def members(self) -> Iterator[Place]:
        if isinstance(self.value, list):
            for index, item in enumerate(self.value):
                mode: Mode = self.mode if self.mode != "map" else ("rule", "template")[index]
                yield Place(item, self, index, self.depth + 1, mode)
        elif isinstance(self.value, dict):
            mode = self.mode
            if mode == "template" and len(self.value) == 1:
                mode = _mode_inside(*next(iter(self.value.items())))
            for key, item in self.value.items():
                yield Place(item, self, str(key), self.depth + 1, mode)


def _mode_inside(key: Any, value: Any) -> Mode:
    if key in ("$", "$?"):
        return "rule"
    if key == "$literal":
        return "literal"
    return "map" if key == "$map" and _is_pair(value) else "template"


def check_condition(value: Any, path: str) -> list[Problem]:
    """Every problem that makes `value` impossible to store as a condition; `path` points at it in its document."""
    written_as_text = isinstance(value, str)
    try:
        rule = parse_condition(value)
    except RuleError as refusal:
        return [Problem("error", found.code, found.message, path) for found in refusal.problems]
    if rule is None or isinstance(rule, bool):
        return []
    if not isinstance(rule, dict):
        return [
            Problem(
                "error",
                "condition_literal",
                f"A condition is null (always), true, false or an object with one operator, not {_kind_of(rule)}.",
                path,
            )
        ]
    if _is_usual(rule, 1, [_USUAL_NODES]):
        return []
    found = list(islice(_walk(rule, path, "condition"), _MOST))
    if written_as_text:  # nothing inside the text has a pointer of its own
        return [Problem("error", problem.code, problem.message, path) for problem in found]
    return found


def _is_usual(value: Any, depth: int, left: list[int]) -> bool:
    """Whether nothing can be wrong with a rule, for it is small and plain: nearly all are, and the walk takes its time.
    `left`: how many values it may still have.
    """
    left[0] -= 1
    if left[0] < 0 or depth > _USUAL_DEPTH:
        return False
    kind = type(value)
    if kind is dict:
        if len(value) != 1:
            return False
        ((name, operands),) = value.items()
        return name in OPERATORS and _is_usual(operands, depth + 1, left)
    if kind is list:
        return all(_is_usual(item, depth + 1, left) for item in value)
    if kind is str:
        return len(value) <= _USUAL_TEXT and value.isascii() and "\x00" not in value
    if kind is int or kind is float:
        return -SAFE_INTEGER <= value <= SAFE_INTEGER  # which no NaN and no infinity is
    return value is None or kind is bool


def check_template(value: Any, path: str) -> list[Problem]:
    """Every problem that makes `value` impossible to store as a template; `path` points at it in its document."""
    return list(islice(_walk(value, path, "template"), _MOST))


def _walk(root: Any, path: str, kind: Kind) -> Iterator[Problem]:
    places = [Place(root, None, "", 1, "rule" if kind == "condition" else "template")]
    nodes = characters = 0
    too_deep = False
    while places:
        place = places.pop()
        value = place.value
        nodes += 1
        waiting = 0
        if isinstance(value, str):
            characters += len(value)
        elif isinstance(value, (dict, list)):
            waiting = len(value)
        if isinstance(value, dict):
            characters += sum(len(key) for key in value if isinstance(key, str))
        if nodes + len(places) + waiting > MAX_NODES or characters > MAX_CHARACTERS:
            yield Problem(
                "error",
                f"{kind}_too_large",
                f"The {kind} has more than {MAX_NODES:,} values or {MAX_CHARACTERS:,} characters.",
                path,
            )
            return
        if isinstance(value, (dict, list)) and place.depth > MAX_DEPTH:
            if not too_deep:
                yield Problem(
                    "error",
                    f"{kind}_too_deep",
                    f"The {kind} is nested more than {MAX_DEPTH} levels deep.",
                    path,
                )
            too_deep = True
            continue
        for code, message, below in _findings(value, place.mode, kind):
            yield Problem("error", code, message, path + place.pointer() + below)
        places += reversed(list(place.members()))


def _findings(value: Any, mode: Mode, kind: Kind) -> Iterator[Finding]:
    if isinstance(value, dict):
        yield from _keys(value, kind)
        if mode == "rule":
            yield from _operator(value, kind)
        elif mode == "template":
            yield from _directive(value)
    elif not isinstance(value, list):
        yield from _scalar(value, kind)


def _operator(value: dict[Any, Any], kind: Kind) -> Iterator[Finding]:
    if len(value) != 1:
        what = "is empty" if not value else f"has {len(value)} keys"
        yield f"{kind}_shape", f"An object in a rule holds exactly one operator; this one {what}.", ""
    for name in value:
        if isinstance(name, str) and name not in OPERATORS:
            hint = f": {_INSTEAD[name]}" if name in _INSTEAD else ""
            yield "unknown_operator", f'There is no operator "{_shortened(name)}"{hint}.', pointer(name)


def _directive(value: dict[Any, Any]) -> Iterator[Finding]:
    special = next((key for key in value if isinstance(key, str) and key.startswith("$")), None)
    if special is None:
        return
    message = ""
    if len(value) > 1:
        message = f'"{_shortened(special)}" stands alone in its object; other keys with "$" go inside "$literal".'
    elif special not in DIRECTIVES:
        message = f'"{_shortened(special)}" is none of {", ".join(DIRECTIVES)}; put it inside "$literal".'
    elif special == "$map" and not _is_pair(value["$map"]):
        message = '"$map" takes a list of two: the rule of the list and the template of an item.'
    if message:
        yield "template_syntax", message, ""


def _keys(value: dict[Any, Any], kind: Kind) -> Iterator[Finding]:
    for key in value:
        if isinstance(key, str):
            yield from _scalar(key, kind)
        else:
            yield f"{kind}_syntax", "A key of an object must be text.", ""


def _scalar(value: Any, kind: Kind) -> Iterator[Finding]:
    if isinstance(value, str):
        if has_half(value):
            yield f"{kind}_text", "A text holds half a character (a lone surrogate).", ""
        if "\x00" in value:
            yield f"{kind}_text", "A text holds the character NUL.", ""
    elif isinstance(value, (int, float)):
        if not isfinite(double(value) if isinstance(value, int) else value):
            yield f"{kind}_number", "A number is not finite.", ""
    elif value is not None:
        yield f"{kind}_syntax", f"A {type(value).__name__} is not a JSON value.", ""


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _shortened(name: str) -> str:
    return name if len(name) <= 40 else name[:40] + "…"


def _kind_of(value: Any) -> str:
    if isinstance(value, str):
        return "a text"
    if isinstance(value, (int, float)):
        return "a number"
    return "a list" if isinstance(value, list) else f"a {type(value).__name__}"
