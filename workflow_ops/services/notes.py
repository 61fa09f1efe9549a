"""What the history of a ticket, or of an execution without one, remembers."""

from __future__ import annotations

from typing import Any

import orjson

from core.models import Actor, record
from users.models import User
from workflow_design.kernel.engine import Step
from workflow_ops.services.running import Run


class Note:
    """One history entry about a run, in the making."""

    def __init__(self, run: Run, event: str, **detail: Any) -> None:
        self.run = run
        self.event = event
        self.detail = detail
        self.steps: list[dict[str, Any]] = []

    def step(self, done: Step, computed: str | None = None) -> None:
        """Remember conditions, what opened and what stopped."""
        told: dict[str, Any] = {} if computed is None else {"computed": computed}
        if done.conditions:
            told["conditions"] = [
                {
                    "transition": evaluated.transition,
                    "condition": self.run.version.graph.rule(evaluated.transition).condition.text,  # type: ignore[union-attr]
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

    def record(self, user: User | None) -> None:
        """Write it, without a step."""
        subject_type, subject_id, subject = self.run.subject
        record(
            actor=Actor.of(user),
            event=self.event,
            subject_type=subject_type,
            subject_id=subject_id,
            subject=subject,
            detail=self.detail,
        )

    def entry(self, actor: Actor, last: Step) -> dict[str, Any]:
        """The row's values, with the steps that led to `last`."""
        subject_type, subject_id, subject = self.run.subject
        detail = {**self.detail, "status": last.marking.status, "steps": self.steps}
        return {
            "actor_id": actor.id,
            "actor": actor.name,
            "subject_type": subject_type,
            "subject_id": subject_id,
            "subject": subject,
            "event": self.event,
            "detail": orjson.dumps(detail).decode(),
        }
