"""Tasks that have a time."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from core.errors import Refused
from tenants.jobs import Later
from workflow_design.kernel.engine import Event
from workflow_ops.models import UNDONE, InstanceStatus
from workflow_ops.services.actions import is_timed
from workflow_ops.services.notes import Note
from workflow_ops.services.running import lock_task
from workflow_ops.services.stepping import advance


@transaction.atomic
def task_time_out(*, task_id: int) -> None:
    """End a task whose time is over, by its `timeout` transition, or in an incident. Raises Later before its time.

    Nothing happens to what is done, stopped, or on hold: resuming sets the clock going again.
    """
    try:
        run, work = lock_task(task_id, None)
    except Refused:  # it is gone
        return
    if work.status not in UNDONE or run.status == InstanceStatus.ON_HOLD:
        return
    if work.due_at is None or not is_timed(run.version, work.key):
        return
    left = (work.due_at - timezone.now()).total_seconds()
    if left > 0:
        raise Later(left)
    note = Note(run, "task.timed_out", task=work.key, id=work.id)
    advance(run, Event("timed_out", work.number, assignee=work.assignee), user=None, note=note, work=work)
