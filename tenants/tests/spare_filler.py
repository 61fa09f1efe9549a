"""A process that makes spares."""

import json
from pathlib import Path

from tenants import building, spares


def main(arguments):
    """What `tests.warm` calls, with the number of spares and the file of the statements that they are built by."""
    number, script = arguments
    building._script = tuple(json.loads(Path(script).read_text()))
    spares.fill(int(number))
