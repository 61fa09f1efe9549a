"""`python -m chaos`: see docs/chaos.md. Ends with 1 when a promise is broken."""

from __future__ import annotations

import json
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg

from bench.client import Client
from bench.stage import ENVIRONMENT, ROOT, end, wait_for_port
from chaos import office, programs
from chaos.clients import Crowd
from chaos.database import database
from chaos.faults import Faults
from chaos.plan import Plan, from_environment
from chaos.verdict import Books, Verdict
from core.presence import LockTimeout, exclusive
from core.processes import exit_on_signals

FOLDER = ROOT / ".data" / "chaos"
LEASE_SECONDS = 4
QUIET_LOOK_SECONDS = 0.5
SAY_SECONDS = 15
# Below the ports that connections get: nobody takes them while a program is dead.
PORTS = (20_000, 30_000)


def main() -> None:
    plan = from_environment()
    exit_on_signals()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with exclusive(FOLDER / "lock", timeout=1):
            kept = _run(plan)
    except LockTimeout:
        sys.exit("Another run is going on.")
    if not kept:
        sys.exit(1)


def _run(plan: Plan) -> bool:
    """From nothing; whether every promise was kept."""
    shutil.rmtree(FOLDER / "run", ignore_errors=True)
    folder = FOLDER / "run"
    folder.mkdir(parents=True)
    shutil.rmtree(FOLDER / "postgres", ignore_errors=True)
    say(f"{plan.tickets} tickets, seed {plan.seed}; logs and what was called: {folder}")
    return Run(plan, folder).run()


def say(text: str) -> None:
    print(text, flush=True)


def free_port(taken: set[int]) -> int:
    """A port that nobody listens on."""
    while True:
        port = random.SystemRandom().randrange(*PORTS)
        with socket.socket() as probe:
            if port not in taken and probe.connect_ex(("127.0.0.1", port)) != 0:
                taken.add(port)
                return port


class Run:
    """One run, from an empty database to the verdict."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        taken: set[int] = set()
        self._ports = [free_port(taken), free_port(taken)]
        self._outside = free_port(taken)
        self._environment = {
            **ENVIRONMENT,
            "LOG_LEVEL": "INFO",
            "PUBLIC_PORT": str(self._ports[0]),
            "ALLOWED_PRIVATE_HOSTS": f"127.0.0.1:{self._outside}",
            "WORKER_LEASE_SECONDS": str(LEASE_SECONDS),
            "SPARE_SCHEMAS": "0",
        }

    def run(self) -> bool:
        """Whether every promise was kept."""
        with ExitStack() as stack:
            server = stack.enter_context(database(FOLDER / "postgres"))
            say(
                "PostgreSQL with fsync={}, synchronous_commit={}".format(
                    *server.settings("fsync", "synchronous_commit")
                )
            )
            offices = office.set_up(server.url, f"http://127.0.0.1:{self._outside}", self._environment)
            environment = {**self._environment, "DATABASE_URL": server.url}
            webs = [programs.web_server(n, port, environment, self._folder) for n, port in enumerate(self._ports)]
            workers = [programs.worker(n, environment, self._folder) for n in range(2)]
            self._start_recorder(stack)
            for program in (*webs, *workers):
                stack.callback(program.stop)
                program.start()
            for web in webs:
                web.wait()
            crowd = Crowd(offices, self._ports, self._plan)
            faults = Faults(self._plan, server, webs, workers, LEASE_SECONDS + 3)
            books = Books(server.url, offices)
            began = time.monotonic()
            crowd.start()
            faults.start()
            self._under_faults(crowd, books, began)
            faults.stop()
            self._calm()
            under_faults = time.monotonic() - began
            quiet = self._until_quiet(books)
            crowd.go_home()
            verdict = books.check(crowd.seen, self._folder / "calls.jsonl")
            for program in (*webs, *workers):
                if (code := program.ended()) is not None:
                    verdict.broken.append(f"{program.name} has ended by itself, with {code}")
            verdict.none("server errors that were no clean 503", crowd.seen.unclean)
            verdict.none("what clients and killers complain of", [*crowd.problems, *faults.problems])
            if quiet is None:
                verdict.broken.append(f"Not quiet after {self._plan.quiet_seconds} s: {books.uneasy()}")
        return self._tell(verdict, crowd, faults, under_faults, quiet)

    def _start_recorder(self, stack: ExitStack) -> None:
        log = self._folder / "recorder.log"
        command = [sys.executable, "-m", "chaos.recorder", str(self._outside), str(self._folder / "calls.jsonl")]
        command += [str(self._plan.seed), *map(str, self._ports)]
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        stack.callback(end, process)
        wait_for_port(self._outside, process, log)

    def _under_faults(self, crowd: Crowd, books: Books, began: float) -> None:
        """Until all tickets are opened, or the time is over. As tickets end, others are opened."""
        told = began
        while crowd.opening() and time.monotonic() - began < self._plan.seconds:
            time.sleep(QUIET_LOOK_SECONDS)
            with suppress(psycopg.Error):  # it was killed
                crowd.seen.ended = books.settled()
            if time.monotonic() - told > SAY_SECONDS:
                told = time.monotonic()
                say(
                    f"{told - began:5.0f} s: {len(crowd.seen.opened)} tickets opened, {len(crowd.seen.done)} forms done"
                )
        crowd.no_more()

    def _calm(self) -> None:
        with Client(self._outside, "127.0.0.1") as client:
            client.call("POST", "/calm", b"{}")

    def _until_quiet(self, books: Books) -> float | None:
        """Seconds until nothing goes on any more; None: it doesn't come to that."""
        begin = told = time.monotonic()
        while books.uneasy() != (0, 0) or self._callbacks_waiting():
            if time.monotonic() - begin > self._plan.quiet_seconds:
                return None
            if time.monotonic() - told > SAY_SECONDS:
                told = time.monotonic()
                say("  calm, {} runs go on, {} attempts and jobs".format(*books.uneasy()))
            time.sleep(QUIET_LOOK_SECONDS)
        return time.monotonic() - begin

    def _callbacks_waiting(self) -> int:
        with Client(self._outside, "127.0.0.1") as client:
            return int(json.loads(client.call("GET", "/waiting")[1])["waiting"])

    def _tell(self, verdict: Verdict, crowd: Crowd, faults: Faults, seconds: float, quiet: float | None) -> bool:
        line("seconds under faults", seconds)
        line("seconds from then until nothing was left to do", -1 if quiet is None else quiet)
        for what, count in sorted(faults.kills.items()):
            line(what, count)
        for what, values in faults.recovered.items():
            if values:
                line(f"{what} back after a kill: median s", statistics.median(values))
                line(f"{what} back after a kill: longest s", max(values))
        for what, count in sorted(crowd.seen.statuses.items()):
            line(f"answers to clients: {what}", count)
        for what, number in verdict.counts.items():
            line(what, number)
        for what, count in verdict.incidents.most_common(10):
            say(f"  incident, {count} times: {what}")
        for what in verdict.broken:
            say(f"BROKEN  {what}")
        say("Every promise was kept." if not verdict.broken else f"{len(verdict.broken)} promises were broken.")
        return not verdict.broken


def line(what: str, value: float) -> None:
    shown = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    say(f"  {what:<66}{shown:>10}")


if __name__ == "__main__":
    main()
