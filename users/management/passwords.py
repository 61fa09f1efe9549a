"""Where commands get a password from."""

from __future__ import annotations

import getpass
import os
import secrets
import sys

from django.core.management.base import CommandError


def chosen_password() -> tuple[str, bool]:
    """The password, and whether it was made up and has to be shown.

    PASSWORD of the environment; else, at a terminal, what is typed twice; else one that nobody has seen.
    """
    if given := os.environ.get("PASSWORD"):
        return given, False
    if not sys.stdin.isatty():
        return secrets.token_urlsafe(16), True
    typed = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != typed:
        raise CommandError("That was not the same.")
    return typed, False
