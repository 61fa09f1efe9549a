"""What operators change beside companies: host names and plans. Called with the connection on `public`."""

from __future__ import annotations

import re

from django.conf import settings
from django.db import IntegrityError, transaction

from core.errors import conflict, invalid, not_found
from core.models import Actor, record
from tenants import hosts
from tenants.models import Company, Domain, Plan

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_LIMITS = ("max_workflows", "max_agents", "max_executions_per_month")


def domain_add(*, company: Company, domain: str, actor: Actor, is_primary: bool = False) -> Domain:
    """Give a company one more host name; 400 for one that is none, is the public host's, or is taken.

    The primary one is that of links in mails; the first is primary.
    """
    domain = domain.strip().lower()
    if not _HOST.match(domain):
        raise invalid("A host name, without a port: desk.example.com.", attr="domain")
    if domain in settings.PUBLIC_HOSTS:
        raise invalid("This is the public host.", attr="domain")
    try:
        with transaction.atomic():
            _lock(company)
            added = Domain(tenant=company, domain=domain, is_primary=is_primary)
            # The mixin makes the first one primary, and the others not, when this one is.
            added.save()
            _record(actor, company, "domain_added", {"domain": domain, "is_primary": added.is_primary})
    except IntegrityError:
        raise invalid("Another company has this host name.", attr="domain", code="unique") from None
    return added


def domain_make_primary(*, domain: Domain, actor: Actor) -> None:
    """Links in mails lead to this host name from now on."""
    with transaction.atomic():
        _lock(domain.tenant)
        domain.refresh_from_db()
        if not domain.is_primary:
            domain.is_primary = True
            domain.save()
            _record(actor, domain.tenant, "domain_primary", {"domain": domain.domain})


def domain_remove(*, domain: Domain, actor: Actor) -> None:
    """Take a host name away; 409 for the primary one."""
    with transaction.atomic():
        _lock(domain.tenant)
        found = Domain.objects.filter(pk=domain.pk).first()
        if found is None:
            raise not_found()
        if found.is_primary:
            raise conflict("This is the primary host name: make another one primary first.", code="in_use")
        _record(actor, domain.tenant, "domain_removed", {"domain": found.domain})
        found.delete()


def plan_save(*, plan: Plan, actor: Actor) -> Plan:
    """Store a new or changed plan; companies on it are held to its limits from now on."""
    with transaction.atomic():
        before = Plan.objects.select_for_update().filter(pk=plan.pk).first()
        plan.save()
        new = {name: getattr(plan, name) for name in ("name", *_LIMITS)}
        old = {name: getattr(before, name) for name in new} if before else {}
        changed = {name: {"before": old.get(name), "after": new[name]} for name in new if old.get(name) != new[name]}
        if changed or before is None:
            event = "plan.changed" if before else "plan.created"
            record(actor=actor, event=event, subject_type="plan", subject_id=None, subject=plan.key, detail=changed)
            transaction.on_commit(hosts.forget)
    return plan


def _lock(company: Company) -> None:
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)


def _record(actor: Actor, company: Company, event: str, detail: dict[str, object]) -> None:
    record(
        actor=actor,
        event=f"company.{event}",
        subject_type="company",
        subject_id=company.pk,
        subject=company.slug,
        detail=detail,
    )
    transaction.on_commit(hosts.forget)
