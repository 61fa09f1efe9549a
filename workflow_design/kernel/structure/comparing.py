"""Whether the operands of an operator go together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from workflow_design.kernel.language.compiler import is_literal
from workflow_design.kernel.schemas import canonical_text
from workflow_design.kernel.structure.findings import Findings, Subject
from workflow_design.kernel.structure.types import (
    LIST,
    NULL,
    NUMBER,
    OBJECT,
    TEXT,
    Type,
    escaped,
    form_of,
    key_of,
    kind_of,
    literal,
)

_EXAMPLES = {"date": "2026-11-20", "date-time": "2026-11-20T09:30:00Z"}
_MAX_ITEMS = 1_000
"""Items of a list that is written out that are compared one by one."""


class Operand(NamedTuple):
    """A rule, what it gives, and where it stands."""

    rule: Any
    type: Type
    path: str

    @property
    def words(self) -> str:
        """As people read it: `"amount" (a number)`, `"12"`."""
        if is_literal(self.rule):
            return shown(self.rule)
        if isinstance(self.rule, dict) and "var" in self.rule:
            path = self.rule["var"]
            name = path[0] if isinstance(path, list) and path else path
            if isinstance(name, str) and name:
                return f'"{name[:100]}" ({self.type.words})'
        return f"a value that is {self.type.words}"


def shown(value: Any) -> str:
    """A value as JSON, shortened."""
    text = canonical_text(value)
    return text if len(text) <= 60 else text[:59] + "…"


class Comparing:
    """Checks operands; `constants` counts the comparisons that read nothing."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.constants = 0
        self._told: Subject | None = None  # whose first constant comparison has been reported

    def compare(self, left: Operand, right: Operand, subject: Subject, path: str, *, order: bool) -> None:
        """== and its like; with `order`, < and its like."""
        if is_literal(left.rule) and is_literal(right.rule):
            self.constants += 1
            if subject is self._told:
                return
            self._told = subject
            message = (
                f"{subject.words} compares {shown(left.rule)} with {shown(right.rule)}, which are both constant: "
                'a field is read with {"var": "its name"}.'
            )
            self._findings.warning("constant_condition", message, path, subject)
            return
        if left.rule == right.rule:
            message = (
                f"{subject.words} compares {left.words} with itself, so that the result never changes: compare it with "
                "something else."
            )
            self._findings.warning("self_comparison", message, path, subject)
            return
        if self._mismatch(left, right, subject, path, order=order):
            return
        for one, other in ((left, right), (right, left)):
            self._date(one, other, subject, path, order=order)
        if not order:
            self._options(left, right, subject)

    def contains(self, needle: Operand, whole: Operand, item: Type, subject: Subject, path: str) -> None:
        """`in`: a part of a text, or an item of a list."""
        if isinstance(whole.rule, list):
            for index, value in enumerate(whole.rule[:_MAX_ITEMS]):
                if not isinstance(value, dict | list):
                    place = escaped(whole.path, index)
                    self._item(needle, Operand(value, literal(value), place), subject, place)
            return
        kinds = whole.type.present
        if kinds and not kinds & (LIST | TEXT):
            message = f'{subject.words} looks with "in" into {whole.words}: it must be a list or text.'
            self._findings.error("not_a_list", message, whole.path, subject)
        elif kinds == LIST:
            self._item(needle, Operand(whole.rule, item, whole.path), subject, path)
        elif kinds == TEXT and needle.type.present and not needle.type.present & ~(LIST | OBJECT):
            message = f"{subject.words} looks for {needle.words} in {whole.words}: only text can be part of text."
            self._findings.error("type_mismatch", message, path, subject)

    def _item(self, needle: Operand, item: Operand, subject: Subject, path: str) -> None:
        if is_literal(needle.rule) and is_literal(item.rule):
            return
        if not self._mismatch(needle, item, subject, path, order=False):
            self._date(needle, item, subject, path, order=False)
            self._date(item, needle, subject, path, order=False)
            self._options(needle, item, subject)

    def loops_over(self, source: Operand, name: str, subject: Subject) -> None:
        """What map, filter and the like go through."""
        if source.type.present and not source.type.present & LIST:
            message = f'{subject.words} goes with "{name}" through {source.words}, which is no list.'
            self._findings.error("not_a_list", message, source.path, subject)

    def calculates(self, operands: Iterable[Operand], name: str, subject: Subject) -> None:
        """+ and its like."""
        for operand in operands:
            if operand.type.present and not operand.type.present & NUMBER:
                message = f'{subject.words} calculates with {operand.words}: "{name}" takes numbers.'
                self._findings.error("not_a_number", message, operand.path, subject)

    def begins(self, operands: Iterable[Operand], name: str, subject: Subject) -> None:
        """startsWith and endsWith, which are false of anything but text."""
        for operand in operands:
            if operand.type.present and not operand.type.present & TEXT:
                message = f'{subject.words} uses "{name}" with {operand.words}: it is never true of anything but text.'
                self._findings.error("not_text", message, operand.path, subject)

    def fits(self, made: Type, wanted: Type, name: str, subject: Subject, path: str) -> None:
        """Whether what a template makes for the output `name` can be what its schema wants."""
        if made.kinds == NULL and wanted.kinds & NULL:
            return
        kinds = made.present or NULL
        if not kinds & wanted.kinds:
            message = f'{subject.words} makes {made.words} for "{name}", which must be {wanted.words}.'
            self._findings.error("type_mismatch", message, path, subject)
        elif made.options and wanted.options is not None and made.options.keys().isdisjoint(wanted.options):
            message = (
                f'{subject.words} makes a value for "{name}" that its schema doesn\'t list{self._near(made, wanted)}'
            )
            self._findings.error("unknown_option", message, path, subject)

    def _mismatch(self, left: Operand, right: Operand, subject: Subject, path: str, *, order: bool) -> bool:
        first, second = left.type.present, right.type.present
        apart = bool(first and second and not first & second)
        unordered = order and any(kinds and not kinds & (NUMBER | TEXT) for kinds in (first, second))
        if not (apart or unordered):
            return False
        why = (
            "they never have the same type; compare like with like" if apart else "only numbers and texts have an order"
        )
        message = f"{subject.words} compares {left.words} with {right.words}: {why}."
        self._findings.error("type_mismatch", message, path, subject)
        return True

    def _date(self, field: Operand, other: Operand, subject: Subject, path: str, *, order: bool) -> None:
        """A date against what is none, and against a date with time."""
        form = field.type.form
        if form is None:
            return
        if isinstance(other.rule, str):
            given = form_of(other.rule)
        elif other.type.form is not None and field is not other:
            given = other.type.form
        else:
            return
        if given == form:
            return
        if given is None or (not order and isinstance(other.rule, str)):
            message = (
                f"{subject.words} compares {field.words} with {other.words}, which is written otherwise: "
                f'write it as "{_EXAMPLES[form]}".'
            )
            self._findings.error("date_mismatch", message, other.path, subject)
        elif isinstance(other.rule, str) or form == "date":  # of two fields, once
            how = (
                "are never equal"
                if not order
                else "are compared as texts: on the same day the one without time is less"
            )
            message = f"{subject.words} compares {field.words} with {other.words}: a date and a date with time {how}."
            self._findings.warning("date_with_time", message, path, subject)

    def _options(self, left: Operand, right: Operand, subject: Subject) -> None:
        """A value against one that can only be one of a few."""
        for one, other in ((left, right), (right, left)):
            options = one.type.options
            if options is None or not is_literal(other.rule) or isinstance(other.rule, list) or is_literal(one.rule):
                continue
            if kind_of(other.rule) == NULL or key_of(other.rule) in options:
                continue
            message = (
                f"{subject.words} compares {one.words} with {other.words}, which it never is"
                f"{self._near(other.type, one.type)}"
            )
            self._findings.error("unknown_option", message, other.path, subject)

    def _near(self, given: Type, known: Type) -> str:
        names = [value for value in (known.options or {}).values() if isinstance(value, str)]
        value = next(iter((given.options or {}).values()), None)
        near = self._findings.near(value, names) if isinstance(value, str) else ""
        if near or not known.options:
            return near or "."
        listed = ", ".join(shown(option) for option in list(known.options.values())[:10])
        return f" (it is one of: {listed}{', …' if len(known.options) > 10 else ''})."
