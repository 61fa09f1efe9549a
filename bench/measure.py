"""Times, processor time, statements, and where the figures go."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

RESULTS = Path(__file__).parent / "results"


def milliseconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    begin = time.perf_counter()
    action()
    return (time.perf_counter() - begin) * 1e3


def median(values: list[float]) -> float:
    return statistics.median(values)


def processor_seconds(pid: int) -> float:
    """What a process and its children, ended ones too, have used so far."""
    total = 0.0
    process = psutil.Process(pid)
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def server_pid(url: str) -> int:
    """The process of PostgreSQL that the others of it are children of."""
    with psycopg.connect(url) as admin:
        row = admin.execute("SELECT current_setting('data_directory')").fetchone()
    assert row is not None
    return int((Path(row[0]) / "postmaster.pid").read_text().split()[0])


@contextmanager
def statements(url: str) -> Iterator[list[str]]:
    """The statements that reach the server during the block, from all clients, in order: read from its log."""
    found: list[str] = []
    with psycopg.connect(url, autocommit=True) as admin:

        def switch(value: str) -> None:
            admin.execute(f"ALTER SYSTEM SET log_statement = '{value}'")
            admin.execute("SELECT pg_reload_conf()")
            time.sleep(0.3)  # until every process of the server has noticed

        row = admin.execute("SELECT current_setting('data_directory'), pg_backend_pid()").fetchone()
        assert row is not None
        log = Path(row[0]) / "server.log"
        switch("all")
        begin = log.stat().st_size
        try:
            yield found
        finally:
            with log.open(errors="replace") as lines:
                lines.seek(begin)
                text = lines.read()
            switch("none")
        entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", text, flags=re.MULTILINE)
        for entry in entries:
            match = re.match(r"\S+ \S+ \S+ \[(\d+)\] LOG:  (?:statement|execute [^:]*): (.*)", entry, re.DOTALL)
            if match and int(match[1]) != row[1]:
                found.append(" ".join(match[2].split()))


def report(name: str, lines: list[tuple[str, float, str]], **others: Any) -> None:
    """Print the figures (what, value, unit) and save them as JSON."""
    print(f"\n{name}")
    for what, value, unit in lines:
        shown = f"{value:,.0f}" if unit in ("", "statements") and value == int(value) else f"{value:,.3g}"
        print(f"  {what:<72}{shown:>9} {unit}")
    RESULTS.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "machine": platform.machine()}
    figures = {what: {"value": round(value, 4), "unit": unit} for what, value, unit in lines}
    saved = {"at": time.strftime("%Y-%m-%d %H:%M:%S"), **machine, **others, "figures": figures}
    (RESULTS / f"{name}.json").write_text(json.dumps(saved, indent=1) + "\n")
