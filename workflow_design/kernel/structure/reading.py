"""What a rule reads: whether there is such a variable, and what is known of it."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.language.budget import Budget
from workflow_design.kernel.language.paths import steps_of
from workflow_design.kernel.structure.findings import Findings, Subject
from workflow_design.kernel.structure.types import LIST, NUMBER, OBJECT, TEXT, UNKNOWN, Type, Types


class Reading:
    """Follows the paths of `var` and `missing`; `count` says how many there were."""

    def __init__(self, findings: Findings, types: Types) -> None:
        self._findings = findings
        self._types = types
        self.count = 0

    def read(self, path: Any, data: Type, subject: Subject, place: str, inner: bool) -> Type:
        """The type of what lies at `path` of `data`; a path that leads nowhere is a finding at `place`."""
        self.count += 1
        steps = steps_of(path, Budget())
        whole = data
        for number, step in enumerate(steps):
            found = self._step(whole, step)
            if isinstance(found, str):
                self._report(found, steps[:number], step, whole, subject, place, inner)
                return UNKNOWN
            whole = found
        return whole

    def _step(self, whole: Type, step: str) -> Type | str:
        """The type one key further, or the code of what is wrong."""
        if whole.present & OBJECT:
            if whole.present & (LIST | TEXT) and (step == "length" or step.isdecimal()):
                return UNKNOWN
            membership, found = self._types.member(whole, step)
            if membership == "known":
                return found
            return "unknown_variable" if membership == "none" else "unknown_property"
        if whole.present & (LIST | TEXT):
            if step == "length":
                return Type(NUMBER)
            if step.isdecimal():
                return self._types.items(whole) if whole.present == LIST else UNKNOWN
            return "path_into_value"
        return "path_into_value" if whole.present else UNKNOWN

    def _report(
        self, code: str, before: tuple[str, ...], step: str, whole: Type, subject: Subject, place: str, inner: bool
    ) -> None:
        owner = ".".join(before)[:200]
        shown = step[:100]
        if code == "path_into_value":
            what = f'"{owner}"' if owner else "the item"
            message = (
                f'{subject.words} reads "{shown}" of {what}, which is {whole.words} and has no such part: read {what} '
                "itself."
            )
            self._findings.error("path_into_value", message, place, subject)
            return
        near = self._findings.near(shown, self._types.listed(whole)) or "."
        if code == "unknown_property":
            of = f'"{owner}"' if owner else "an item"
            message = f'{subject.words} reads "{shown}" of {of}, whose schema doesn\'t list it{near}'
            self._findings.warning("unknown_property", message, place, subject)
            return
        if owner:
            message = f'{subject.words} reads "{owner}.{shown}", which does not exist{near}'
        elif inner:
            message = f'{subject.words} reads "{shown}" of an item, which has no such part{near}'
        else:
            message = f'{subject.words} reads "{shown}", but there is no such field or variable here{near}'
        self._findings.error("unknown_variable", message, place, subject)
