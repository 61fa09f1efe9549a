"""What waits for a job that isn't there, and is given one.

Jobs are written with what makes them necessary, so none is missing by itself. But a company's schema can come back from
a backup, which holds no jobs; it can have been away while its jobs failed; somebody can have deleted them; and tickets
can be older than workers are.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from tenants import queue
from workflow_design import versions
from workflow_ops import jobs
from workflow_ops.models import (
    CLOSED,
    UNDONE,
    ActionAttempt,
    AttemptStatus,
    Callback,
    CallbackStatus,
    DeliveryStatus,
    EndAction,
    EndStatus,
    InstanceStatus,
    TaskInstance,
    TaskStatus,
    WebhookDelivery,
    WorkflowInstance,
)
from workflow_ops.services import actions, follow_up
from workflow_ops.services.running import lock
from workflow_ops.services.tickets import undone

log = logging.getLogger(__name__)

# What has just changed has its job on the way.
REST = timedelta(minutes=10)
# (name of a job, what it is about)
Wanted = tuple[str, int]


def lost_work_resume() -> int:
    """Enqueue a job for everything of the company that waits for one and has none; how much that was."""
    before = timezone.now() - REST
    runs, ends, deliveries = _of_tasks(before), _of_ends(before), _of_deliveries(before)
    if not (runs or ends or deliveries):
        return 0
    there = _there()
    lost_runs = sorted({run for wanted, run in runs.items() if wanted not in there})
    for run in lost_runs:
        _go_on(run)
    lost_ends = [end for wanted, end in ends.items() if wanted not in there]
    jobs.end.enqueue_many([{"run": run, "generation": generation} for run, generation in lost_ends])
    lost_deliveries = [delivery for wanted, delivery in deliveries.items() if wanted not in there]
    jobs.deliver.enqueue_many([{"delivery": pk, "round": number} for pk, number in lost_deliveries])
    found = len(lost_runs) + len(lost_ends) + len(lost_deliveries)
    if found:
        log.warning("%s runs, ends of runs and deliveries waited for jobs that were not there.", found)
    return found


def _of_tasks(before: datetime) -> dict[Wanted, int]:
    """The jobs that tasks need, each with its run: what nobody has called yet, waits for a retry or was answered too
    early, and clocks that have run out."""
    own = {"task_instance": OuterRef("pk"), "generation": OuterRef("generation")}
    heard = ActionAttempt.objects.filter(**own, status=AttemptStatus.SUCCEEDED)
    kept = Callback.objects.filter(**own, status=CallbackStatus.KEPT)
    child = WorkflowInstance.objects.filter(parent_task=OuterRef("pk"), parent_generation=OuterRef("generation"))
    waits_rightly = Exists(heard) & ~Exists(kept) | Exists(child.exclude(status__in=CLOSED))
    by_worker = Q(status=TaskStatus.PENDING) | Q(status=TaskStatus.IN_PROGRESS, assignee=None)
    found = (
        TaskInstance.objects.filter(status__in=UNDONE, updated_at__lt=before)
        .filter(instance__status__in=(InstanceStatus.IN_PROGRESS, InstanceStatus.ERROR))
        .annotate(late=Q(due_at__isnull=False, due_at__lt=before), called=by_worker & ~waits_rightly)
        .filter(Q(called=True) | Q(late=True))
    )
    wanted = {}
    for pk, run, number, key, called, late in found.values_list(
        "pk", "instance", "instance__version_id", "task__key", "called", "late"
    ):
        version = versions.compiled(number)
        if called and actions.is_called(version.tasks[key]):
            wanted[jobs.call.name, pk] = run
        elif called and actions.runs_workflow(version.tasks[key]):
            wanted[jobs.go_on_with_child.name, pk] = run
        if late and actions.is_timed(version, key):
            wanted[jobs.time_out.name, pk] = run
    return wanted


def _of_ends(before: datetime) -> dict[Wanted, tuple[int, int]]:
    found = EndAction.objects.filter(status=EndStatus.PENDING, updated_at__lt=before)
    return {(jobs.end.name, run): (run, number) for run, number in found.values_list("instance", "generation")}


def _of_deliveries(before: datetime) -> dict[Wanted, tuple[int, int]]:
    due = Q(next_attempt_at=None) | Q(next_attempt_at__lt=before)
    found = WebhookDelivery.objects.filter(due, status=DeliveryStatus.PENDING, updated_at__lt=before)
    return {(jobs.deliver.name, pk): (pk, number) for pk, number in found.values_list("pk", F("round"))}


def _there() -> set[Wanted]:
    about = {
        jobs.call.name: "task",
        jobs.go_on_with_child.name: "task",
        jobs.time_out.name: "task",
        jobs.end.name: "run",
        jobs.deliver.name: "delivery",
    }
    return {(name, args[about[name]]) for name, args in queue.unfinished(list(about))}


@transaction.atomic
def _go_on(run_id: int) -> None:
    """As after a hold: what has its job still finds out that there is nothing to do."""
    run = lock(run_id)
    if run.status != InstanceStatus.ON_HOLD and run.status not in CLOSED:
        follow_up.go_on(run, undone(run))
