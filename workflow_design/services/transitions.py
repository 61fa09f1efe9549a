"""Writes to transitions."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max

from core.errors import Fault, Refused, invalid, not_found
from users.models import User
from workflow_design.kernel.document import content_hash, read_entity, same
from workflow_design.models import TaskDefinition, WorkflowDefinition, WorkflowTransition
from workflow_design.services.stored import Entity, errors, seal
from workflow_design.services.writing import changes, check_revision, locked, noted, write

# The names that REST and the tables have for what documents call `from` and `to`.
_ENDS = {"from_task": "from", "to_task": "to"}
_OWN = ("condition", "priority", "is_default", "on_event")


def entity_of(link: WorkflowTransition, keys: dict[int | None, str | None]) -> Entity:
    """The transition in normal form; `keys` maps ids of tasks to their keys, None to None."""
    return {
        "from": keys[link.from_task_id],
        "to": keys[link.to_task_id],
        **{name: getattr(link, name) for name in _OWN},
    }


def task_keys(workflow: WorkflowDefinition) -> dict[int | None, str | None]:
    """id → key of the workflow's tasks, None → None."""
    return {None: None, **dict(TaskDefinition.objects.filter(workflow=workflow).values_list("id", "key"))}


def checked(values: Any, keys: dict[int | None, str | None]) -> Entity:
    """REST's values (ids of tasks) in normal form (keys of tasks); 400 with everything that is wrong."""
    faults: list[Fault] = []
    raw = {name: value for name, value in values.items() if name in _OWN}
    for name, end in _ENDS.items():
        if name not in values:
            faults.append(Fault("required", "is required (null for the start or an end)", name))
            continue
        task = values[name]
        if task is not None and (type(task) is not int or task not in keys):
            faults.append(Fault("unknown_task", "This is not a task of the workflow.", name))
            continue
        raw[end] = keys[task]
    entity, problems = read_entity("transition", {"from": None, "to": None, **raw})
    if found := [*faults, *errors(problems)]:
        raise Refused(found)
    return entity


@transaction.atomic
def transition_create(*, user: User | None, workflow_id: int, values: Entity) -> WorkflowTransition:
    """A new transition, last in the list. 400, 409."""
    workflow = locked(workflow_id)
    entity = checked(values, task_keys(workflow))
    links = WorkflowTransition.objects.filter(workflow=workflow)
    last = links.aggregate(last=Max("position"))["last"]
    link = WorkflowTransition(
        workflow=workflow,
        from_task_id=values["from_task"],
        to_task_id=values["to_task"],
        position=0 if last is None else last + 1,
        created_by=user,
        content_hash=content_hash("transition", entity),
        **{name: entity[name] for name in _OWN},
    )
    link.save(force_insert=True)
    seal(workflow)
    noted(user, link, "created", {"workflow": workflow.key, **entity})
    return link


@transaction.atomic
def transition_update(
    *, user: User | None, transition_id: int, values: Entity, partial: bool, expected: int | None = None
) -> WorkflowTransition:
    """Replace (or, `partial`, change) a transition. 404, 412, 400, 409."""
    workflow, link = _locked_transition(transition_id, expected)
    if not same(values.get("workflow", workflow.pk), workflow.pk):
        raise invalid("A transition stays in its workflow.", attr="workflow")
    keys = task_keys(workflow)
    ends = {"from_task": link.from_task_id, "to_task": link.to_task_id}
    before = entity_of(link, keys)
    own = {name: before[name] for name in _OWN}
    raw = {**ends, **own, **values} if partial else values
    after = checked(raw, keys)
    if not same(before, after):
        columns = {"from_task_id": raw["from_task"], "to_task_id": raw["to_task"]}
        write(link, {**columns, **{name: after[name] for name in _OWN}}, content_hash("transition", after))
        seal(workflow)
        noted(user, link, "updated", {"workflow": workflow.key, **changes(before, after)})
    return link


@transaction.atomic
def transition_delete(*, user: User | None, transition_id: int, expected: int | None = None) -> None:
    """Delete a transition. 404, 412."""
    workflow, link = _locked_transition(transition_id, expected)
    noted(user, link, "deleted", {"workflow": workflow.key, **entity_of(link, task_keys(workflow))})
    link.delete()
    seal(workflow)


def rehash(workflow: WorkflowDefinition) -> None:
    """Hash the workflow's transitions anew: a task's key, of which their content is made, has changed."""
    keys = task_keys(workflow)
    links = list(WorkflowTransition.objects.filter(workflow=workflow))
    for link in links:
        link.content_hash = content_hash("transition", entity_of(link, keys))
    WorkflowTransition.objects.bulk_update(links, ["content_hash"])


def _locked_transition(transition_id: int, expected: int | None) -> tuple[WorkflowDefinition, WorkflowTransition]:
    links = WorkflowTransition.objects.filter(pk=transition_id)
    workflow_id = links.values_list("workflow_id", flat=True).first()
    if workflow_id is None:
        raise not_found()
    workflow = locked(workflow_id)
    link = WorkflowTransition.objects.filter(pk=transition_id).first()
    if link is None:
        raise not_found()
    check_revision(link, expected)
    return workflow, link
