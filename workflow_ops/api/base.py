"""What views of runs share."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from core.errors import invalid, not_found
from core.viewsets import BaseViewSet
from users.models import SystemRole, User
from users.permissions import HasRole, SignedIn, caller


class RunsWorkflows(HasRole):
    """Ticket admins see every execution, creators those they started."""

    roles = (SystemRole.TICKET_ADMIN, SystemRole.WORKFLOW_CREATOR)


class IsTicketAdmin(HasRole):
    """Who sees and repairs every ticket."""

    roles = (SystemRole.TICKET_ADMIN,)


class RunViewSet(BaseViewSet):
    """Rows that are read here and written by actions; who sees what is said by the selectors."""

    permission_classes = [SignedIn]

    @property
    def user(self) -> User:
        """Who calls."""
        return caller(self.request)

    def object_body(self, request: Request) -> dict[str, Any]:
        """The body, which must be a JSON object (or nothing)."""
        if type(request.data) is not dict:
            raise invalid("The body must be a JSON object.")
        return request.data

    def seen(self, **kwargs: Any) -> int:
        """The id in the address, of a row that the caller sees; 404 for any other."""
        pk = int(kwargs[self.lookup_url_kwarg])
        if not self.get_queryset().filter(pk=pk).exists():
            raise not_found()
        return pk

    def answer(self, pk: int, status: int = 200) -> HttpResponse:
        """The row as it is now, even when the caller has just lost sight of it by what they did."""
        found = self.rows.one(self.get_queryset().model._default_manager.filter(pk=pk))
        if found is None:
            raise not_found()
        return HttpResponse(found[0].encode(), status=status, content_type="application/json")
