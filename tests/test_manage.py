"""`manage.py` itself: which commands get the embedded server, and what a person reads who set something wrong."""

import json
import os
import subprocess
import sys

import pytest

from manage import needs_database
from tests.servers import ROOT


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


WRONG = [
    ("SECRET_KEY", "too short", "Set SECRET_KEY to a secret of at least 32 characters."),
    ("DEBUG", "perhaps", '"DEBUG" invalid: Not a valid boolean.'),
    ("WEB_THREADS", "0", "WEB_THREADS"),
    ("LOG_LEVEL", "LOUD", "LOG_LEVEL"),
    ("ALLOWED_PRIVATE_HOSTS", "crm.internal,10.0.0.0/8", "'10.0.0.0/8' is no host and no host:port"),
    ("ALLOWED_PRIVATE_HOSTS", "127.1", "'127.1' is no host and no host:port"),
    ("OUTBOUND_PORTS", "80,http", "OUTBOUND_PORTS"),
    ("ENCRYPTION_KEYS", "short", "ENCRYPTION_KEYS"),
]
# A process for each, made of one that has read the settings once.
FORKED = """
import gc, json, os, sys
import django, manage
import ticketflower.settings

del sys.modules["ticketflower.settings"]  # each process reads them anew
gc.freeze()  # else each looks through all of this at its end
sys.argv, wrong = ["manage.py", "check"], json.loads(sys.argv.pop())
for name, value in wrong:
    if (child := os.fork()) == 0:
        os.environ[name] = value
        manage.main()
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


def test_settings_that_can_not_be_right_are_told_in_one_line():
    done = subprocess.run(
        [sys.executable, "-c", FORKED, json.dumps([case[:2] for case in WRONG])],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["1"] * len(WRONG)
    for line, (name, value, told) in zip(done.stderr.splitlines(), WRONG, strict=True):
        assert told in line, (name, value)
