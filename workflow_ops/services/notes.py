"""What the history of a ticket, or of an execution without one, remembers of a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from core.models import Actor
from workflow_design.kernel.engine import Step
from workflow_design.versions import Compiled


@dataclass(slots=True)
class Note:
    """One history entry in the making. `about` is of the run: its id, its ticket's id or None, and what to call it."""

    event: str
    run: int
    ticket: int | None
    detail: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)

    def step(self, version: Compiled, done: Step, computed: str | None = None) -> None:
        """Remember conditions, what opened and what stopped."""
        told: dict[str, Any] = {} if computed is None else {"computed": computed}
        if done.conditions:
            told["conditions"] = [
                {
                    "transition": evaluated.transition,
                    "condition": version.graph.rule(evaluated.transition).condition.text,
                    "value": evaluated.value,
                    "inputs": evaluated.inputs,
                }
                for evaluated in done.conditions
            ]
        if done.opened:
            told["opened"] = [opened.key for opened in done.opened]
        if done.incidents:
            told["incidents"] = [{"code": stop.code, "message": stop.message} for stop in done.incidents]
        if told:
            self.steps.append(told)

    def entry(self, actor: Actor, last: Step) -> dict[str, Any]:
        """The row's values."""
        detail = {**self.detail, "status": last.marking.status, "steps": self.steps}
        return {
            "actor_id": actor.id,
            "actor": actor.name,
            "subject_type": "execution" if self.ticket is None else "ticket",
            "subject_id": self.run if self.ticket is None else self.ticket,
            "subject": f"execution {self.run}" if self.ticket is None else f"#{self.ticket}",
            "event": self.event,
            "detail": orjson.dumps(detail).decode(),
        }
