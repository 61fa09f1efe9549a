"""Company roles: names that the company makes up."""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils import timezone

from core.constraints import violation
from core.errors import conflict, invalid, not_found
from core.models import Actor, record
from users.models import EVERYONE, CompanyRole

# Apps that name roles elsewhere (ticket types, tasks) add a function here, in their AppConfig.ready(): name of a role
# → where it is used, in words ("ticket type Purchase request"). A role in use is neither removed nor renamed.
uses: list[Callable[[str], list[str]]] = []


def role_create(*, actor: Actor, name: str, description: str = "") -> CompanyRole:
    """A new role; 400 when there is one of this name, whatever its case."""
    role = CompanyRole(name=_name(name), description=description, created_by_id=actor.id)
    try:
        with transaction.atomic():
            role.save(force_insert=True)
            _record(actor, role, "created", name=role.name, description=description)
    except IntegrityError as error:
        raise _taken(error) from None
    return role


def role_update(*, actor: Actor, pk: int, name: str | None = None, description: str | None = None) -> CompanyRole:
    """Change the name (409 while definitions use it) or the description."""
    try:
        with transaction.atomic():
            role = _locked(pk)
            before = (role.name, role.description)
            role.name = role.name if name is None else _name(name)
            role.description = role.description if description is None else description
            if (role.name, role.description) == before:
                return role
            if role.name != before[0]:
                _refuse_used(before[0], "renamed")
            role.updated_at = timezone.now()
            role.save(update_fields=["name", "description", "updated_at"])
            _record(actor, role, "changed", name=role.name, description=role.description, name_before=before[0])
    except IntegrityError as error:
        raise _taken(error) from None
    return role


def role_delete(*, actor: Actor, pk: int) -> None:
    """Remove a role that nobody has and nothing names; else 409."""
    with transaction.atomic():
        role = _locked(pk)
        if held := role.users.count():
            raise conflict(f"This role can't be removed: {held} people have it.", code="in_use")
        _refuse_used(role.name, "removed")
        _record(actor, role, "deleted", name=role.name, description=role.description)
        role.delete()


def _locked(pk: int) -> CompanyRole:
    role = CompanyRole.objects.select_for_update().filter(pk=pk).first()
    if role is None:
        raise not_found()
    if role.name == EVERYONE:
        raise conflict("Everybody has this role: it can't be changed or removed.", code="everyone")
    return role


def _refuse_used(name: str, verb: str) -> None:
    places = [place for find in uses for place in find(name)]
    if places:
        more = f" and {len(places) - 5} more" if len(places) > 5 else ""
        raise conflict(f"This role can't be {verb}: it is used by {', '.join(places[:5])}{more}.", code="in_use")


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 100:
        raise invalid("A name has 1 to 100 characters.", attr="name")
    return name


def _taken(error: IntegrityError) -> Exception:
    found = violation(error)
    return invalid(found[1], attr="name", code="unique") if found else error


def _record(actor: Actor, role: CompanyRole, what: str, **detail: str) -> None:
    record(
        actor=actor,
        event=f"company_role.{what}",
        subject_type="company_role",
        subject_id=role.pk,
        subject=role.name,
        detail=detail,
    )
