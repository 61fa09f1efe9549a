"""`manage.py list_companies`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tenants.models import Company

HEAD = ("id", "slug", "plan", "state", "since", "domains", "name")


class Command(BaseCommand):
    help = "List the companies: id, slug, plan, whether active, since when, domains, name."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        companies = Company.objects.prefetch_related("domains")
        rows = [HEAD] + [
            (
                str(company.pk),
                company.slug,
                company.plan_id,
                "active" if company.is_active else "suspended",
                f"{company.created_at:%Y-%m-%d}",
                ",".join(sorted(domain.domain for domain in company.domains.all())),
                company.name,
            )
            for company in companies
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self.stdout.write("  ".join(map(str.ljust, row, widths)).rstrip())
