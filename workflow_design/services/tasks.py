"""Writes to tasks."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max

from core.errors import Fault, Refused, invalid, not_found
from users.models import User
from workflow_design.kernel.document import content_hash, read_entity, same
from workflow_design.kernel.problems import Problem
from workflow_design.models import TaskDefinition, WorkflowDefinition
from workflow_design.services.stored import TASK_KEYS, Entity, refuse_errors, seal
from workflow_design.services.transitions import rehash
from workflow_design.services.writing import changes, check_revision, locked, noted, with_key, write

MAX_ORDER = 1_000_000


def entity_of(task: TaskDefinition) -> Entity:
    """The task in normal form."""
    return {key: getattr(task, key) for key in TASK_KEYS}


def checked(values: Any) -> Entity:
    """`values` in normal form; 400 with everything that can't be stored."""
    entity, problems = read_entity("task", values)
    order = values.get("order")
    if order is not None and (type(order) is not int or not 0 <= order <= MAX_ORDER):
        problems.append(Problem("error", "out_of_range", f"must be a whole number from 0 to {MAX_ORDER:,}", "/order"))
    refuse_errors(problems)
    return entity


@transaction.atomic
def task_create(*, user: User | None, workflow_id: int, values: Entity) -> TaskDefinition:
    """A new task, last in order unless it says where. 400, 409."""
    workflow = locked(workflow_id)
    tasks = TaskDefinition.objects.filter(workflow=workflow)
    entity = checked(with_key(values, tasks))
    order = values.get("order")
    if order is None:
        last = tasks.aggregate(last=Max("order"))["last"]
        order = 0 if last is None else min(last + 1, MAX_ORDER)
    task = TaskDefinition(
        workflow=workflow, order=order, created_by=user, content_hash=content_hash("task", entity), **entity
    )
    task.save(force_insert=True)
    seal(workflow)
    noted(user, task, "created", {"workflow": workflow.key})
    return task


@transaction.atomic
def task_update(
    *, user: User | None, task_id: int, values: Entity, partial: bool, expected: int | None = None
) -> TaskDefinition:
    """Replace (or, `partial`, change) a task. 404, 412, 400, 409."""
    workflow, task = _locked_task(task_id, expected)
    if not same(values.get("workflow", workflow.pk), workflow.pk):
        raise invalid("A task stays in its workflow.", attr="workflow")
    before = {"order": task.order, **entity_of(task)}
    raw = {**before, **values} if partial else {"key": task.key, **values}
    entity = checked(raw)
    order = raw.get("order")
    after = {"order": task.order if order is None else order, **entity}
    if not same(before, after):
        write(task, after, content_hash("task", entity))
        if before["key"] != after["key"]:
            rehash(workflow)
        seal(workflow)
        noted(user, task, "updated", {"workflow": workflow.key, **changes(before, after)})
    return task


@transaction.atomic
def task_delete(*, user: User | None, task_id: int, expected: int | None = None) -> None:
    """Delete a task and its transitions. 404, 412."""
    workflow, task = _locked_task(task_id, expected)
    gone = task.outgoing.count() + task.incoming.count()
    noted(user, task, "deleted", {"workflow": workflow.key, "transitions_deleted": gone})
    task.delete()
    seal(workflow)


@transaction.atomic
def task_reorder(*, user: User | None, workflow_id: int, tasks: list[Any], expected: int | None = None) -> None:
    """Give the workflow's tasks, each named once, the order of the list. 404, 412, 400."""
    workflow = locked(workflow_id, expected)
    rows = {task.pk: task for task in TaskDefinition.objects.filter(workflow=workflow).only("id", "order")}
    faults = [
        Fault("unknown_task", "This is not a task of the workflow.", f"tasks.{index}")
        for index, task in enumerate(tasks)
        if task not in rows
    ]
    if not faults and (len(set(tasks)) != len(tasks) or len(tasks) != len(rows)):
        faults = [Fault("incomplete", "Name every task of the workflow once.", "tasks")]
    if faults:
        raise Refused(faults)
    moved = []
    for order, pk in enumerate(tasks):
        if rows[pk].order != order:
            rows[pk].order = order
            moved.append(rows[pk])
    if moved:
        TaskDefinition.objects.bulk_update(moved, ["order"])
        seal(workflow)
        noted(user, workflow, "tasks_reordered", {"tasks": tasks})


def _locked_task(task_id: int, expected: int | None) -> tuple[WorkflowDefinition, TaskDefinition]:
    workflow_id = TaskDefinition.objects.filter(pk=task_id).values_list("workflow_id", flat=True).first()
    if workflow_id is None:
        raise not_found()
    workflow = locked(workflow_id)
    # Read again: somebody may have held the lock and written or deleted it.
    task = TaskDefinition.objects.filter(pk=task_id).first()
    if task is None:
        raise not_found()
    check_revision(task, expected)
    return workflow, task
