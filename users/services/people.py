"""People: made, changed, disabled. One active admin must always be left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from core.constraints import violation
from core.errors import Fault, Refused, conflict, invalid, not_found
from core.models import Actor, record
from users import tokens
from users.models import EVERYONE, CompanyRole, SystemRole, User
from users.services.links import invite_send
from users.services.passwords import password_check
from users.services.staffing import in_words, left_undone, refuse_left_undone

_ADMINS = Q(is_active=True, system_roles__contains=[SystemRole.ADMIN])
_TEXTS = ("email", "first_name", "last_name")


def person_create(
    *,
    actor: Actor,
    email: str,
    password: str | None = None,
    first_name: str = "",
    last_name: str = "",
    system_roles: Iterable[str] = (),
    company_roles: Iterable[str] = (),
    is_active: bool = True,
) -> User:
    """A new person. Without a password they get a mail with a link to choose one."""
    user = person_new(
        email=email,
        password=password,
        first_name=first_name,
        last_name=last_name,
        system_roles=system_roles,
        is_active=is_active,
    )
    with transaction.atomic():
        person_save(actor=actor, user=user, company_roles=company_roles)
        if password is None and is_active:
            invite_send(user=user)
    return user


def person_new(*, password: str | None, system_roles: Iterable[str], **values: Any) -> User:
    """A person who is not stored yet, password checked and hashed: what takes time and needs no transaction."""
    user = User(system_roles=_in_order(system_roles), **values)
    user.email = _address(user.email)
    if password is None:
        user.set_unusable_password()
    else:
        password_check(password, user=user, attr="password")
        user.set_password(password)
    return user


def person_save(*, actor: Actor, user: User, company_roles: Iterable[str] = ()) -> None:
    """Store a new person, in a transaction of the caller's; 400 when the address is taken."""
    with address_unique(), transaction.atomic():
        roles = _roles(company_roles)
        user.created_by_id = actor.id
        user.save(force_insert=True)
        user.company_roles.set(roles)
        record(
            actor=actor,
            event="user.created",
            subject_type="user",
            subject_id=user.pk,
            subject=user.email,
            detail=_state(user, roles),
        )


def person_update(*, actor: Actor, pk: int, force: bool = False, **values: Any) -> User:
    """Change what is named: email, first_name, last_name, is_active, system_roles, company_roles (names).

    409 when no active admin would be left; and, unless `force`, when nobody could do a task of a live version any more
    (`tasks` lists them). A disabled person's sign-ins end.
    """
    with address_unique(), transaction.atomic():
        user, others = _locked(pk)
        roles = list(user.company_roles.order_by("name"))
        before = _state(user, roles)
        for name in (*_TEXTS, "is_active"):
            if name in values:
                setattr(user, name, values[name])
        user.email = _address(user.email)
        if "system_roles" in values:
            user.system_roles = _in_order(values["system_roles"])
        if "company_roles" in values:
            roles = _roles(values["company_roles"])
        after = _state(user, roles)
        changed = {
            name: {"before": before[name], "after": after[name]} for name in after if before[name] != after[name]
        }
        if not changed:
            return user
        if not others and not (user.is_active and SystemRole.ADMIN in user.system_roles) and _was_admin(before):
            raise conflict("This is the last active admin: make somebody else an admin first.", code="last_admin")
        user.updated_at = timezone.now()
        user.save(update_fields=[*_TEXTS, "is_active", "system_roles", "updated_at"])
        if "company_roles" in changed:
            user.company_roles.set(roles)
        undone = left_undone(before, after)
        if not force:
            refuse_left_undone(undone)
        if not user.is_active:
            tokens.revoke_all(user.pk)
        record(
            actor=actor,
            event="user.changed",
            subject_type="user",
            subject_id=user.pk,
            subject=user.email,
            detail={**changed, "left_undone": in_words(undone)} if undone else changed,
        )
    return user


@contextmanager
def address_unique() -> Iterator[None]:
    """The database's word on a doubled address as a 400 that names the field."""
    try:
        yield
    except IntegrityError as error:
        found = violation(error)
        if found and error.__cause__.diag.constraint_name == "user_email_unique":  # type: ignore[union-attr]
            raise invalid(found[1], attr="email", code="unique") from None
        raise


def _locked(pk: int) -> tuple[User, list[User]]:
    """The person, and every other active admin, locked in the order of ids: two admins can't disable each other."""
    rows = list(User.objects.select_for_update(no_key=True).filter(Q(pk=pk) | _ADMINS).order_by("pk"))
    user = next((row for row in rows if row.pk == pk), None)
    if user is None:
        raise not_found()
    return user, [row for row in rows if row.pk != pk]


def _address(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise invalid(error.messages[0], attr="email") from None
    return email


def _was_admin(state: dict[str, Any]) -> bool:
    return state["is_active"] and SystemRole.ADMIN in state["system_roles"]


def _in_order(system_roles: Iterable[str]) -> list[str]:
    given = set(system_roles)
    if unknown := given.difference(SystemRole.values):
        raise invalid(f"There is no system role {sorted(unknown)[0]!r}.", attr="system_roles")
    return [role for role in SystemRole.values if role in given]


def _roles(names: Iterable[str]) -> list[CompanyRole]:
    """The roles of these names, in order and kept from being removed until the transaction ends."""
    wanted = set(names) - {EVERYONE}
    found = list(
        CompanyRole.objects.select_for_update(of=("self",), no_key=True).filter(name__in=wanted).order_by("name")
    )
    if unknown := wanted.difference(role.name for role in found):
        raise Refused(
            [Fault("unknown_role", f"There is no company role {name!r}.", "company_roles") for name in sorted(unknown)]
        )
    return found


def _state(user: User, roles: list[CompanyRole]) -> dict[str, Any]:
    """What history compares."""
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "is_active": user.is_active,
        "system_roles": list(user.system_roles),
        "company_roles": [role.name for role in roles],
    }
