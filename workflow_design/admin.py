"""Definitions in the company's admin site: to look at, with their history. They are edited over REST."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html

from core.admin import ReadOnlyAdmin
from core.models import History
from workflow_design import selectors
from workflow_design.diagram import Diagram
from workflow_design.diagram_response import SVGResponse
from workflow_design.models import (
    TaskDefinition,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowTransition,
    WorkflowVersion,
)
from workflow_design.services.diagrams import workflow_diagram

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


class DrawnAdmin(DefinitionAdmin):
    """What has a picture: it stands on its page, and by itself at `diagram/`."""

    def drawn(self, row: Any) -> Diagram:
        """The picture of a row."""
        raise NotImplementedError  # a subclass's duty, shown by its tests

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["diagram", *super().get_fields(request, obj)]

    @admin.display(description="diagram")
    def diagram(self, row: Any) -> str:
        """The picture, as a link to itself."""
        address = reverse(f"{self.admin_site.name}:{self._diagram_name}", args=[row.pk])
        look = "max-width: 100%; max-height: 40rem"
        return format_html('<a href="{0}"><img src="{0}" alt="Diagram" style="{1}"></a>', address, look)

    @property
    def _diagram_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_diagram"

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.diagram_view)
        return [path("<int:pk>/diagram/", view, name=self._diagram_name), *super().get_urls()]

    def diagram_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The picture alone."""
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        return SVGResponse(self.drawn(row))


class WorkflowAdmin(DrawnAdmin):
    """Workflows."""

    history_subject = "workflow"
    list_display = ("title", "key", "status", "version", "created_by", "updated_at")
    list_filter = ("status",)
    search_fields = ("title",)

    def drawn(self, row: WorkflowDefinition) -> Diagram:
        """The working copy."""
        return workflow_diagram(workflow_id=row.pk)

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


class VersionAdmin(DrawnAdmin):
    """Published versions; what happened to them is in the history of their workflow."""

    history_subject = "workflow"
    list_display = ("workflow", "number", "proved", "note", "created_by", "created_at")
    list_filter = ("proved",)
    list_select_related = ("workflow", "created_by")
    ordering = ("-id",)

    def drawn(self, row: WorkflowVersion) -> Diagram:
        """This version."""
        return workflow_diagram(workflow_id=row.workflow_id, version=row.number)

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
