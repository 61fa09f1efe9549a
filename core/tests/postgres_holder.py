"""A process that holds the server of a folder: it writes a DATABASE_URL, and lets go of it when it is asked to end."""

import os
import signal
import sys
from pathlib import Path

from core.postgres import running
from core.processes import exit_on_signals


def main(arguments):
    """What `tests.warm` calls, with the folder, and `fork` for a process that has had a child."""
    folder, *more = arguments
    exit_on_signals()
    with running(Path(folder), durable=False) as url:
        if "fork" in more:
            if (child := os.fork()) == 0:
                sys.exit()
            os.waitpid(child, 0)
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        signal.pause()
