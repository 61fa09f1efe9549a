"""The workflows that a definition runs: whether they are there, and whether running them can come to an end.

A run takes the newest published version of what it runs, so that is what is looked at here, except for the definition
itself, which is about to be published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db.models import F

from workflow_design.kernel import limits
from workflow_design.kernel.graph import implied_transitions
from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.structure.tasks import child_of, kind_of_task
from workflow_design.models import Status, WorkflowDefinition, WorkflowVersion

MAX_WORKFLOWS = 100
"""So many workflows that run one another are looked at."""

Bundle = Mapping[str, Any]


class _Call(NamedTuple):
    """A place that names a workflow; `task` is None at the end of a run."""

    child: str
    path: str
    task: str | None


def check_children(bundle: Bundle) -> list[Problem]:
    """Errors: a workflow that doesn't exist; runs that only ever run one another. Warnings: a workflow that can't be
    run yet; one that is run again within its own run, which is bounded.
    """
    calls = list(_calls(bundle))
    own = bundle["workflow"]["key"]
    others = {call.child for call in calls} - {own}
    found = WorkflowDefinition.objects.filter(key__in=others) if others else ()
    status = {workflow.key: workflow.status for workflow in found}
    problems = [
        *(_unknown(call) for call in calls if call.child != own and call.child not in status),
        *(_closed(call) for call in calls if status.get(call.child, Status.ACTIVE) != Status.ACTIVE),
    ]
    if any(call.task is not None for call in calls):
        problems += _recursion(own, calls, _reached(bundle))
    return problems


def _calls(bundle: Bundle) -> Iterator[_Call]:
    workflow = bundle["workflow"]
    if workflow["end_action_type"] == "workflow":
        yield _Call(workflow["end_action"]["workflow"], "/workflow/end_action/workflow", None)
    for index, task in enumerate(bundle["tasks"]):
        child = child_of(task) if kind_of_task(task) == "workflow" else None
        if child is not None:
            yield _Call(child, pointer("tasks", index, "input_transform", "workflow"), task["key"])


def _unknown(call: _Call) -> Problem:
    message = f'there is no workflow with the key "{call.child}"'
    return Problem("error", "unknown_workflow", message, call.path, task=call.task)


def _closed(call: _Call) -> Problem:
    message = (
        f'The workflow "{call.child}" takes no runs: it is not published, or was deactivated. Until it does, an '
        "incident stops what wants to run it: publish or activate it first."
    )
    return Problem("warning", "child_not_active", message, call.path, task=call.task)


def _reached(bundle: Bundle) -> dict[str, Bundle]:
    """The definition and every workflow that its tasks lead to, by key."""
    reached = {bundle["workflow"]["key"]: bundle}
    frontier = set(_children(bundle).values()) - set(reached)
    while frontier and len(reached) < MAX_WORKFLOWS:
        newest = WorkflowVersion.objects.filter(
            workflow__key__in=sorted(frontier)[:MAX_WORKFLOWS], number=F("workflow__published_version")
        )
        documents = dict(newest.values_list("workflow__key", "document"))
        reached |= documents
        frontier = {child for document in documents.values() for child in _children(document).values()} - set(reached)
    return reached


def _children(bundle: Bundle) -> dict[str, str]:
    """Task key → the workflow that it runs."""
    return {call.task: call.child for call in _calls(bundle) if call.task is not None}


def _recursion(own: str, calls: list[_Call], reached: Mapping[str, Bundle]) -> list[Problem]:
    """What to say of calls that lead back to the workflow itself."""
    runs = {key: set(_children(bundle).values()) for key, bundle in reached.items()}
    round_trips = [call for call in calls if call.task is not None and own in _below(call.child, runs)]
    if not round_trips:
        return []
    if own in _ending(reached):
        return [_bounded(own, call) for call in round_trips]
    return [_endless(own, call) for call in round_trips]


def _below(key: str, runs: Mapping[str, set[str]]) -> set[str]:
    """A workflow and all that it runs."""
    seen, left = {key}, [key]
    while left:
        new = runs.get(left.pop(), set()) - seen
        seen |= new
        left += new
    return seen


def _bounded(own: str, call: _Call) -> Problem:
    message = (
        f'"{call.task}" leads to another run of "{own}" while this one waits. At most {limits.MAX_RUN_DEPTH} runs are '
        "below one another: deeper ones are not started, and the task fails."
    )
    return Problem("warning", "recursion_bounded", message, call.path, task=call.task)


def _endless(own: str, call: _Call) -> Problem:
    message = (
        f'No run of "{own}" can end: each way leads through a task that waits for another run of it, as "{call.task}" '
        "does. Give it a way to the end without."
    )
    return Problem("error", "endless_recursion", message, call.path, task=call.task)


def _ending(reached: Mapping[str, Bundle]) -> set[str]:
    """The workflows of which a run can end: by ways that only wait for runs that can. One that isn't known can't be
    started, which is another finding.
    """
    ending: set[str] = set()
    size = -1
    while len(ending) != size:
        size = len(ending)
        ending |= {
            key for key, bundle in reached.items() if key not in ending and _can_end(bundle, set(reached) - ending)
        }
    return ending


def _can_end(bundle: Bundle, endless: set[str]) -> bool:
    """Whether a run comes to its end though no task that waits for a run of `endless` is ever completed.

    Conditions may be true or false; joins are taken to open. So False is certain, and True is not.
    """
    stuck = {task for task, child in _children(bundle).items() if child in endless}
    splits = {None: "inclusive", **{task["key"]: task["split"] for task in bundle["tasks"]}}
    exits: dict[str | None, dict[str, list[Mapping[str, Any]]]] = {key: {} for key in splits}
    # Once written out, none is implied any more.
    for link in (*bundle["transitions"], *implied_transitions(dict(bundle))):
        exits[link["from"]].setdefault(link["on_event"], []).append(link)
    done: set[str | None] = set()
    size = -1
    while len(done) != size:
        size = len(done)
        for key, events in exits.items():
            ways = [links for event, links in events.items() if not (event == "completed" and key in stuck)]
            if any(_taken_to_end(splits[key], links, done) for links in ways):
                done.add(key)
    return None in done


def _taken_to_end(split: str, links: list[Mapping[str, Any]], done: set[str | None]) -> bool:
    """Whether an event can put tokens only where they come to an end. `done` are the tasks from which they do."""
    ends = [link["to"] is None or link["to"] in done for link in links]
    if split == "parallel":
        return all(ends)
    free = [link["condition"] is None and not link["is_default"] for link in links]
    if split == "inclusive" and any(free):
        return all(end for end, always in zip(ends, free, strict=True) if always)
    return any(ends)
