"""A new company with its first person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tenants.utils import tenant_context

from core.errors import denied
from core.models import Actor
from tenants.models import Company
from tenants.services import company_create
from tenants.throttles import attempt_take
from users import tokens
from users.models import SystemRole, User
from users.selectors import domain_of, shown
from users.services.people import person_new, person_save


def sign_up(
    *,
    address: str,
    company_name: str,
    email: str,
    password: str,
    slug: str | None = None,
    first_name: str = "",
    last_name: str = "",
) -> dict[str, Any]:
    """Make a company for whoever asks: `{company, user, access, refresh}`.

    `address` is the client's, for the throttle. 403 where sign-up is closed, 400 with a bad, reserved or taken slug.
    """
    if not settings.SIGN_UP_OPEN:
        raise denied("Sign-up is closed here.", code="sign_up_closed")
    attempt_take("sign-up", address, settings.THROTTLE_SIGN_UP)
    user = person_new(
        email=email, password=password, first_name=first_name, last_name=last_name, system_roles=SystemRole.values
    )
    user.last_login = timezone.now()
    with transaction.atomic():
        company = company_found(user=user, name=company_name, slug=slug)
        with tenant_context(company):
            return {
                "company": {
                    "id": company.pk,
                    "name": company.name,
                    "slug": company.slug,
                    "domain": domain_of(company),
                    "plan": company.plan_id,
                },
                "user": shown(user.pk),
                **tokens.start_family(user),
            }


def company_found(*, user: User, name: str, slug: str | None = None, plan_key: str | None = None) -> Company:
    """A company whose first person is `user`, made by `person_new`: both or neither."""
    actor = Actor(None, user.email)
    with transaction.atomic():
        company = company_create(name=name, slug=slug, plan_key=plan_key, actor=actor)
        with tenant_context(company):
            person_save(actor=actor, user=user)
    return company
