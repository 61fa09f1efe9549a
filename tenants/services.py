"""Companies: made, suspended, renamed, given another plan. Called with the connection on `public`."""

from __future__ import annotations

import re
import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from core.errors import Refused, invalid
from core.models import Actor, record
from tenants import hosts, spares
from tenants.models import SLUG, Company, Domain, Plan

RESERVED_SLUGS = frozenset(
    {"public", "information_schema", "www", "admin", "api", "static", "media", "health", "ready", "localhost"}
)
MAX_SLUG = 50
# So many companies of one name may sign up at the same moment.
MAX_TRIES = 100
_DUPLICATE = "23505"
_DUPLICATE_SCHEMA = "42P06"


def company_create(*, name: str, slug: str | None = None, plan_key: str | None = None, actor: Actor) -> Company:
    """Make a company with its domain and schema: all of it or nothing, in the caller's transaction if there is one.

    Without `slug` one is made from the name, and made free by -2, -3, …; a given one that is bad, reserved or taken is
    refused (400, attr `slug`). With a spare at hand this takes milliseconds, without one the time of the migrations.
    `plan_key` defaults to DEFAULT_PLAN.
    """
    name = company_name(name)
    plan = _plan(plan_key or settings.DEFAULT_PLAN)
    if slug is not None:
        if problem := slug_problem(slug):
            raise invalid(problem, attr="slug")
        company = _try_create(name, slug, plan, actor)
        if company is None:
            raise _taken()
        return company
    base = slug_for(name)
    for number in range(1, MAX_TRIES + 1):
        suffix = f"-{number}" if number > 1 else ""
        candidate = base[: MAX_SLUG - len(suffix)].rstrip("-") + suffix
        if Company.objects.filter(slug=candidate).exists():
            continue
        company = _try_create(name, candidate, plan, actor)
        if company is not None:
            return company
    raise _taken()


def company_suspend(*, company: Company, actor: Actor) -> None:
    """Shut the company: from the next request on nobody gets in. Nothing is lost, and `company_resume` undoes it."""
    _set_active(company, False, "company.suspended", actor)


def company_resume(*, company: Company, actor: Actor) -> None:
    """Open a suspended company again."""
    _set_active(company, True, "company.resumed", actor)


def company_rename(*, company: Company, name: str, actor: Actor) -> None:
    """Give the company another name; its slug stays."""
    name = company_name(name)
    with transaction.atomic():
        locked = _locked(company)
        if locked.name != name:
            _change(locked, actor, "company.renamed", {"from": locked.name, "to": name}, name=name)
    company.name = name


def company_change_plan(*, company: Company, plan_key: str, actor: Actor) -> None:
    """Put the company on another plan. What it has beyond the new limits stays; more of it is refused."""
    plan = _plan(plan_key)
    with transaction.atomic():
        locked = _locked(company)
        if locked.plan_id != plan.key:
            _change(locked, actor, "company.plan_changed", {"from": locked.plan_id, "to": plan.key}, plan=plan)
    company.plan = plan


def company_name(name: str) -> str:
    """`name` as it is kept; 400 when it can't be a company's name."""
    name = name.strip()
    if not name:
        raise invalid("A company has a name.", attr="name", code="blank")
    if len(name) > 100:
        raise invalid("At most 100 characters.", attr="name", code="max_length")
    return name


def slug_problem(slug: str) -> str | None:
    """Why `slug` can't be a company's, if it can't."""
    try:
        SLUG(slug)
    except ValidationError as error:
        return str(error.message)
    if not re.search("[a-z]", slug):
        return "A slug has at least one letter."
    if slug in RESERVED_SLUGS or slug.startswith("pg"):
        return "This slug is reserved."
    return None


def slug_for(name: str) -> str:
    """A slug made from a company's name: "Ünder & Söhne GmbH" becomes "under-sohne-gmbh"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].rstrip("-")
    if slug_problem(slug):
        slug = f"company-{slug}"[:MAX_SLUG].rstrip("-")
    return slug


def _plan(key: str) -> Plan:
    plan = Plan.objects.filter(key=key).first()
    if plan is None:
        raise invalid(f"There is no plan {key!r}.", attr="plan")
    return plan


def _taken() -> Refused:
    return invalid("A company with this slug exists already.", attr="slug", code="taken")


def _try_create(name: str, slug: str, plan: Plan, actor: Actor) -> Company | None:
    """The new company; None when the slug, its domain or its schema exists already."""
    try:
        with transaction.atomic():
            # Its unique slug first: of several at once, one goes on and the others wait here, and are refused before
            # they have taken a spare. One INSERT each, because what the mixins' `save` asks before is no use in a race.
            (company,) = Company.objects.bulk_create([Company(name=name, slug=slug, schema_name=slug, plan=plan)])
            Domain.objects.bulk_create([Domain(domain=f"{slug}.{settings.BASE_DOMAIN}", tenant=company)])
            spares.take(slug)
            record(
                actor=actor,
                event="company.created",
                subject_type="company",
                subject_id=company.pk,
                subject=slug,
                detail={"name": name, "plan": plan.key},
            )
    except DatabaseError as error:
        if not _is_taken(error):
            raise
        return None
    transaction.on_commit(spares.refill_soon)
    return company


def _is_taken(error: DatabaseError) -> bool:
    diagnosis = getattr(error.__cause__, "diag", None)
    return diagnosis is not None and (
        (diagnosis.sqlstate == _DUPLICATE and diagnosis.table_name in ("companies", "domains"))
        or diagnosis.sqlstate == _DUPLICATE_SCHEMA
    )


def _locked(company: Company) -> Company:
    return Company.objects.select_for_update(no_key=True).get(pk=company.pk)


def _set_active(company: Company, active: bool, event: str, actor: Actor) -> None:
    with transaction.atomic():
        locked = _locked(company)
        if locked.is_active != active:
            _change(locked, actor, event, {}, is_active=active)
    company.is_active = active


def _change(company: Company, actor: Actor, event: str, detail: dict[str, str], **values: object) -> None:
    """Write `values` and what happened to a locked company."""
    Company.objects.filter(pk=company.pk).update(updated_at=timezone.now(), **values)
    record(
        actor=actor,
        event=event,
        subject_type="company",
        subject_id=company.pk,
        subject=company.slug,
        detail=detail,
    )
    transaction.on_commit(hosts.forget)
