"""Definitions in the company's admin site: to look at, with their history. They are edited over REST."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin import ReadOnlyAdmin
from core.models import History
from workflow_design import selectors
from workflow_design.models import (
    TaskDefinition,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowTransition,
    WorkflowVersion,
)

_HIDDEN = ("content_hash", "bundle_hash", "published_hash", "search", "revision")


class DefinitionAdmin(ReadOnlyAdmin):
    """A kind of definition."""

    list_select_related: ClassVar[Any] = True
    search_help_text = "Words of the key, title or description"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [field.name for field in self.opts.fields if field.name not in _HIDDEN]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        return (self.searched(queryset, search_term) if search_term.strip() else queryset), False

    def searched(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """By the same words as the API's `?search=`."""
        return selectors.searched(queryset, text)


class WorkflowAdmin(DefinitionAdmin):
    """Workflows."""

    history_subject = "workflow"
    list_display = ("title", "key", "status", "version", "created_by", "updated_at")
    list_filter = ("status",)
    search_fields = ("title",)

    @admin.display(description="version")
    def version(self, row: WorkflowDefinition) -> int:
        """The number that the next publish makes, or the last one while nothing differs."""
        return selectors.version_of(row)


class TaskAdmin(DefinitionAdmin):
    """Tasks."""

    history_subject = "task"
    list_display = ("title", "key", "workflow", "task_type", "order")
    list_filter = ("task_type",)
    search_fields = ("title",)

    def searched(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return selectors.searched_tasks(queryset, text)


class TransitionAdmin(DefinitionAdmin):
    """Transitions."""

    history_subject = "transition"
    list_display = ("name", "workflow", "on_event", "priority", "is_default", "shown_condition")
    list_filter = ("on_event", "is_default")
    list_select_related: ClassVar[Any] = ("workflow", "from_task", "to_task")

    @admin.display(description="transition")
    def name(self, row: WorkflowTransition) -> str:
        """From and to, by title."""
        return f"{row.from_task or 'start'} → {row.to_task or 'end'}"

    @admin.display(description="condition")
    def shown_condition(self, row: WorkflowTransition) -> str:
        """As JSON; nothing where there is none."""
        return "" if row.condition is None else json.dumps(row.condition, ensure_ascii=False)


class TicketDefinitionAdmin(DefinitionAdmin):
    """Ticket types."""

    history_subject = "ticket_definition"
    list_display = ("title", "key", "workflow", "open_to")
    search_fields = ("title",)

    @admin.display(description="open to")
    def open_to(self, row: TicketDefinition) -> str:
        """The company roles that may open it."""
        return ", ".join(row.company_role_access) or "nobody"


class VersionAdmin(DefinitionAdmin):
    """Published versions; what happened to them is in the history of their workflow."""

    history_subject = "workflow"
    list_display = ("workflow", "number", "proved", "note", "created_by", "created_at")
    list_filter = ("proved",)
    list_select_related = ("workflow", "created_by")
    ordering = ("-id",)

    def history_of(self, obj: WorkflowVersion) -> QuerySet[History]:  # type: ignore[override]
        """What happened to the workflow, latest first."""
        return super().history_of(obj.workflow)


ADMINS: dict[type[Any], type[DefinitionAdmin]] = {
    WorkflowDefinition: WorkflowAdmin,
    TaskDefinition: TaskAdmin,
    WorkflowTransition: TransitionAdmin,
    TicketDefinition: TicketDefinitionAdmin,
    WorkflowVersion: VersionAdmin,
}
