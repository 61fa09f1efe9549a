"""Links in mails by which people choose a password: after they forgot it, and when they are invited.

A link is bound to the company and dies when it is used, when the person signs in or is disabled, and of age.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from rest_framework.exceptions import Throttled

from core.db import connection
from core.errors import invalid
from core.models import Actor
from tenants.throttles import attempt_take
from users.mail import send
from users.models import User
from users.selectors import domain_of, person
from users.services.passwords import password_set
from users.services.sign_in import refuse_suspended

# Nobody's mailbox is filled from here: further requests are answered as ever, and send nothing.
MAILS_PER_ADDRESS = "5/hour"


class _Links(PasswordResetTokenGenerator):
    """Django's one-use tokens, bound to the company and to what they are for."""

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        self.key_salt = f"users.links.{purpose}"
        super().__init__()

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{connection.tenant.uuid}{user.is_active}{super()._make_hash_value(user, timestamp)}"


RESET = _Links("reset")
INVITE = _Links("invite")


def invite_send(*, user: User) -> None:
    """Mail the person a link, once the caller's transaction is committed."""
    _mail_later(user, INVITE)


def reset_request(*, email: str) -> None:
    """Mail a link to the person of this address, if there is one; the caller can't tell, by time neither."""
    refuse_suspended()
    email = email.strip().lower()
    user = person(email=email)
    try:
        attempt_take("password mail", f"{connection.schema_name} {email}", MAILS_PER_ADDRESS)
    except Throttled:
        user = None
    if user is not None and user.is_active:
        _mail_later(user, RESET)
    else:
        _message(User(pk=0, email="nobody@localhost"), RESET)


def link_owner(*, uid: str, token: str) -> User | None:
    """The person to whom a link that is still good was sent."""
    try:
        pk = int(force_str(urlsafe_base64_decode(uid)))
    except (ValueError, OverflowError, UnicodeDecodeError):
        return None
    user = person(pk=pk) if 0 < pk < 2**63 else None
    if user is None or not user.is_active:
        return None
    return user if RESET.check_token(user, token) or INVITE.check_token(user, token) else None


def link_use(*, uid: str, token: str, password: str, attr: str = "new_password") -> User:
    """Set the password of the link's person and end their sign-ins. 400 for a link that is no good (any more)."""
    refuse_suspended()
    user = link_owner(uid=uid, token=token)
    if user is None:
        raise invalid("This link is not valid, or not any more: ask for a new one.", attr="token", code="bad_link")
    password_set(actor=Actor.of(user), user=user, password=password, attr=attr, by="link")
    return user


def _mail_later(user: User, links: _Links) -> None:
    message = _message(user, links)
    transaction.on_commit(lambda: send(message))


def _message(user: User, links: _Links) -> EmailMessage:
    company = connection.tenant
    text = render_to_string(
        f"users/mail/{links.purpose}.txt",
        {"company": company.name, "link": _address(user, links), "hours": settings.PASSWORD_RESET_TIMEOUT // 3600},
    )
    subject, _, body = text.partition("\n\n")
    return EmailMessage(subject.strip(), body, to=[user.email])


def _address(user: User, links: _Links) -> str:
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), links.make_token(user)
    if settings.PASSWORD_LINK_URL:
        return settings.PASSWORD_LINK_URL.replace("{uid}", uid).replace("{token}", token)
    # The host comes from our table, never from the request: whoever asks for a mail may name any host.
    host = domain_of(connection.tenant)
    scheme = "https" if settings.USE_HTTPS else "http"
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{scheme}://{host}{port}/password/{uid}/{token}/"
