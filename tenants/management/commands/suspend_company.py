"""`manage.py suspend_company SLUG [--resume]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.models import Actor
from tenants.models import Company
from tenants.services import company_resume, company_suspend


class Command(BaseCommand):
    help = "Suspend a company: from the next request on nobody gets in. With --resume, open it again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--resume", action="store_true", help="open the company again")

    def handle(self, *args: Any, slug: str, resume: bool, **options: Any) -> None:
        company = Company.objects.filter(slug=slug).first()
        if company is None:
            raise CommandError(f"There is no company {slug!r}; see list_companies.")
        if resume:
            company_resume(company=company, actor=Actor())
        else:
            company_suspend(company=company, actor=Actor())
        self.stdout.write(f"{slug} is {'active' if resume else 'suspended'}.")
