"""Passwords: checked, set, changed. Setting one ends every sign-in of the person."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core.errors import Fault, Refused, conflict, invalid
from core.models import Actor, record
from users import tokens
from users.models import User
from users.services.sign_in import guarded


def password_check(password: str, *, user: User, attr: str) -> None:
    """400 with every reason why `password` won't do for this person."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused([Fault(str(item.code), message, attr) for item in error.error_list for message in item.messages])


def password_change(*, user: User, old_password: str, new_password: str) -> None:
    """Change one's own; 400 when the old one is wrong, which counts as a bad password at sign-in does."""
    with guarded(user.email):
        if not check_password(old_password, user.password):
            raise invalid("This is not your password.", attr="old_password", code="wrong_password")
    password_set(actor=Actor.of(user), user=user, password=new_password, attr="new_password", by="person")


def password_set(*, actor: Actor, user: User, password: str, attr: str, by: str) -> None:
    """Set a password, unless somebody has set one since `user` was read (409). `by`: what history says."""
    password_check(password, user=user, attr=attr)
    encoded = make_password(password)
    with transaction.atomic():
        unchanged = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
        if not unchanged.update(password=encoded, updated_at=timezone.now()):
            raise conflict("The password has just been changed.")
        tokens.revoke_all(user.pk)
        record(
            actor=actor,
            event="user.password_set",
            subject_type="user",
            subject_id=user.pk,
            subject=user.email,
            detail={"by": by},
        )
    user.password = encoded
