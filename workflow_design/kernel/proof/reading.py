"""Which fields a rule or a template reads without asking first whether they are there."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.language.reads import Reads

_COMPARED = frozenset({"==", "!=", "===", "!=="})


def read_by_rule(rule: Any) -> set[str]:
    """Dotted paths that are read without a default and that the rule asks nowhere about: `missing`, `!!`, or a
    comparison with null.
    """
    reads = Reads()
    reads.rule(rule)
    if not reads.bare:
        return set()
    asked = Reads()
    _asked(rule, asked)
    return reads.bare - asked.paths


def read_by_template(template: Any) -> set[str]:
    """The same of a template; `{"$?": {"var": …}}` leaves out what isn't there, and so asks."""
    found: set[str] = set()
    _template(template, found)
    return found


def _asked(rule: Any, asked: Reads) -> None:
    if isinstance(rule, list):
        for item in rule:
            _asked(item, asked)
    if not isinstance(rule, dict):
        return
    ((name, raw),) = rule.items()
    operands = raw if isinstance(raw, list) else [raw]
    if name in ("missing", "missing_some"):
        asked.rule(rule)
    elif name == "!!" or (name in _COMPARED and None in operands):
        for operand in operands:
            if _variable(operand):
                asked.rule(operand)
    _asked(operands, asked)


def _variable(rule: Any) -> bool:
    return isinstance(rule, dict) and rule.keys() == {"var"}


def _template(template: Any, found: set[str]) -> None:
    if isinstance(template, list):
        for item in template:
            _template(item, found)
    if not isinstance(template, dict):
        return
    if len(template) == 1:
        ((name, value),) = template.items()
        if name == "$literal" or (name == "$?" and _variable(value)):
            return
        if name in ("$", "$?"):
            found |= read_by_rule(value)
            return
        if name == "$map":
            found |= read_by_rule(value[0])  # what it makes of each item reads the item
            return
    for value in template.values():
        _template(value, found)
