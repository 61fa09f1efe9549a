"""Make a company and its first admin."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import Refused
from users.management.passwords import chosen_password
from users.models import SystemRole
from users.services.companies import company_found
from users.services.people import person_new


class Command(BaseCommand):
    """`create_company "Acme" ada@acme.example`."""

    help = (
        "Makes a company and its first admin, who gets every system role. The password is PASSWORD's in the "
        "environment, else asked for, else (without a terminal) made up and printed."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("email")
        parser.add_argument("--slug", help="made from the name when absent")
        parser.add_argument("--plan", help="its key; DEFAULT_PLAN when absent")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        password, made_up = chosen_password()
        try:
            user = person_new(
                email=options["email"],
                password=password,
                first_name=options["first_name"],
                last_name=options["last_name"],
                system_roles=SystemRole.values,
            )
            company = company_found(user=user, name=options["name"], slug=options["slug"], plan_key=options["plan"])
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"Company {company.slug} ({company.plan_id}), admin {user.email}")
        if made_up:
            self.stdout.write(f"Password: {password}")
