"""Where the checks put what they find, with bounds on how much and on the work it may take."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from workflow_design.kernel import limits
from workflow_design.kernel.problems import Problem, Severity

MAX_COLLECTED: int = 2 * limits.MAX_PROBLEMS
"""More warnings than this are counted, not kept; after more errors no further rule is looked at."""
MAX_NODES = 150_000
"""Values of conditions and templates that are looked at; about half a second."""
_MAX_COMPARED = 5_000
"""Names that are compared with wrong ones, over all findings."""


class OutOfWorkError(Exception):
    """The conditions and templates of a bundle are too large together, or too wrong, to look at all of them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: `words` begin its sentence, `path` is where it lies in the document."""

    words: str
    path: str
    task: str | None = None
    transition: int | None = None


@dataclass(slots=True)
class Findings:
    """The findings of one pass."""

    problems: list[Problem] = field(default_factory=list)
    left_out: int = 0
    errors: int = 0
    _nodes: int = MAX_NODES
    _comparisons: int = _MAX_COMPARED

    def add(
        self,
        severity: Severity,
        code: str,
        message: str,
        path: str,
        *,
        task: str | None = None,
        transition: int | None = None,
    ) -> None:
        """One finding; warnings beyond MAX_COLLECTED are only counted."""
        if severity == "error":
            self.errors += 1
        elif severity == "warning" and len(self.problems) - self.errors >= MAX_COLLECTED:
            self.left_out += 1
            return
        self.problems.append(Problem(severity, code, message, path, task=task, transition=transition))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Errors that other parts of the kernel have found."""
        for problem in problems:
            self.add("error", problem.code, problem.message, problem.path, task=problem.task)

    def error(self, code: str, message: str, path: str, subject: Subject) -> None:
        """An error about `subject`."""
        self.add("error", code, message, path, task=subject.task, transition=subject.transition)

    def warning(self, code: str, message: str, path: str, subject: Subject) -> None:
        """A warning about `subject`."""
        self.add("warning", code, message, path, task=subject.task, transition=subject.transition)

    def spend(self, nodes: int) -> None:
        """Counts looking at that many values. Raises OutOfWorkError."""
        self._nodes -= nodes
        if self._nodes < 0 or self.errors > MAX_COLLECTED:
            raise OutOfWorkError

    def near(self, name: str, known: Collection[str]) -> str:
        """`; did you mean "x"?` with the known name that is most like `name`, or nothing."""
        self._comparisons -= len(known)
        if self._comparisons < 0:
            return ""
        folded = {other.casefold(): other for other in known}
        found = get_close_matches(name[:100].casefold(), folded, n=1, cutoff=0.6)
        return f'; did you mean "{folded[found[0]]}"?' if found else ""

    def result(self) -> list[Problem]:
        """The findings in the order found; of too many, errors first, then how many aren't listed."""
        surplus = len(self.problems) + self.left_out - limits.MAX_PROBLEMS
        if surplus <= 0:
            return self.problems
        ordered = sorted(self.problems, key=lambda problem: problem.severity)
        severity = ordered[limits.MAX_PROBLEMS].severity
        message = f"{surplus:,} more problems aren't listed."
        return [*ordered[: limits.MAX_PROBLEMS], Problem(severity, "too_many_problems", message)]
