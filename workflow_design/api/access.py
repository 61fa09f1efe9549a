"""/api/workflow/access/: who may open what."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from core.openapi import errors
from users.permissions import caller
from workflow_design.api.base import DefinitionViewSet
from workflow_design.api.filters import AccessFilter
from workflow_design.api.serializers import GrantSerializer
from workflow_design.models import TicketAccess
from workflow_design.selectors import ACCESS_ROWS
from workflow_design.services import tickets


class AccessViewSet(DefinitionViewSet):
    """Grants: one company role that may open one ticket type."""

    example = {"ticket_definition": 1, "role": "buyer"}
    rows = ACCESS_ROWS
    serializer_class = GrantSerializer
    filterset_class = AccessFilter
    revision = None
    orderings = {"id": "pk", "role": "role", "ticket_definition": "ticket_definition_id"}

    def get_queryset(self) -> QuerySet[TicketAccess]:
        return TicketAccess.objects.all()

    @extend_schema(operation_id="grant_access", responses={200: GrantSerializer, 201: GrantSerializer})
    def create(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Let people with a company role open a ticket type. 201, or 200 if they could already."""
        values = self.body(request)
        ticket_id, role = values.get("ticket_definition"), values.get("role")
        granted = tickets.access_grant(user=caller(request), ticket_id=ticket_id, role=role)
        found = self.rows.one(self.get_queryset().filter(ticket_definition_id=ticket_id, role__iexact=role))
        assert found is not None
        return HttpResponse(found[0].encode(), status=201 if granted else 200, content_type="application/json")

    @extend_schema(operation_id="revoke_access", request=GrantSerializer, responses={204: None, **errors(404)})
    def revoke(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Take a grant back; with none left nobody may open the ticket type."""
        values = self.body(request)
        tickets.access_revoke(user=caller(request), ticket_id=values.get("ticket_definition"), role=values.get("role"))
        return HttpResponse(status=204)
