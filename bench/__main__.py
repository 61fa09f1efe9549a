"""`make bench`, or `python -m bench [NAME …] [--quick]`: measure, each beside its baseline, and save to bench/results/.

Names: upload, lists, sign_up, companies; without one, all of them. Nothing is reached but this machine.
"""

from __future__ import annotations

import argparse
import importlib
import os

from bench import limits
from bench.stage import LIMITS, database, postgres, setup

NAMES = ("upload", "lists", "sign_up", "companies")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed beside baselines.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}; all when none is given")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: shows that it works, proves nothing")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    with postgres() as url, database(url, LIMITS) as limits_url, database(url) as own_url:
        limits.make(limits_url)
        setup(own_url)
        for name in given.names or NAMES:
            importlib.import_module(f"bench.{name}").run(quick=given.quick)
        from django.db import connections

        connections.close_all()
        os.environ.pop("DATABASE_URL")


if __name__ == "__main__":
    main()
