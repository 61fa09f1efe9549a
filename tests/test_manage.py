"""`manage.py` itself: which commands get the embedded server, and what a person reads who set something wrong."""

import os
import subprocess
import sys

import pytest
from django.core.checks import run_checks

from manage import needs_database
from tenants.admin import PlanAdmin
from tests.servers import ROOT
from users.admin import PersonAdmin


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("", False),
        ("help run", False),
        ("run --help", False),
        ("--version", False),
        ("check", False),
        ("spectacular --file openapi.yaml", False),
        ("collectstatic --noinput", False),
        ("run", True),
        ("demo --once", True),
        ("migrate_schemas", True),
        ("makemigrations --check", True),
        ("shell", True),
        ("a_command_to_come", True),
    ],
)
def test_commands_that_need_a_database(line, needed):
    assert needs_database(line.split()) is needed


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SECRET_KEY", "too short", "Set SECRET_KEY to a secret of at least 32 characters."),
        ("DEBUG", "perhaps", '"DEBUG" invalid: Not a valid boolean.'),
        ("WEB_THREADS", "0", "WEB_THREADS"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL"),
        ("ALLOWED_PRIVATE_HOSTS", "crm.internal,10.0.0.0/8", "'10.0.0.0/8' is no host and no host:port"),
        ("ALLOWED_PRIVATE_HOSTS", "127.1", "'127.1' is no host and no host:port"),
        ("OUTBOUND_PORTS", "80,http", "OUTBOUND_PORTS"),
        ("ENCRYPTION_KEYS", "short", "ENCRYPTION_KEYS"),
    ],
)
def test_wrong_setting_is_told_in_one_line(name, value, told):
    environment = {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", name: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_check_looks_at_both_admin_sites(monkeypatch):
    monkeypatch.setattr(PersonAdmin, "list_display", ("nothing",))
    monkeypatch.setattr(PlanAdmin, "list_display", ("nothing",))
    found = [(error.obj, error.id) for error in run_checks(tags=["admin"])]
    assert sorted(found, key=str) == [(PlanAdmin, "admin.E108"), (PersonAdmin, "admin.E108")]
