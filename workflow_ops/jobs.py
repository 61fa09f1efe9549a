"""The jobs of runs. What each does is in the service that it calls, which is imported when it runs: services enqueue
jobs, so that neither could come first.
"""

from __future__ import annotations

from tenants.jobs import company_job


@company_job(name="actions.call", queue="actions")
def call(*, task: int, generation: int) -> None:
    """Call what an action calls, or go on with what has been answered."""
    from workflow_ops.services.calls import action_go_on

    action_go_on(task_id=task, generation=generation)


@company_job(name="tasks.time_out", queue="timers")
def time_out(*, task: int) -> None:
    """End a task whose time is over."""
    from workflow_ops.services.timers import task_time_out

    task_time_out(task_id=task)
