"""Where a run stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Status = Literal["NOT_STARTED", "IN_PROGRESS", "COMPLETED", "CANCELLED", "ERROR"]
STATUSES = get_args(Status)

# The number under which the run itself is stopped; task instances are numbered from 1.
RUN = 0


@dataclass(frozen=True, slots=True)
class Marking:
    """Tokens on transitions and open task instances. The engine makes a new one each step and changes none.

    - `tokens`: transition index → how many lie on it (at least 1)
    - `open`: number of a task instance → index of its task, the stopped ones too
    - `stopped`: number → what an Incident stopped: the routing after `completed`, `timeout` or `error`, or
      the work itself where the task has no exit for that event; `RUN` → `start`, `stuck` or `end`
    - `next_number`: the number that the next opened task instance gets
    - `status`: that of the WorkflowInstance (ON_HOLD is the caller's)
    """

    tokens: Mapping[int, int] = field(default_factory=dict)
    open: Mapping[int, int] = field(default_factory=dict)
    stopped: Mapping[int, str] = field(default_factory=dict)
    next_number: int = 1
    status: Status = "NOT_STARTED"

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` turns into an equal marking."""
        return {
            "tokens": {str(transition): count for transition, count in self.tokens.items()},
            "open": {str(number): task for number, task in self.open.items()},
            "stopped": {str(number): why for number, why in self.stopped.items()},
            "next": self.next_number,
            "status": self.status,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Marking:
        """The marking that `to_json` wrote. ValueError or KeyError when the value is none."""
        if value["status"] not in STATUSES:
            raise ValueError(f"{value['status']!r} is no status of a run.")
        return cls(
            tokens={int(transition): count for transition, count in value["tokens"].items()},
            open={int(number): task for number, task in value["open"].items()},
            stopped={int(number): why for number, why in value["stopped"].items()},
            next_number=value["next"],
            status=value["status"],
        )
