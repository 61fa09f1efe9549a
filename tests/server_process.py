"""A web server. The application itself is made in the process, with its own settings."""

import json
import os
from importlib import import_module
from pathlib import Path

import granian.cli
from django.conf import settings

from tenants import building

for urls in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF):
    import_module(urls)


def main(arguments):
    """What `tests.warm` calls, with arguments of granian. Companies' schemas are built by the statements in the file
    that TEST_SCRIPT names: finding them out takes a process seconds."""
    script = json.loads(Path(os.environ["TEST_SCRIPT"]).read_text())
    building._script = script and tuple(script)
    granian.cli.cli.main(arguments, prog_name="granian")
