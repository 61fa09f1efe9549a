#!/usr/bin/env python
"""Django's commands. Without a DATABASE_URL they run on the embedded PostgreSQL in `.data/`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line
from environs import Env

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


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ticketflower.settings")
    Env().read_env(BASE_DIR / ".env", recurse=False)
    exit_on_signals()
    if os.environ.get("DATABASE_URL"):
        execute_from_command_line(sys.argv)
        return
    if not os.environ.get("SECRET_KEY"):
        # This machine's own. A server with a real database is told its secret.
        os.environ["SECRET_KEY"] = kept_secret(DATA_DIR / "secret-key")
    if not needs_database(sys.argv[1:]):
        execute_from_command_line(sys.argv)
        return
    try:
        with running(DATA_DIR / "postgres") as url:
            os.environ["DATABASE_URL"] = url
            execute_from_command_line(sys.argv)
    except (PostgresError, LockTimeout) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
