"""Rules in words, for history and messages: "amount ≥ 1000 and region is EU"."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from workflow_design.kernel.language.values import number_text

_LONGEST: Final = 1_000  # characters; longer texts are cut
_PLAIN = re.compile(r"[^\W\d][\w-]*")
_RESERVED: Final = frozenset({"and", "or", "not", "is", "if", "then", "else", "null", "true", "false", "it"})

# How tightly a part binds: a looser part inside a tighter one is put in parentheses.
_CHOICE, _OR, _AND, _NOT, _COMPARED, _SUM, _PRODUCT, _WORD = range(8)
Part = tuple[str, int]

_COMPARISONS: Final = {
    "==": "is",
    "===": "is",
    "!=": "is not",
    "!==": "is not",
    "<": "<",
    "<=": "≤",
    ">": ">",
    ">=": "≥",
    "startsWith": "starts with",
    "endsWith": "ends with",
}
_DENIED: Final = {"startsWith": "does not start with", "endsWith": "does not end with"}


def render_condition(rule: Any) -> str:
    """The condition in words, at most about 1,000 characters."""
    if rule is None or isinstance(rule, bool):
        return "never" if rule is False else "always"
    return render_rule(rule)


def render_rule(rule: Any) -> str:
    """Any checked rule in words, at most about 1,000 characters."""
    text = _part(rule)[0]
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _part(rule: Any) -> Part:
    if isinstance(rule, dict):
        ((name, raw),) = rule.items()
        operands = raw if isinstance(raw, list) else [raw]
        return _WORDS[name](name, operands)
    if isinstance(rule, list):
        return f"[{_listed(rule)}]", _WORD
    if isinstance(rule, str):
        plain = _PLAIN.fullmatch(rule) and rule.lower() not in _RESERVED
        return (rule if plain else json.dumps(rule, ensure_ascii=False)), _WORD
    if isinstance(rule, (int, float)) and not isinstance(rule, bool):
        return number_text(rule), _WORD
    return ("nothing" if rule is None else "true" if rule else "false"), _WORD


def _inside(rule: Any, binding: int) -> str:
    text, own = _part(rule)
    return text if own >= binding else f"({text})"


def _at(operands: list[Any], index: int, binding: int = _SUM) -> str:
    return _inside(operands[index], binding) if index < len(operands) else "nothing"


def _listed(rules: list[Any]) -> str:
    parts: list[str] = []
    length = 0
    for rule in rules:
        part = _inside(rule, _COMPARED)
        length += len(part)
        if length > _LONGEST:
            return ", ".join([*parts, "…"])
        parts.append(part)
    return ", ".join(parts)


def _compared(name: str, operands: list[Any]) -> Part:
    words = _COMPARISONS[name]
    if name in ("==", "===", "!=", "!==") and len(operands) > 1 and operands[1] is None:
        return f"{_at(operands, 0)} {'is not set' if name[0] == '=' else 'is set'}", _COMPARED
    sides = [_at(operands, index) for index in range(3 if name in ("<", "<=") and len(operands) > 2 else 2)]
    return f" {words} ".join(sides), _COMPARED


def _in(operands: list[Any], *, negated: bool) -> str:
    if len(operands) > 1 and isinstance(operands[1], list):
        words = "is not one of" if negated else "is one of"
        return f"{_at(operands, 0)} {words} ({_listed(operands[1])})"
    words = "does not contain" if negated else "contains"
    return f"{_at(operands, 1)} {words} {_at(operands, 0)}"


def _not(name: str, operands: list[Any]) -> Part:
    inner = operands[0] if operands else None
    if isinstance(inner, dict):
        ((denied, raw),) = inner.items()
        sides = raw if isinstance(raw, list) else [raw]
        if denied == "in":
            return _in(sides, negated=True), _COMPARED
        if denied in _DENIED:
            return f"{_at(sides, 0)} {_DENIED[denied]} {_at(sides, 1)}", _COMPARED
    return f"not {_at(operands, 0, _WORD)}", _NOT


def _true(name: str, operands: list[Any]) -> Part:
    return _part(operands[0]) if operands else ("false", _WORD)


def _joined(binding: int) -> Callable[[str, list[Any]], Part]:
    def words(name: str, operands: list[Any]) -> Part:
        if len(operands) == 1:
            return _part(operands[0])
        parts: list[str] = []
        length = 0
        for operand in operands:
            parts.append(_inside(operand, _NOT))
            length += len(parts[-1])
            if length > _LONGEST:  # what follows would be cut
                break
        return f" {name} ".join(parts) or "nothing", binding

    return words


def _arithmetic(sign: str, binding: int) -> Callable[[str, list[Any]], Part]:
    def words(name: str, operands: list[Any]) -> Part:
        if len(operands) == 1:
            if name == "-":
                return f"−{_at(operands, 0, _WORD)}", _WORD
            return (f"number of {_at(operands, 0, _WORD)}", _WORD) if name == "+" else _part(operands[0])
        if not operands:
            return "nothing", _WORD
        tighter = binding + 1  # "a − (b − c)" keeps its parentheses
        first = _inside(operands[0], binding)
        return f" {sign} ".join([first, *(_inside(operand, tighter) for operand in operands[1:])]), binding

    return words


def _call(words: str) -> Callable[[str, list[Any]], Part]:
    return lambda name, operands: (f"{words}({_listed(operands)})", _WORD)


def _var(name: str, operands: list[Any]) -> Part:
    path = operands[0] if operands else ""
    if isinstance(path, (dict, list)):
        word = f"the field named {_inside(path, _WORD)}"
    else:
        word = "it" if path is None or path == "" else path if isinstance(path, str) else number_text(path)
    if len(operands) > 1:
        return f"({word}, or {_at(operands, 1)} if not set)", _WORD
    return word, _WORD


def _choice(name: str, operands: list[Any]) -> Part:
    pieces = []
    for index in range(0, len(operands) - 1, 2):
        pieces.append(f"if {_at(operands, index, _OR)} then {_at(operands, index + 1, _OR)}")
    if len(operands) % 2:
        pieces.append(_at(operands, len(operands) - 1, _OR))
    if len(pieces) == 1 and len(operands) == 1:
        return _part(operands[0])
    return " else ".join(pieces) or "nothing", _CHOICE


def _missing(name: str, operands: list[Any]) -> Part:
    if len(operands) == 1 and isinstance(operands[0], list):
        operands = operands[0]
    if len(operands) == 1:
        return f"{_path(operands[0])} is missing", _COMPARED
    return f"any of {_paths(operands)} is missing", _COMPARED


def _missing_some(name: str, operands: list[Any]) -> Part:
    paths = operands[1] if len(operands) > 1 else []
    listed = paths if isinstance(paths, list) else [paths]
    return f"fewer than {_at(operands, 0)} of {_paths(listed)} are set", _COMPARED


def _paths(paths: list[Any]) -> str:
    return ", ".join(_path(path) for path in paths) or "nothing"


def _path(path: Any) -> str:
    return path if isinstance(path, str) else _inside(path, _WORD)


def _substr(name: str, operands: list[Any]) -> Part:
    length = f", length {_at(operands, 2)}" if len(operands) > 2 else ""
    return f"part of {_at(operands, 0, _WORD)} (from {_at(operands, 1)}{length})", _WORD


def _each(words: str, between: str) -> Callable[[str, list[Any]], Part]:
    def text(name: str, operands: list[Any]) -> Part:
        return f"{words} {_at(operands, 0, _WORD)} {between} {_at(operands, 1, _WORD)}".strip(), _NOT

    return text


def _reduce(name: str, operands: list[Any]) -> Part:
    start = _at(operands, 2)
    return f"{_at(operands, 0, _WORD)} folded from {start} by {_at(operands, 1, _WORD)}", _NOT


_WORDS: Final[dict[str, Callable[[str, list[Any]], Part]]] = {
    **dict.fromkeys(_COMPARISONS, _compared),
    "var": _var,
    "missing": _missing,
    "missing_some": _missing_some,
    "if": _choice,
    "?:": _choice,
    "!": _not,
    "!!": _true,
    "and": _joined(_AND),
    "or": _joined(_OR),
    "in": lambda name, operands: (_in(operands, negated=False), _COMPARED),
    "+": _arithmetic("+", _SUM),
    "-": _arithmetic("−", _SUM),
    "*": _arithmetic("×", _PRODUCT),
    "/": _arithmetic("÷", _PRODUCT),
    "%": _arithmetic("modulo", _PRODUCT),
    "min": _call("smallest of "),
    "max": _call("largest of "),
    "cat": _call("text of "),
    "merge": _call("list of "),
    "substr": _substr,
    "map": _each("each of", "as"),
    "filter": _each("those of", "where"),
    "reduce": _reduce,
    "all": _each("all of", "satisfy"),
    "some": _each("some of", "satisfy"),
    "none": _each("none of", "satisfy"),
}
