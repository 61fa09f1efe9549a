"""`manage.py prepare_spares`: make spare schemas, which sign-ups take."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants import spares


class Command(BaseCommand):
    help = "Drop the spare schemas that other migrations made, and make new ones until there are enough."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--count", type=int, default=settings.SPARE_SCHEMAS, help=f"how many ({settings.SPARE_SCHEMAS})"
        )

    def handle(self, *args: Any, count: int, **options: Any) -> None:
        if not 0 <= count <= 1000:
            raise CommandError("--count is from 0 to 1000.")
        dropped = spares.drop_stale()
        made = spares.fill(count)
        self.stdout.write(f"Spare schemas: {made} made, {dropped} stale ones dropped.")
