"""The jobs of runs. What each does is in the service that it calls, which is imported when it runs: services enqueue
jobs, so that neither could come first.
"""

from __future__ import annotations

from tenants.jobs import company_job, system_job
from tenants.lots import Lot
from tenants.queue import Priority


def _call_lost(*, task: int, generation: int) -> None:
    from workflow_ops.services.calls import action_lost

    action_lost(task_id=task, generation=generation)


def _call_together(lot: Lot) -> None:
    from workflow_ops.services.lots import actions_go_on

    actions_go_on(lot)


@company_job(name="actions.call", queue="actions", on_failure=_call_lost, together=_call_together)
def call(*, task: int, generation: int) -> None:
    """Call what an action calls, or go on with what has been answered."""
    from workflow_ops.services.calls import action_go_on

    action_go_on(task_id=task, generation=generation)


def _child_lost(*, task: int, generation: int) -> None:
    from workflow_ops.services.children import child_lost

    child_lost(task_id=task, generation=generation)


@company_job(name="children.go_on", on_failure=_child_lost)
def go_on_with_child(*, task: int, generation: int) -> None:
    """Start the run that a task waits for, or go on with what it came to."""
    from workflow_ops.services.children import child_go_on

    child_go_on(task_id=task, generation=generation)


# Work that nobody waits for must not go on, whatever happens to workers.
@company_job(name="children.cancel", retries=1000)
def cancel_child(*, run: int) -> None:
    """Cancel a run that nobody waits for any more."""
    from workflow_ops.services.children import child_cancel

    child_cancel(run_id=run)


def _end_lost(*, run: int, generation: int) -> None:
    from workflow_ops.services.end_actions import end_action_lost

    end_action_lost(run_id=run, generation=generation)


@company_job(name="runs.end", queue="actions", on_failure=_end_lost)
def end(*, run: int, generation: int) -> None:
    """Do what a completed run ends with."""
    from workflow_ops.services.end_actions import end_action_go_on

    end_action_go_on(run_id=run, generation=generation)


# A clock must not stop, whatever happens to workers: it is given up after days.
@company_job(name="tasks.time_out", queue="timers", retries=1000)
def time_out(*, task: int) -> None:
    """End a task whose time is over."""
    from workflow_ops.services.timers import task_time_out

    task_time_out(task_id=task)


def _delivery_lost(*, delivery: int, round: int) -> None:
    from workflow_ops.services.deliveries import delivery_lost

    delivery_lost(delivery_id=delivery, round=round)


@company_job(name="webhooks.deliver", queue="webhooks", on_failure=_delivery_lost)
def deliver(*, delivery: int, round: int) -> None:
    """Tell an address outside what happened."""
    from workflow_ops.services.deliveries import delivery_go_on

    delivery_go_on(delivery_id=delivery, round=round)


@system_job(name="runs.look_after", every=3600, priority=Priority.LOW, retries=0)
def look_after() -> None:
    """Have every company looked after."""
    look_after_company.enqueue_for_every_company()


@company_job(name="runs.look_after.company", priority=Priority.LOW, retries=2)
def look_after_company() -> None:
    """Enqueue what waits for a job that isn't there."""
    from workflow_ops.services.lost import lost_work_resume

    lost_work_resume()
