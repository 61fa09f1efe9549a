"""Conditions and the rules in templates, walked with the types of what they read."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from workflow_design.kernel.language import OPERATORS
from workflow_design.kernel.language.compiler import is_literal
from workflow_design.kernel.problems import pointer
from workflow_design.kernel.structure.comparing import Comparing, Operand
from workflow_design.kernel.structure.findings import Findings, Subject
from workflow_design.kernel.structure.reading import Reading
from workflow_design.kernel.structure.types import (
    BOOLEAN,
    LIST,
    NUMBER,
    TEXT,
    UNKNOWN,
    Type,
    Types,
    either,
    escaped,
    literal,
)

EQUALITY = frozenset({"==", "===", "!=", "!=="})
ORDER = frozenset({"<", "<=", ">", ">="})
ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "min", "max"})
LOOPS = frozenset({"map", "filter", "reduce", "all", "some", "none"})
_BELOW = {name: pointer(name) for name in OPERATORS}
_TRUTH = Type(BOOLEAN)
_AMOUNT = Type(NUMBER)
_WORDS = Type(TEXT)
_ITEMS = Type(LIST)


class Scope(NamedTuple):
    """What `var` looks into; `inner` in the body of a loop, where that is an item."""

    data: Type
    inner: bool = False


class Rules:
    """Walks rules; what is wrong with them goes to `findings`."""

    def __init__(self, findings: Findings, types: Types) -> None:
        self._findings = findings
        self._types = types
        self._reading = Reading(findings, types)
        self._comparing = Comparing(findings)

    def condition(self, rule: Any, data: Type, subject: Subject) -> None:
        """Checks a condition."""
        if rule is None or rule is True:
            return
        before = self._reading.count, self._comparing.constants
        self._rule(rule, Scope(data), subject, subject.path)
        if (self._reading.count, self._comparing.constants) == before:
            says = "is always false, so that it is never taken" if rule is False else "reads no field"
            message = f"{subject.words} {says}: name a field in it, or leave it out."
            self._findings.warning("constant_condition", message, subject.path, subject)

    def template(self, template: Any, scope: Scope, subject: Subject, path: str) -> Type:
        """Checks a template; the type of what it makes."""
        self._findings.spend(1)
        if isinstance(template, list):
            for index, item in enumerate(template):
                self.template(item, scope, subject, escaped(path, index))
            return _ITEMS
        if not isinstance(template, dict):
            return literal(template)
        if len(template) == 1:
            ((key, value),) = template.items()
            if key == "$literal":
                return literal(value)
            if key in ("$", "$?"):
                return self._rule(value, scope, subject, escaped(path, key))
            if key == "$map":
                return self._map(value, scope, subject, escaped(path, key))
        members = {key: self.template(value, scope, subject, escaped(path, key)) for key, value in template.items()}
        return Type(kinds=literal({}).kinds, members=members)

    def _map(self, value: Any, scope: Scope, subject: Subject, path: str) -> Type:
        source = self._rule(value[0], scope, subject, escaped(path, 0))
        self._comparing.loops_over(Operand(value[0], source, escaped(path, 0)), "$map", subject)
        self.template(value[1], Scope(self._types.items(source), True), subject, escaped(path, 1))
        return _ITEMS

    def _rule(self, rule: Any, scope: Scope, subject: Subject, path: str) -> Type:
        self._findings.spend(1)
        if isinstance(rule, list):
            if is_literal(rule):
                self._findings.spend(len(rule))
                return _ITEMS
            for index, item in enumerate(rule):
                self._rule(item, scope, subject, f"{path}/{index}")
            return _ITEMS
        if not isinstance(rule, dict):
            return literal(rule)
        ((name, raw),) = rule.items()
        below = path + _BELOW[name]
        places = [f"{below}/{index}" for index in range(len(raw))] if isinstance(raw, list) else [below]
        operands = raw if isinstance(raw, list) else [raw]
        if name == "var":
            return self._var(operands, places, scope, subject)
        if name in ("missing", "missing_some"):
            self._missing(name, operands, places, scope, subject)
            return _ITEMS
        if name in LOOPS:
            return self._loop(name, operands, places, scope, subject)
        found = [
            Operand(operand, self._rule(operand, scope, subject, place), place)
            for operand, place in zip(operands, places, strict=True)
        ]
        return self._operator(name, found, subject, path)

    def _var(self, operands: list[Any], places: list[str], scope: Scope, subject: Subject) -> Type:
        path = operands[0] if operands else ""
        default = [
            self._rule(operand, scope, subject, place) for operand, place in zip(operands[1:], places[1:], strict=True)
        ][:1]
        if isinstance(path, dict | list):
            self._rule(path, scope, subject, places[0])
            self._reading.count += 1
            return UNKNOWN
        found = self._reading.read(path, scope.data, subject, places[0] if places else subject.path, scope.inner)
        return either([found, *default]) if default else found

    def _missing(self, name: str, operands: list[Any], places: list[str], scope: Scope, subject: Subject) -> None:
        first = 1 if name == "missing_some" else 0
        for operand, place in zip(operands[:first], places[:first], strict=True):
            self._rule(operand, scope, subject, place)
        listed = list(zip(operands[first:], places[first:], strict=True))
        if listed and isinstance(listed[0][0], list):
            items, place = listed[0]
            listed = [(item, escaped(place, index)) for index, item in enumerate(items)]
        for operand, place in listed:
            if isinstance(operand, dict | list):
                self._rule(operand, scope, subject, place)
                self._reading.count += 1
            else:
                self._findings.spend(1)
                self._reading.read(operand, scope.data, subject, place, scope.inner)

    def _loop(self, name: str, operands: list[Any], places: list[str], scope: Scope, subject: Subject) -> Type:
        if not operands:
            return UNKNOWN
        source = self._rule(operands[0], scope, subject, places[0])
        self._comparing.loops_over(Operand(operands[0], source, places[0]), name, subject)
        item = self._types.items(source)
        for operand, place in zip(operands[2:], places[2:], strict=True):
            self._rule(operand, scope, subject, place)
        if name == "reduce":
            item = Type(members={"current": item, "accumulator": UNKNOWN})
        if len(operands) > 1:
            self._rule(operands[1], Scope(item, True), subject, places[1])
        if name == "filter":
            return source
        return {"map": _ITEMS, "reduce": UNKNOWN}.get(name, _TRUTH)

    def _operator(self, name: str, operands: list[Operand], subject: Subject, path: str) -> Type:
        types = [operand.type for operand in operands]
        if name in EQUALITY or name in ORDER:
            # `<` and `<=` take a third operand, for "between".
            between = name in ("<", "<=")
            for left, right in pairwise(operands[: 3 if between else 2]):
                self._comparing.compare(left, right, subject, path, order=name in ORDER)
            return _TRUTH
        if name == "in":
            if len(operands) > 1:
                self._comparing.contains(operands[0], operands[1], self._types.items(types[1]), subject, path)
            return _TRUTH
        if name in ARITHMETIC:
            # One operand of + is JSONLogic's way to make a number of a text.
            if name != "+" or len(operands) > 1:
                self._comparing.calculates(operands, name, subject)
            return _AMOUNT
        if name in ("startsWith", "endsWith"):
            self._comparing.begins(operands[:2], name, subject)
            return _TRUTH
        if name in ("if", "?:"):
            results = types[1::2] + (types[-1:] if len(types) % 2 else [literal(None)])
            return either(results)
        if name in ("and", "or"):
            return either(types)
        return {"cat": _WORDS, "substr": _WORDS, "merge": _ITEMS}.get(name, _TRUTH)


def is_plain(template: Any) -> bool:
    """Whether a template is an object whose keys are written out."""
    return isinstance(template, dict) and not (len(template) == 1 and next(iter(template)).startswith("$"))
