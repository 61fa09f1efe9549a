"""What a company's plan allows, counted exactly: N allowed and 50 at once, and exactly N get through."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from core.db import connection
from core.errors import denied
from tenants.models import Company, Plan


def workflows_require_room(workflows: QuerySet[Any]) -> None:
    """403 `quota_exceeded` unless the connection's company may have one workflow more than `workflows`, all of its own.

    Call it in the transaction that adds the workflow.
    """
    _require_room("max_workflows", workflows, "{limit} workflows, and has them. Delete one, or ask for a larger plan.")


def executions_require_room(executions: QuerySet[Any]) -> None:
    """403 `quota_exceeded` unless the connection's company may start one execution more than `executions`, those of
    this month (UTC). Call it in the transaction that starts it.
    """
    _require_room(
        "max_executions_per_month",
        executions,
        "{limit} executions a month, and has started them. Wait for the next month, or ask for a larger plan.",
    )


def _require_room(field: str, used: QuerySet[Any], sentence: str) -> None:
    """A plan without this limit costs no statement.

    The plan that the request came with may be as old as the cache of hosts allows (`tenants.hosts.TTL`): so long, in
    other server processes, may a limit that has just been set go unnoticed. A plan that is limited is read again.
    """
    plan: Plan | None = getattr(connection.tenant, "plan", None)
    if plan is not None and getattr(plan, field) is None:
        return
    # The company's row is the lock under which its rows are counted: whoever comes next counts ours too.
    company = (
        Company.objects.select_related("plan")
        .select_for_update(of=("self",), no_key=True)
        .get(schema_name=connection.schema_name)
    )
    limit: int | None = getattr(company.plan, field)
    if limit is not None and used.count() >= limit:
        raise denied(
            f"The plan {company.plan.name} allows {sentence.format(limit=limit)}"
            if limit
            else f"The plan {company.plan.name} allows none of this. Ask for a larger plan.",
            code="quota_exceeded",
        )
