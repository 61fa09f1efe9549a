"""Default deny."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission


class DenyAll(BasePermission):
    """A view that names no permission lets nobody in."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class Anyone(BasePermission):
    """Open to the world, on purpose."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return True
