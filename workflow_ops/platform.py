"""How much a company does, for the platform's operators: numbers alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join

from core.db import connection
from tenants.admin import CompanyAdmin
from tenants.models import Company
from workflow_ops.models import CLOSED, InstanceStatus

# Tables go by schema: where one is missing, `public` must not answer for it.
_NUMBERS = """
SELECT (SELECT count(*) FROM {schema}.users WHERE is_active),
    (SELECT count(*) FROM {schema}.workflow_definitions),
    (SELECT count(*) FROM {schema}.workflow_instances WHERE created_at >= date_trunc('month', now())),
    (SELECT json_object_agg(status, number) FROM (
        SELECT i.status, count(*) AS number FROM {schema}.tickets t JOIN {schema}.workflow_instances i
            ON i.id = t.instance_id GROUP BY i.status) counted),
    (SELECT count(*) FROM {schema}.task_instances WHERE status IN ('OPEN', 'IN_PROGRESS', 'PENDING')),
    (SELECT count(*) FROM {schema}.incidents WHERE status <> 'RESOLVED')
"""


def numbers(company: Company) -> list[tuple[str, int]] | None:
    """(what, how many) of a company, in one statement after a look whether it has a schema; None without one."""
    schema = connection.ops.quote_name(company.schema_name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{schema}.incidents"])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(_NUMBERS.format(schema=schema))
        people, workflows, month, statuses, tasks, incidents = cursor.fetchone()
    by_status = statuses or {}
    still_open = sum(number for status, number in by_status.items() if status not in CLOSED)
    return [
        ("active people", people),
        ("workflows", workflows),
        ("executions this month", month),
        ("tickets", sum(by_status.values())),
        ("open tickets", still_open),
        ("tickets stopped by incidents", by_status.get(InstanceStatus.ERROR, 0)),
        ("open tasks", tasks),
        ("unresolved incidents", incidents),
    ]


class CompanyWithNumbersAdmin(CompanyAdmin):
    """Companies, and how much each of them does."""

    fields = (*CompanyAdmin.fields, "numbers")  # type: ignore[assignment]
    readonly_fields = (*CompanyAdmin.readonly_fields, "numbers")  # type: ignore[assignment]

    @admin.display(description="numbers")
    def numbers(self, row: Any) -> str:
        """Of its people, definitions and runs."""
        found = numbers(row)
        if found is None:
            return "Its schema is missing."
        return format_html_join("", "<div>{}: {}</div>", ((name, f"{number:,}") for name, number in found))
