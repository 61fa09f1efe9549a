"""Templates: JSON with rules in it, used to shape inputs and outputs of actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from workflow_design.kernel.language.budget import Budget
from workflow_design.kernel.language.check import check_template
from workflow_design.kernel.language.compiler import compile_rule, weight
from workflow_design.kernel.language.errors import RuleError
from workflow_design.kernel.language.reads import Reads
from workflow_design.kernel.language.values import export

Render: TypeAlias = Callable[[Any, Budget, int], Any]


class _LeftOut:
    __slots__ = ()


_LEFT_OUT: Final = _LeftOut()


class Template:
    """A compiled template; it has no state. `template` is its JSON, the reads are those of a Condition."""

    def __init__(self, template: Any) -> None:
        self.template = template
        reads = Reads()
        self._render = _compile(template, reads, outer=True)
        self.reads = frozenset(reads.paths)
        self.guarded_reads = self.reads - reads.bare
        self.reads_all = reads.everything

    def render(self, data: Any) -> Any:
        """New JSON that shares nothing with `data` or the template. Raises EvaluationError."""
        rendered = self._render(data, Budget(), 0)
        return None if rendered is _LEFT_OUT else rendered


def compile_template(value: Any) -> Template:
    """The template that `value` says. Raises RuleError with every problem found."""
    if problems := check_template(value, ""):
        raise RuleError(problems)
    return Template(value)


def _compile(template: Any, reads: Reads, *, outer: bool) -> Render:
    if isinstance(template, list):
        return _list([_compile(item, reads, outer=outer) for item in template])
    if not isinstance(template, dict):
        return lambda data, budget, depth: export(template, budget, depth)
    if len(template) == 1:
        ((key, value),) = template.items()
        if key == "$literal":
            return lambda data, budget, depth: export(value, budget, depth)
        if key == "$map":
            reads.rule(value[0], outer=outer)
            return _map(value[0], _compile(value[1], reads, outer=False), weight(value[1]))
        if key in ("$", "$?"):
            reads.rule(value, outer=outer)
            return _rule(value, optional=key == "$?")
    return _object({key: _compile(value, reads, outer=outer) for key, value in template.items()})


def _rule(rule: Any, *, optional: bool) -> Render:
    run = compile_rule(rule)

    def render(data: Any, budget: Budget, depth: int) -> Any:
        result = export(run(data, budget), budget, depth)
        return _LEFT_OUT if optional and result is None else result

    return render


def _map(rule: Any, item: Render, cost: int) -> Render:
    run = compile_rule(rule)

    def render(data: Any, budget: Budget, depth: int) -> list[Any]:
        items = run(data, budget)
        if not isinstance(items, list):
            return []
        budget.spend(len(items) * cost)
        budget.hand_out(10)
        made = [item(value, budget, depth + 1) for value in items]
        return [value for value in made if value is not _LEFT_OUT]

    return render


def _list(items: list[Render]) -> Render:
    def render(data: Any, budget: Budget, depth: int) -> list[Any]:
        budget.hand_out(10)
        made = [item(data, budget, depth + 1) for item in items]
        return [value for value in made if value is not _LEFT_OUT]

    return render


def _object(members: dict[str, Render]) -> Render:
    size = 10 + sum(len(key) for key in members)

    def render(data: Any, budget: Budget, depth: int) -> dict[str, Any]:
        budget.hand_out(size)
        made = {key: member(data, budget, depth + 1) for key, member in members.items()}
        return {key: value for key, value in made.items() if value is not _LEFT_OUT}

    return render
