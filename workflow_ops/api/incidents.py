"""/api/incidents/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from workflow_ops import selectors
from workflow_ops.api.base import IsTicketAdmin, RunViewSet
from workflow_ops.api.filters import IncidentFilter
from workflow_ops.api.serializers import IncidentSerializer, SkipSerializer
from workflow_ops.models import Incident
from workflow_ops.services import incidents


class IncidentViewSet(RunViewSet):
    """Incidents: what stopped and needs a person."""

    permission_classes = [IsTicketAdmin]
    rows = selectors.INCIDENT_ROWS
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilter
    orderings = {**RunViewSet.orderings, "status": "status"}

    def get_queryset(self) -> QuerySet[Incident]:
        return selectors.incidents()

    def partial_update(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Note what was found; resolving it lets what stopped go on, as a retry does."""
        pk = self.seen(**kwargs)
        incidents.incident_update(user=self.user, incident_id=pk, values=self.object_body(request))
        return self.answer(pk)

    @extend_schema(operation_id="retry_incident", request=None, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Run again from the failed step."""
        pk = self.seen(**kwargs)
        incidents.incident_retry(user=self.user, incident_id=pk)
        return self.answer(pk)

    @extend_schema(operation_id="skip_incident", request=SkipSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Go on as if the task had been completed with this output."""
        pk = self.seen(**kwargs)
        incidents.incident_skip(user=self.user, incident_id=pk, output=self.object_body(request).get("output"))
        return self.answer(pk)
