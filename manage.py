#!/usr/bin/env python
"""Django's commands. Without a DATABASE_URL they run on the embedded PostgreSQL in `.data/`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from environs import Env, EnvError

from core.kept_secret import kept_secret
from core.postgres import PostgresError, running
from core.presence import LockTimeout
from core.processes import exit_on_signals

BASE_DIR = Path(__file__).resolve().parent
DATA_DIR = BASE_DIR / ".data"
# What works without a database. Every other command gets one.
NEED_NO_DATABASE = {
    *("", "help", "version", "--help", "-h", "--version"),
    *("check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "makemessages"),
    *("sendtestemail", "spectacular", "startapp", "startproject"),
}


def needs_database(arguments: list[str]) -> bool:
    """Whether the command line `arguments` (without the program's name) needs one."""
    command = arguments[0] if arguments else ""
    return command not in NEED_NO_DATABASE and not {"--help", "-h"} & set(arguments)


def execute() -> None:
    """Run the command; a setting that can't be right is told in a line, without the way to it."""
    try:
        settings.SECRET_KEY  # noqa: B018 - reads the settings
    except (ImproperlyConfigured, EnvError) as error:
        sys.exit(str(error))
    execute_from_command_line(sys.argv)


def main() -> None:
    """Run the command line, on the embedded server where it needs one and none is named."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ticketflower.settings")
    Env().read_env(BASE_DIR / ".env", recurse=False)
    exit_on_signals()
    if os.environ.get("DATABASE_URL"):
        execute()
        return
    if not os.environ.get("SECRET_KEY"):
        # This machine's own. A server with a real database is told its secret.
        os.environ["SECRET_KEY"] = kept_secret(DATA_DIR / "secret-key")
    if not needs_database(sys.argv[1:]):
        execute()
        return
    try:
        with running(DATA_DIR / "postgres") as url:
            os.environ["DATABASE_URL"] = url
            execute()
    except (PostgresError, LockTimeout) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
