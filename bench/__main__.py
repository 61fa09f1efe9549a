"""`make bench`, or `python -m bench [NAME …] [--quick]`: measure, and save to bench/results/. docs/performance.md tells
what each measures. Nothing is reached but this machine."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from bench import limits
from bench.stage import LIMITS, database, postgres, setup

# With servers and a database; those of the kernel need neither.
SERVERS = ("upload", "lists", "sign_up", "companies", "steps", "actions")
KERNEL = tuple(sorted(path.stem for path in Path(__file__).parent.glob("kernel_*.py")))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed beside baselines.")
    known = (*SERVERS, *KERNEL)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(known)}; all when none is given")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: shows that it works, proves nothing")
    given = parser.parse_args()
    if unknown := set(given.names).difference(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    names = given.names or known
    for name in names:
        if name in KERNEL:
            print(f"\n{name}")
            importlib.import_module(f"bench.{name}").main()
    if wanted := [name for name in names if name in SERVERS]:
        _with_servers(wanted, quick=given.quick)


def _with_servers(names: list[str], *, quick: bool) -> None:
    with postgres() as url, database(url, LIMITS) as limits_url, database(url) as own_url:
        limits.make(limits_url)
        setup(own_url)
        from django.db import connections

        try:
            for name in names:
                importlib.import_module(f"bench.{name}").run(quick=quick)
        finally:
            connections.close_all()


if __name__ == "__main__":
    main()
