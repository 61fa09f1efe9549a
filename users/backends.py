"""Sign-in with a session, for the admin sites and pages: the same rules as for tokens."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed

from core.errors import Refused
from users.models import User
from users.selectors import person
from users.services.sign_in import credentials_check, refuse_suspended


class CompanyBackend(BaseBackend):
    """People of the connection's company; on the public host, operators."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The person, or None. Raises Throttled after too many wrong passwords, 403 in a suspended company."""
        if not username or password is None:
            return None
        try:
            return credentials_check(email=username, password=password)
        except AuthenticationFailed:
            return None

    def get_user(self, user_id: Any) -> User | None:
        """The session's person, if they may still come in."""
        try:
            refuse_suspended()
        except Refused:
            return None
        user = person(pk=user_id)
        return user if user is not None and user.is_active else None
