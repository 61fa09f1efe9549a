"""What has to hold outside of a definition for its tickets to come to an end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PEOPLE = "People act: every form that opens is completed some day."
CALLS = "Every call of an action is answered, fails or times out."
CALLBACKS = "Callbacks arrive, or the task that waits for them times out."
LOOPS = "Loops end: where a condition may lead on, it does so some day."
ANSWERS = "What actions are answered and what they compute fits their output_schema."
SIZES = (
    "Where schemas set no limits, texts stay below 20,000 characters, lists below 1,000 items and numbers below 10^100."
)
TYPES = "Runs are opened through a ticket type: one that is started without may lack what the ticket type gives."


def assumptions(bundle: Mapping[str, Any]) -> list[str]:
    """The sentences that apply to a definition, which no check of it can show."""
    kinds = {task["task_type"] for task in bundle["tasks"]}
    called = any(task["task_type"] != "FORM" and task["action"] != "compute" for task in bundle["tasks"])
    answered = any(task["task_type"] != "FORM" and task["output_schema"] for task in bundle["tasks"])
    decides = any(isinstance(transition["condition"], dict) for transition in bundle["transitions"])
    found = [
        (PEOPLE, "FORM" in kinds),
        (CALLS, called),
        (CALLBACKS, "ASYNC_ACTION" in kinds),
        (ANSWERS, answered),
        (LOOPS, _loops(bundle)),
        (SIZES, decides or any(task["input_transform"] or task["output_transform"] for task in bundle["tasks"])),
        (TYPES, decides and bool(bundle["tickets"])),
    ]
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
