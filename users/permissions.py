"""Who may call what: permission classes made of system roles."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from users.models import SystemRole, User

READS = ("GET", "HEAD", "OPTIONS")


def caller(request: Request) -> User:
    """Who calls, in a view that lets only people in."""
    return cast(User, request.user)


class SignedIn(BasePermission):
    """Any person of the company."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user is not None


class HasRole(BasePermission):
    """One of `roles`; for reading, one of `readers` is enough. None: anybody signed in."""

    roles: tuple[str, ...] = ()
    readers: tuple[str, ...] | None = ()

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user is None:
            return False
        user = caller(request)
        if request.method in READS and (self.readers is None or user.has_role(*self.readers)):
            return True
        return user.has_role(*self.roles)


class IsAdmin(HasRole):
    """Company admins."""

    roles = (SystemRole.ADMIN,)


class IsAdminOrReads(HasRole):
    """Company admins write, everybody signed in reads."""

    roles = (SystemRole.ADMIN,)
    readers = None


class IsWorkflowCreator(HasRole):
    """Creators write definitions; ticket admins and company admins read them."""

    roles = (SystemRole.WORKFLOW_CREATOR,)
    readers = (SystemRole.TICKET_ADMIN, SystemRole.ADMIN)
