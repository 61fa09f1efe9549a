"""What has to hold outside of a definition for its tickets to come to an end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PEOPLE = "People act: every form that opens is completed some day."
CALLS = "Every call of an action is answered, fails or times out."
CALLBACKS = "Callbacks arrive, or the task that waits for them times out."
LOOPS = "Loops end: where a condition may lead on, it does so some day."


def assumptions(bundle: Mapping[str, Any]) -> list[str]:
    """The sentences that apply to a definition, which no check of it can show."""
    kinds = {task["task_type"] for task in bundle["tasks"]}
    called = any(task["task_type"] != "FORM" and task["action"] != "compute" for task in bundle["tasks"])
    found = [(PEOPLE, "FORM" in kinds), (CALLS, called), (CALLBACKS, "ASYNC_ACTION" in kinds), (LOOPS, _loops(bundle))]
    return [sentence for sentence, applies in found if applies]


def _loops(bundle: Mapping[str, Any]) -> bool:
    """Whether transitions lead in a circle: some task remains when those that nothing leads to are taken away."""
    waiting = {task["key"]: 0 for task in bundle["tasks"]}
    after: dict[str, list[str]] = {}
    for transition in bundle["transitions"]:
        source, target = transition["from"], transition["to"]
        if source in waiting and target in waiting:
            after.setdefault(source, []).append(target)
            waiting[target] += 1
    ready = [key for key, count in waiting.items() if not count]
    taken = 0
    while ready:
        taken += 1
        for target in after.get(ready.pop(), ()):
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return taken < len(waiting)
