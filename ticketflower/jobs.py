"""What workers do by themselves, whether anybody asks or not."""

from __future__ import annotations

from django.conf import settings

from tenants import cleanup, spares
from tenants.jobs import company_job, system_job
from tenants.queue import Priority


@system_job(name="spares.refill", every=60, retries=0)
def refill_spares() -> None:
    """Bring the number of spare schemas back to SPARE_SCHEMAS."""
    spares.fill(settings.SPARE_SCHEMAS)


@system_job(name="clean_up", every=3600, priority=Priority.LOW, retries=0)
def clean_up() -> None:
    """Clear `public`, and have every company cleared."""
    clean_up_company.enqueue_for_every_company()
    cleanup.clear(cleanup.in_public)


@company_job(name="clean_up.company", priority=Priority.LOW, retries=2)
def clean_up_company() -> None:
    """Clear the company's schema."""
    cleanup.clear(cleanup.in_companies)
