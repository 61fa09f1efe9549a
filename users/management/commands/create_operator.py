"""Make an operator of the platform."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_tenants.utils import schema_context

from core.errors import Refused
from core.models import Actor
from users.management.passwords import chosen_password
from users.models import SystemRole
from users.services.people import person_create


class Command(BaseCommand):
    """`create_operator ops@example.com`."""

    help = (
        "Makes an operator, who may enter /admin/ of the public host. The password is PASSWORD's in the environment, "
        "else asked for, else (without a terminal) made up and printed."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        password, made_up = chosen_password()
        try:
            with schema_context("public"):
                # The role counts for one thing: one operator is always left.
                user = person_create(
                    actor=Actor(),
                    email=options["email"],
                    password=password,
                    first_name=options["first_name"],
                    last_name=options["last_name"],
                    system_roles=[SystemRole.ADMIN],
                )
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"Operator {user.email}")
        if made_up:
            self.stdout.write(f"Password: {password}")
