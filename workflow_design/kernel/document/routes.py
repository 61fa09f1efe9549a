"""The connections of an integration graph, with its condition nodes taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow_design.kernel.limits import MAX_TRANSITIONS
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.shape import report


@dataclass(frozen=True, slots=True)
class Connection:
    """One way from a node to a node (null: submission, end). `made` when it stands for several connections."""

    source: str | None
    target: str | None
    condition: Any
    rest: dict[str, Any]
    path: str
    made: bool = False

    def transition(self, keys: Mapping[str, str | None]) -> dict[str, Any]:
        """The raw transition between the tasks of its nodes; a trigger's is null."""
        return {
            "from": None if self.source is None else keys[self.source],
            "to": None if self.target is None else keys[self.target],
            "condition": None if self.condition is True else self.condition,
            **self.rest,
        }


def without_conditions(
    connections: list[Connection], rules: Mapping[str, Any], problems: list[Problem]
) -> list[Connection]:
    """The connections between tasks: each way through condition nodes becomes one, with all their conditions."""
    for node, rule in rules.items():
        into = [c for c in connections if c.target == node and c.source != node]
        out = [c for c in connections if c.source == node]
        if any(c.target == node for c in out):
            report(problems, "condition_circle", f'the condition node "{node}" leads back to itself', out[0].path)
            return []
        if not out:
            place = into[0].path if into else "/nodes"
            report(problems, "condition_end", f'the condition node "{node}" leads nowhere', place)
        into = into or [Connection(None, node, None, {}, "/nodes", True)]
        if len(connections) + len(into) * len(out) > MAX_TRANSITIONS:
            report(problems, "too_many", f"makes more than {MAX_TRANSITIONS:,} transitions", "/connections")
            return []
        through = [_through(before, rule, after, problems) for before in into for after in out]
        connections = [c for c in connections if node not in (c.source, c.target)] + through
    return connections


def _through(before: Connection, rule: Any, after: Connection, problems: list[Problem]) -> Connection:
    rest = {**before.rest, **after.rest}
    if after.rest.get("is_default"):
        if before.condition is not None:
            message = "a default can't follow a connection that has a condition itself"
            report(problems, "default_with_condition", message, f"{after.path}/is_default")
        return Connection(before.source, after.target, None, rest, after.path, True)
    chosen = after.condition
    if rule is not None and (chosen is None or chosen is True):
        chosen = rule
    elif rule is not None and chosen is False:
        chosen = {"!": [rule]}
    elif rule is not None:
        chosen = _all(rule, chosen)
    return Connection(before.source, after.target, _all(before.condition, chosen), rest, after.path, True)


def joined(connections: list[Connection]) -> list[Connection]:
    """Ways from one node to another for one event as one, taken when any of them is."""
    found: dict[tuple[Any, ...], Connection] = {}
    for connection in connections:
        key = (connection.source, connection.target, str(connection.rest.get("on_event", "completed")))
        known = found.get(key)
        if known is None:
            found[key] = connection
        elif known.condition is not None and not known.rest.get("is_default"):
            either = None
            if connection.condition not in (None, True):
                either = {"or": [known.condition, connection.condition]}
            found[key] = Connection(known.source, known.target, either, known.rest, known.path, True)
    return list(found.values())


def _all(first: Any, second: Any) -> Any:
    if first is None or first is True:
        return second
    if second is None or second is True:
        return first
    return {"and": [first, second]}
