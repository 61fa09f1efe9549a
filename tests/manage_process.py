"""manage.py, begun where Django is set up."""

import runpy
import sys

from tests.warm import ROOT
from ticketflower.management.commands import run  # noqa: F401 (is there already when it is called)


def main(arguments):
    """What `tests.warm` calls, with arguments of manage.py."""
    sys.argv = ["manage.py", *arguments]
    runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
