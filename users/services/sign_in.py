"""Signing in and out, and checking a password: the same for the API and the admin sites."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from core.db import connection
from core.errors import denied, invalid
from tenants.models import Company
from tenants.throttles import attempt_give_back, attempt_take
from users import tokens
from users.models import TokenFamily, User
from users.selectors import person


def refuse_suspended() -> None:
    """403 in a suspended company (the public host is none)."""
    uuid = getattr(connection.tenant, "uuid", None)
    if uuid is not None and not Company.objects.filter(uuid=uuid, is_active=True).exists():
        raise denied("This company is suspended.", code="company_suspended")


@contextmanager
def guarded(email: str) -> Iterator[None]:
    """A block that checks a password and raises when it is wrong: 429 after too many wrong ones for this address.

    The attempt is counted before the check, so that of many at the same time no more are looked at than are allowed.
    """
    attempt = ("bad password", f"{connection.schema_name} {email}", settings.THROTTLE_BAD_PASSWORDS)
    attempt_take(*attempt)
    yield
    attempt_give_back(*attempt)


def credentials_check(*, email: str, password: str) -> User:
    """The person whose address and password these are.

    Raises AuthenticationFailed, the same (and after the same time) for an unknown address, a wrong password and a
    disabled person; Throttled after too many of them; 403 in a suspended company.
    """
    refuse_suspended()
    email = email.strip().lower()
    with guarded(email):
        user = person(email=email)
        if user is None:
            # What checking a password costs.
            make_password(password)
        if user is None or not user.check_password(password) or not user.is_active:
            raise AuthenticationFailed("Wrong email address or password.", code="authentication_failed")
    return user


def sign_in(*, email: str, password: str) -> tuple[User, dict[str, str]]:
    """The person and `{access, refresh}` of a new family. Raises as `credentials_check` does."""
    user = credentials_check(email=email, password=password)
    return user, family_start(user=user)


def family_start(*, user: User) -> dict[str, str]:
    """`{access, refresh}` for a person whose password has just been checked.

    The password may have been changed meanwhile: then it is 401.
    """
    with transaction.atomic():
        same = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
        if not same.update(last_login=timezone.now()):
            raise tokens.invalid_token()
        return tokens.start_family(user)


def token_refresh(*, refresh: str) -> dict[str, str]:
    """A new `{access, refresh}`; raises AuthenticationFailed, and 403 in a suspended company."""
    refuse_suspended()
    return tokens.rotate(refresh)


def sign_out(*, user: User, refresh: str) -> None:
    """End the family of one of the person's own refresh tokens; 400 for any other text."""
    try:
        token = tokens.read_refresh(refresh)
    except AuthenticationFailed:
        token = None
    with transaction.atomic():
        if token is None or not TokenFamily.objects.filter(pk=token.family, user=user).exists():
            raise invalid("This is not a refresh token of yours.", attr="refresh")
        tokens.revoke_family(token.family)
