"""Conditions that arrive as text: parsed once, with the depth bounded before the parser recurses."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any

from workflow_design.kernel.language.errors import RuleError
from workflow_design.kernel.language.limits import MAX_CHARACTERS, MAX_DEPTH
from workflow_design.kernel.problems import Problem

_STRING_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_LONGEST_NUMBER = 400  # digits; a longer one is past every double


def parse_condition(value: Any) -> Any:
    """The JSON value of a condition: a string is parsed once as JSON, everything else is given back as it is.

    Raises RuleError with code `condition_syntax`, `condition_too_deep` or `condition_too_large`.
    """
    if not isinstance(value, str):
        return value
    if len(value) > MAX_CHARACTERS:
        raise _refusal("condition_too_large", f"The condition is longer than {MAX_CHARACTERS:,} characters.")
    if _depth(value) > MAX_DEPTH:
        raise _refusal("condition_too_deep", f"The condition is nested more than {MAX_DEPTH} levels deep.")
    try:
        return json.loads(
            value,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except (ValueError, RecursionError) as error:
        hint = "" if value.strip() else " Leave it null when it always holds."
        raise _refusal("condition_syntax", f"The condition is text that is not JSON: {error}.{hint}")


def _refusal(code: str, message: str) -> RuleError:
    return RuleError([Problem("error", code, message)])


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        mark = token[0]
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is there twice")
    return made


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError("a number is too large")
    return value


def _int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number is too large")
    return int(text)
