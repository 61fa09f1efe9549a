"""The ticket types that a person may open, as published."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from core.db import connection
from core.renderers import dump
from core.rows import Page, Rows
from users.models import User
from users.selectors import company_role_names
from workflow_design import versions
from workflow_design.models import Status, TicketDefinition


def openable_by(user: User) -> QuerySet[TicketDefinition]:
    """Ticket types of active workflows that one of the person's company roles opens, each with its `version_id`."""
    return TicketDefinition.objects.filter(
        company_role_access__overlap=list(company_role_names(user)),
        workflow__status=Status.ACTIVE,
        workflow__versions__number=F("workflow__published_version"),
    ).annotate(version_id=F("workflow__versions__pk"))


class TicketTypeRows(Rows):
    """Ticket types as requesters see them: what was published, not what is being edited.

    They are made here, of versions that this process keeps: a form is more than a row holds.
    """

    def __init__(self) -> None:
        super().__init__(id="ticket_definitions.id")

    def page(self, queryset: QuerySet[Any], *, limit: int, offset: int) -> Page:
        """Those that the published version has; a company has dozens."""
        rows = [row for definition in queryset if (row := _shown(definition))]
        return Page(len(rows), dump(rows[offset : offset + limit]).decode()[1:-1])


def _shown(definition: Any) -> dict[str, Any] | None:
    version = versions.compiled(definition.version_id)
    form = version.tickets.get(definition.key)
    if form is None:
        return None
    published = next(ticket for ticket in version.bundle["tickets"] if ticket["key"] == definition.key)
    return {
        "id": definition.pk,
        "company": connection.tenant.slug,
        "key": definition.key,
        "title": published["title"],
        "description": published["description"],
        "workflow": definition.workflow_id,
        "workflow_version": version.number,
        "form": form.schema,
        "constants": dict(form.constants),
        "edit_layout": published["edit_layout"],
        "display_layout": published["display_layout"],
        "created_by": definition.created_by_id,
        "created_at": definition.created_at,
        "updated_at": definition.updated_at,
    }
