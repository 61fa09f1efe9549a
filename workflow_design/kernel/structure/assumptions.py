"""What has to hold outside of a definition for its tickets to come to an end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PEOPLE = "People act: every form that opens can be filled in, and is completed some day."
CALLS = "Every call of an action is answered, fails or times out."
CALLBACKS = "Callbacks arrive, or the task that waits for them times out."
LOOPS = "Loops end: what people and calls may give again and again, they give some day."
SUCCESS = (
    "Calls succeed in the end where a task has no error transition, and in time where it has no timeout transition: "
    "otherwise an incident waits for a person."
)
OPERATIONS = "No worker calls integrations yet: a ticket admin completes the tasks that name one."
CHILDREN = "Runs of other workflows that a task waits for can be started, and come to an end."
ANSWERS = (
    "What actions are answered can be made into their output, and that and what they compute fits their output_schema."
)
ROUNDS = "At most 200 tasks that compute follow one another before another one opens or the run ends."
SIZES = (
    "Where schemas set no limits, texts stay below 20,000 characters, lists below 1,000 items and numbers below "
    "10^100; all data of a run together stays below 200,000 values."
)
TEMPLATES = "Templates stay within 100,000 steps, 1,000,000 characters and 100 levels, as long texts and lists may not."
TYPES = (
    "Runs are opened through a ticket type: one that is started without may lack what that gives, or hold other values."
)


def assumptions(bundle: Mapping[str, Any]) -> list[str]:
    """The sentences that apply to a definition, which no check of it can show."""
    kinds = {task["task_type"] for task in bundle["tasks"]}
    calling = [task for task in bundle["tasks"] if task["task_type"] != "FORM" and task["action"] != "compute"]
    computing = [task["key"] for task in bundle["tasks"] if task["action"] == "compute"]
    answered = any(task["output_schema"] for task in bundle["tasks"] if task["task_type"] != "FORM")
    shaped = any(task["input_transform"] or task["output_transform"] for task in bundle["tasks"])
    decides = any(isinstance(transition["condition"], dict) for transition in bundle["transitions"])
    found = [
        (PEOPLE, "FORM" in kinds),
        (CALLS, bool(calling)),
        (SUCCESS, any(not _caught(bundle, task) for task in calling)),
        (OPERATIONS, any(task["action"] not in ("http", "compute", "workflow") for task in calling)),
        (CHILDREN, any(task["action"] == "workflow" for task in calling)),
        (CALLBACKS, "ASYNC_ACTION" in kinds),
        (ANSWERS, answered),
        (LOOPS, _loops(bundle, [task["key"] for task in bundle["tasks"]])),
        (ROUNDS, _loops(bundle, computing)),
        (SIZES, decides or shaped or bool(bundle["workflow"]["state_schema"])),
        (TEMPLATES, shaped),
        (TYPES, (decides or shaped or bool(bundle["workflow"]["state_schema"])) and bool(bundle["tickets"])),
    ]
    return [sentence for sentence, applies in found if applies]


def _caught(bundle: Mapping[str, Any], task: Mapping[str, Any]) -> bool:
    """Whether a way leads on from a task whose call fails, and from one that takes too long if it can."""
    events = {transition["on_event"] for transition in bundle["transitions"] if transition["from"] == task["key"]}
    return "error" in events and (task["timeout_seconds"] is None or "timeout" in events)


def _loops(bundle: Mapping[str, Any], keys: list[str]) -> bool:
    """Whether transitions lead in a circle over these tasks alone: some remain when those that nothing leads to are
    taken away.
    """
    waiting = dict.fromkeys(keys, 0)
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
