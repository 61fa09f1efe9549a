"""Reading definitions: what each resource looks like, and how lists are searched."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db.models import F, QuerySet

from core.rows import Rows
from core.search import matching
from workflow_design.models import TaskDefinition, TicketDefinition, WorkflowDefinition

# The number that the next publish will make, or the last one while nothing differs from it; 1 before the first.
_VERSION = (
    "CASE WHEN {w}.published_version IS NULL THEN 1"
    " WHEN {w}.bundle_hash = {w}.published_hash THEN {w}.published_version ELSE {w}.published_version + 1 END"
)
_OWN_VERSION = _VERSION.format(w="workflow_definitions")


def has_changes(workflow: WorkflowDefinition) -> bool:
    """Whether the working copy differs from the published version, or there is none."""
    return workflow.published_hash is None or bytes(workflow.bundle_hash) != bytes(workflow.published_hash)


def version_of(workflow: WorkflowDefinition) -> int:
    """The same number in Python, for a row at hand."""
    return (workflow.published_version or 0) + has_changes(workflow)


def _version_of(table: str) -> str:
    """The version of the workflow that a row of `table` belongs to."""
    return f"(SELECT {_VERSION.format(w='w')} FROM workflow_definitions w WHERE w.id = {table}.workflow_id)"


def _columns(table: str, *names: str) -> dict[str, str]:
    return {name: f'{table}."{name}"' for name in names}


def _audit(table: str) -> dict[str, str]:
    return {"created_by": f"{table}.created_by_id", **_columns(table, "created_at", "updated_at")}


_W, _T, _L, _D = "workflow_definitions", "task_definitions", "workflow_transitions", "ticket_definitions"

WORKFLOW_ROWS = Rows(
    **_columns(_W, "id"),
    company=":company::text",
    **_columns(_W, "key", "title", "description", "status"),
    version=_OWN_VERSION,
    **_columns(_W, "published_version"),
    has_changes=f"{_W}.published_hash IS DISTINCT FROM {_W}.bundle_hash",
    **_columns(
        _W,
        *("ext_ref", "fields", "state_schema", "guidelines", "display_layout", "end_action_type", "end_action"),
    ),
    **_audit(_W),
)

TASK_ROWS = Rows(
    **_columns(_T, "id"),
    company=":company::text",
    workflow=f"{_T}.workflow_id",
    **_columns(_T, "key", "order", "title", "description"),
    version=_version_of(_T),
    **_columns(
        _T,
        *("ext_ref", "task_type", "input_schema", "output_schema", "edit_layout", "display_layout", "action"),
        *("integration", "action_url", "input_transform", "output_transform", "timeout_seconds", "retry_policy"),
        *("split", "join", "assignee_roles", "assignment_policy", "due_in_seconds"),
    ),
    **_audit(_T),
)

TRANSITION_ROWS = Rows(
    **_columns(_L, "id"),
    company=":company::text",
    workflow=f"{_L}.workflow_id",
    from_task=f"{_L}.from_task_id",
    to_task=f"{_L}.to_task_id",
    **_columns(_L, "condition", "priority", "is_default", "on_event"),
    version=_version_of(_L),
    **_audit(_L),
)

TICKET_ROWS = Rows(
    **_columns(_D, "id"),
    company=":company::text",
    workflow=f"{_D}.workflow_id",
    **_columns(_D, "key", "title", "description"),
    version=_version_of(_D),
    **_columns(_D, "ext_ref", "fields", "company_role_access", "edit_layout", "display_layout"),
    **_audit(_D),
)

_V = "workflow_versions"
_VERSION_COLUMNS = {
    **_columns(_V, "id"),
    "company": ":company::text",
    "workflow": f"{_V}.workflow_id",
    "version": f"{_V}.number",
    **_columns(_V, "note", "proved", "accept_unproved"),
    **_audit(_V),
}
VERSION_ROWS = Rows(**_VERSION_COLUMNS)
# One version, with all that it holds.
VERSION = Rows(**_VERSION_COLUMNS, **_columns(_V, "problems", "assumptions", "document"))

ACCESS_ROWS = Rows(
    **_columns("ticket_access", "id"),
    company=":company::text",
    ticket_definition="ticket_access.ticket_definition_id",
    workflow="ticket_access.workflow_id",
    role="ticket_access.role",
    **_audit("ticket_access"),
)


def searched(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Workflows or ticket types by the words of their key, title and description."""
    return matching(queryset, F("search"), text)


def searched_tasks(queryset: QuerySet[TaskDefinition], text: str) -> QuerySet[TaskDefinition]:
    """The same for tasks, whose words are in an index over the same expression, not in a column."""
    return matching(queryset, SearchVector("key", "title", "description", config="simple"), text)


def role_uses(name: str) -> list[str]:
    """Where definitions name a company role, in words."""
    tickets = TicketDefinition.objects.filter(company_role_access__contains=[name]).order_by("pk")
    tasks = TaskDefinition.objects.filter(assignee_roles__contains=[name]).order_by("pk")
    return [
        *(f"ticket type {title}" for title in tickets.values_list("title", flat=True)),
        *(f"task {title}" for title in tasks.values_list("title", flat=True)),
    ]
