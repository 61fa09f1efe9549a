"""What goes wrong with rules: before they are stored, and while they run."""

from __future__ import annotations

from collections.abc import Sequence

from workflow_design.kernel.problems import Problem


class RuleError(ValueError):
    """A condition or template that can't be stored; `problems` says everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


class EvaluationError(Exception):
    """An evaluation that came to no result. It is never "false": the run stops with an Incident.

    `code` is one of `operation_budget`, `result_size`, `result_depth`, `not_finite`, `split_character`.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)
