"""/api/ticket-types/ and /api/tickets/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from core.errors import denied
from core.rows import Rows
from users.models import SystemRole
from workflow_design.models import TicketDefinition
from workflow_ops import selectors, ticket_types
from workflow_ops.api.base import IsTicketAdmin, RunViewSet
from workflow_ops.api.filters import TicketFilter
from workflow_ops.api.serializers import (
    OpenTicketSerializer,
    TicketSerializer,
    TicketTypeSerializer,
)
from workflow_ops.models import Ticket
from workflow_ops.services import tickets
from workflow_ops.services.idempotency import once


class TicketTypeViewSet(RunViewSet):
    """The ticket types that the caller may open, as published: forms as JSON Schema, layouts."""

    rows = ticket_types.TicketTypeRows()
    serializer_class = TicketTypeSerializer
    orderings = {**RunViewSet.orderings, "key": "key"}

    def get_queryset(self) -> QuerySet[TicketDefinition]:
        return ticket_types.openable_by(self.user)


class TicketViewSet(RunViewSet):
    """Tickets: the caller's own, those with a task of theirs, and for ticket admins all."""

    serializer_class = TicketSerializer
    example = {
        "ticket_definition": "leave-request",
        "data": {"first_day": "2026-12-21", "days": 5},
        "subject": "Skiing",
    }
    filterset_class = TicketFilter

    @property
    def rows(self) -> Rows:  # type: ignore[override]
        return selectors.TICKET_ROWS.bound(**selectors.row_values(self.user))

    def get_queryset(self) -> QuerySet[Ticket]:
        return selectors.tickets_of(self.user)

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return selectors.searched_tickets(queryset, text)

    @extend_schema(operation_id="open_ticket", request=OpenTicketSerializer, responses={201: TicketSerializer})
    def create(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Open a ticket: its run starts at once."""
        return once(request, self.user, lambda: self._create(request))

    def _create(self, request: Request) -> HttpResponse:
        values = self.object_body(request)
        made = tickets.ticket_open(
            user=self.user,
            ticket_definition=values.get("ticket_definition"),
            data=values.get("data"),
            subject=values.get("subject", ""),
            conversation=values.get("conversation", ""),
        )
        return self.answer(made.pk, status=201)

    @extend_schema(operation_id="cancel_ticket", request=None, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> HttpResponse:
        """End a ticket without a result; the requester's to do, and the ticket admin's."""
        ticket = self._ticket(**kwargs)
        if ticket.created_by_id != self.user.pk and not self.user.has_role(SystemRole.TICKET_ADMIN):
            raise denied()
        tickets.run_cancel(user=self.user, instance_id=ticket.instance_id)
        return self.answer(ticket.pk)

    @extend_schema(operation_id="hold_ticket", request=None, responses=TicketSerializer)
    @action(detail=True, methods=["post"], permission_classes=[IsTicketAdmin])
    def hold(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Put a ticket on hold: nothing is completed, clocks stand still."""
        ticket = self._ticket(**kwargs)
        tickets.run_hold(user=self.user, instance_id=ticket.instance_id)
        return self.answer(ticket.pk)

    @extend_schema(operation_id="resume_ticket", request=None, responses=TicketSerializer)
    @action(detail=True, methods=["post"], permission_classes=[IsTicketAdmin])
    def resume(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Take a ticket off hold."""
        ticket = self._ticket(**kwargs)
        tickets.run_resume(user=self.user, instance_id=ticket.instance_id)
        return self.answer(ticket.pk)

    def _ticket(self, **kwargs: Any) -> Ticket:
        return self.get_queryset().get(pk=self.seen(**kwargs))
