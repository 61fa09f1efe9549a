"""Conditions: a rule that is true or false of a ticket's data."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from workflow_design.kernel.language.budget import Budget
from workflow_design.kernel.language.check import check_condition
from workflow_design.kernel.language.compiler import compile_rule
from workflow_design.kernel.language.errors import RuleError
from workflow_design.kernel.language.parse import parse_condition
from workflow_design.kernel.language.reads import Reads
from workflow_design.kernel.language.render import render_condition
from workflow_design.kernel.language.values import export, finite, truthy


class Condition:
    """A compiled condition; it has no state and may be used by any number of threads.

    `rule` is its JSON value (null is always true). `reads` are the dotted paths it reads from the data, root first;
    `guarded_reads` those of them that it only reads with a default or in `missing`, so that an absent value is
    expected; `reads_all` is true when a path is computed or the whole data is read, so that `reads` is incomplete.
    """

    def __init__(self, rule: Any) -> None:
        self.rule = rule
        self._run = compile_rule(True if rule is None else rule)

    @cached_property
    def _reads(self) -> Reads:
        reads = Reads()
        reads.rule(self.rule)
        return reads

    @cached_property
    def reads(self) -> frozenset[str]:
        return frozenset(self._reads.paths)

    @property
    def guarded_reads(self) -> frozenset[str]:
        return self.reads - self._reads.bare

    @property
    def reads_all(self) -> bool:
        return self._reads.everything

    def evaluate(self, data: Any, budget: Budget | None = None) -> bool:
        """Whether the condition holds for `data`. Raises EvaluationError, which is never "false".

        Several conditions that are evaluated for one purpose may share a `budget`.
        """
        result = self._run(data, Budget() if budget is None else budget)
        if result is True or result is False:
            return result
        if isinstance(result, float):
            finite(result)
        return truthy(result)

    def value(self, data: Any) -> Any:
        """What the rule itself gives for `data`, as JSON. Raises EvaluationError."""
        budget = Budget()
        return export(self._run(data, budget), budget)

    @cached_property
    def text(self) -> str:
        """The condition as people read it: "amount ≥ 1000 and region is EU"."""
        return render_condition(self.rule)

    def __repr__(self) -> str:
        return f"<Condition {self.text}>"


def compile_condition(value: Any) -> Condition:
    """The condition that `value` says (a string is parsed as JSON). Raises RuleError with every problem found."""
    if problems := check_condition(value, ""):
        raise RuleError(problems)
    return Condition(parse_condition(value))
