#!/usr/bin/env python
"""Django's commands. Without a DATABASE_URL they run on the embedded PostgreSQL in `.data/`."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from django.core.management import execute_from_command_line
from environs import Env

from core.postgres import PostgresError, running
from core.presence import LockTimeout, exclusive
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


def local_secret() -> str:
    """This machine's own SECRET_KEY, made at the first time. A server with a real database names its own."""
    path = DATA_DIR / "secret-key"
    DATA_DIR.mkdir(exist_ok=True)
    with exclusive(DATA_DIR / "secret-key.lock", timeout=60):
        if not path.exists():
            new = DATA_DIR / "secret-key.new"
            new.unlink(missing_ok=True)
            new.touch(mode=0o600)
            new.write_text(secrets.token_urlsafe(48), encoding="ascii")
            new.replace(path)
    return path.read_text(encoding="ascii")


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ticketflower.settings")
    Env().read_env(BASE_DIR / ".env", recurse=False)
    exit_on_signals()
    if os.environ.get("DATABASE_URL"):
        execute_from_command_line(sys.argv)
        return
    if not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = local_secret()
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
