"""Clearing away what is of no use any more: what it is, each app says itself, in AppConfig.ready().

A function deletes what has had its time in the connection's schema and returns how much that was. It is called once an
hour, for `public` and for each active company in a job of its own: one company's trouble is not another's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog
from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils import timezone

from core.db import connection
from tenants.models import Attempt

log = structlog.get_logger("ticketflower.cleanup")

# Rows that one statement deletes: few enough to hold nobody up, and to have in memory.
BATCH = 1000

Clear = Callable[[], int]
# Of tables that companies have, and of tables that `public` has.
in_companies: list[Clear] = []
in_public: list[Clear] = []


def delete_in_batches(rows: QuerySet[Model]) -> int:
    """Delete the rows, a batch in a transaction; how many they were."""
    deleted = 0
    while keys := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
        # Asked again: what has got a longer life meanwhile stays.
        _, by_model = rows.filter(pk__in=keys).delete()
        deleted += sum(by_model.values())
        if len(keys) < BATCH:
            break
    return deleted


def clear(functions: Iterable[Clear]) -> int:
    """Call all of them in the connection's schema; how many rows went. What the first raised is raised at the end."""
    cleared, problem = 0, None
    for function in functions:
        try:
            cleared += function()
        except Exception as error:  # noqa: BLE001 # the others are not to wait for this one
            problem = problem or error
    log.info("cleared", schema=connection.schema_name, rows=cleared)
    if problem is not None:
        raise problem
    return cleared


def attempts_clear() -> int:
    """Counted attempts of windows that are over."""
    return delete_in_batches(Attempt.objects.filter(expires_at__lt=timezone.now()))


def failed_jobs_clear() -> int:
    """Jobs that failed for good FAILED_JOB_DAYS ago; how they ended is in the log."""
    deleted = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM public.procrastinate_jobs WHERE id IN (SELECT id FROM public.procrastinate_jobs"
                " WHERE status NOT IN ('todo', 'doing') AND scheduled_at < now() - make_interval(days => %s) LIMIT %s)",
                [settings.FAILED_JOB_DAYS, BATCH],
            )
            deleted += cursor.rowcount
            if cursor.rowcount < BATCH:
                return deleted


in_public += [attempts_clear, failed_jobs_clear]
