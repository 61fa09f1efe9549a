"""What a check has to say about a definition, in one form for every check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "unproved"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    `path` is an RFC 6901 pointer into the document (`/tasks/2/output_schema`, "" for the whole); `code` is one of
    `docs/checks.md`; `counterexample` holds concrete field values (an absent field is left out) and `trace` the keys
    of completed tasks that lead to what `message` tells.
    """

    severity: Severity
    code: str
    message: str
    path: str = ""
    task: str | None = None
    transition: int | None = None
    counterexample: dict[str, Any] | None = None
    trace: tuple[str, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The form of answers; what does not apply is left out."""
        answer: dict[str, Any] = {
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "path": self.path,
        }
        for name in ("task", "transition", "counterexample"):
            if (value := getattr(self, name)) is not None:
                answer[name] = value
        if self.trace is not None:
            answer["trace"] = list(self.trace)
        return answer


def pointer(*parts: str | int) -> str:
    """The RFC 6901 pointer made of `parts`."""
    return "".join([f"/{part}" if type(part) is int else "/" + _escaped(part) for part in parts])


def _escaped(part: str | int) -> str:
    text = str(part)
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text
