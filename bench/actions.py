"""Actions of one worker process, concurrency 8, against a server on loopback that answers at once.

Beside them: procrastinate's worker with jobs that do nothing and with jobs that POST, our worker with jobs that do
nothing, and POSTs from a pool of threads. An action is durable: it is claimed, and what came of it is written with
the next step of its ticket; several that are due together share the transactions. Rates are those between the first
and the last twentieth.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.client import Client, expect
from bench.company import Creator, creator
from bench.measure import median, processor_seconds, report, server_pid, statements
from bench.stage import ROOT, database, end, free_port, wait_for_port
from bench.steps import percentile

BESIDE = ("pool", "pool_requests", "procrastinate_empty", "procrastinate_posts", "empty")
MAX_SECONDS = 180
# What is in a worker's statements that are no job's.
OTHERS = ("LISTEN", "procrastinate_workers", "AS waiting", "worker_id = 1")


def run(*, quick: bool) -> None:
    """Measure, print, save."""
    count, rounds, single = (300, 1, 30) if quick else (800, 3, 150)
    url = os.environ["DATABASE_URL"]
    postmaster = server_pid(url)
    port = free_port()
    with _program([sys.executable, "-m", "bench.sink", str(port)], port):
        shop = Shop(port)
        rates: dict[str, list[float]] = {name: [] for name in (*BESIDE, "actions")}
        spent: dict[str, list[float]] = {"worker": [], "PostgreSQL": [], "procrastinate": [], "its PostgreSQL": []}
        for _ in range(rounds):
            for name in BESIDE:
                before = processor_seconds(postmaster)
                rate, processor = beside(name, count, url, port, shop.creator)
                rates[name].append(rate)
                if name == "procrastinate_empty":
                    spent["procrastinate"].append(processor * 1e3 / count)
                    spent["its PostgreSQL"].append((processor_seconds(postmaster) - before) * 1e3 / count)
            rate, worker, server = shop.drain(count, postmaster)
            rates["actions"].append(rate)
            spent["worker"].append(worker)
            spent["PostgreSQL"].append(server)
        waits = shop.waits(single)
        counted = shop.statements(url)
        of_many = shop.statements_of_many(url, 120)
    found = {name: median(values) for name, values in rates.items()}
    least = found["pool_requests"]
    lines = [
        ("actions a second", found["actions"], ""),
        ("actions / procrastinate's empty jobs", found["actions"] / found["procrastinate_empty"], ""),
        ("actions / procrastinate's jobs that POST", found["actions"] / found["procrastinate_posts"], ""),
        ("actions / our worker's empty jobs", found["actions"] / found["empty"], ""),
        ("actions / a pool of threads with requests", found["actions"] / least, ""),
        ("from the commit to the call, p50", percentile(waits, 0.5), "ms"),
        ("from the commit to the call, p99", percentile(waits, 0.99), "ms"),
        ("round trips of an action alone, its job's included", len(counted), "statements"),
        ("round trips of each of 120 that are due, the worker's start included", of_many, ""),
        *((f"a second: {name}", found[name], "") for name in BESIDE),
        *((f"processor time of one: {name}", median(values), "ms") for name, values in spent.items()),
    ]
    report("actions", lines, counted=counted)


def rate_of(times: list[float]) -> float:
    """Between the first and the last twentieth."""
    times = sorted(times)
    first, last = len(times) // 20, len(times) * 19 // 20
    return (last - first) / (times[last] - times[first])


def beside(name: str, count: int, url: str, port: int, company: Creator) -> tuple[float, float]:
    """Rate and processor seconds of a baseline."""
    if name.startswith("procrastinate"):
        with database(url) as own:
            found = _json([name, str(count), str(port)], own)
    else:
        found = _json([name, str(count), company.company.slug if name == "empty" else str(port)], url)
    assert len(found["ran"]) == count, f"{name}: {len(found['ran'])} of {count}"
    return rate_of(found["ran"]), found["processor"]


def _json(arguments: list[str], url: str) -> Any:
    command = [sys.executable, "-m", "bench.action_jobs", *arguments]
    environment = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "INFO"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=MAX_SECONDS)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def _program(command: list[str], port: int = 0, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.NamedTemporaryFile() as log:
        values = {**os.environ, "LOG_LEVEL": "INFO", **environment}
        process = subprocess.Popen(command, cwd=ROOT, env=values, stdout=log, stderr=subprocess.STDOUT)
        try:
            if port:
                wait_for_port(port, process, Path(log.name))
            yield process
        finally:
            end(process)


class Shop:
    """A company whose tickets are one action each."""

    def __init__(self, port: int) -> None:
        from django_tenants.utils import tenant_context

        from core.models import Actor
        from users.services.people import person_create
        from workflow_design.services.publish import workflow_publish
        from workflow_design.services.upload import upload

        self._port = port
        self.creator = creator("Actions")
        with tenant_context(self.creator.company):
            self._person = person_create(
                actor=Actor(), email="uma@bench.example", password="a rather long sentence 7", system_roles=["user"]
            )
            upload(user=self.creator.user, document=_document(f"http://127.0.0.1:{port}/act"))
            workflow_publish(user=self.creator.user, workflow_id=1, accept_unproved=True)

    def open(self, count: int) -> list[float]:
        """So many tickets; when each was committed."""
        from django_tenants.utils import tenant_context

        from workflow_ops.services.tickets import ticket_open

        times = []
        with tenant_context(self.creator.company):
            for number in range(count):
                ticket_open(user=self._person, ticket_definition="act", data={"i": number})
                times.append(time.monotonic())
        return times

    def taken(self, count: int) -> list[tuple[int, float]]:
        """The next so many calls."""
        found: list[tuple[int, float]] = []
        deadline = time.monotonic() + MAX_SECONDS
        with Client(self._port, "127.0.0.1") as client:
            while len(found) < count:
                found += json.loads(expect(client.call("GET", "/"), 200))
                assert time.monotonic() < deadline, f"{len(found)} of {count} calls"
                time.sleep(0.02)
        return found

    @contextmanager
    def working(self) -> Iterator[subprocess.Popen[bytes]]:
        """A worker process."""
        command = [sys.executable, "manage.py", "run_worker", "--concurrency", "8", "--queues", "actions"]
        with _program(command, ALLOWED_PRIVATE_HOSTS=f"127.0.0.1:{self._port}") as process:
            yield process

    def drain(self, count: int, postmaster: int) -> tuple[float, float, float]:
        """Rate of so many actions; processor milliseconds of the worker and of PostgreSQL for each, its start aside."""
        with Client(self._port, "127.0.0.1") as client:
            expect(client.call("GET", "/"), 200)
        self.open(count)
        with self.working() as process:
            found = self.taken(count // 20)
            pids = (process.pid, postmaster)
            before = [processor_seconds(pid) for pid in pids]
            found += self.taken(count - len(found))
            after = [processor_seconds(pid) for pid in pids]
        assert len(found) == count
        worker, server = ((end - begin) * 1e3 / (count * 0.95) for begin, end in zip(before, after, strict=True))
        return rate_of([at for _, at in found]), worker, server

    def waits(self, count: int) -> list[float]:
        """Seconds from a commit to its call, one at a time, of a worker that has nothing else to do."""
        waits = []
        with self.working():
            self.open(8)
            self.taken(8)
            for _ in range(count):
                (committed,) = self.open(1)
                ((_, came),) = self.taken(1)
                waits.append(max(0.0, came - committed))
        return waits

    def statements(self, url: str) -> list[str]:
        """What a worker that knows the company sends for one action: from the job's fetch, which ends the one before,
        to the next."""
        with self.working():
            self.open(8)
            self.taken(8)
            time.sleep(1.5)
            with statements(url) as counted:
                self.open(1)
                self.taken(1)
                time.sleep(1)
        own = counted[counted.index("COMMIT") + 1 :]
        fetches = [place for place, one in enumerate(own) if one.startswith("WITH done")]
        begin, end = fetches[0], next(place for place in fetches if place > own.index("COMMIT"))
        return [one for one in own[begin:end] if not any(part in one for part in OTHERS)]

    def statements_of_many(self, url: str, count: int) -> float:
        """What a worker sends for each of so many actions that are due when it starts."""
        self.open(count)
        with statements(url) as counted, self.working():
            self.taken(count)
            time.sleep(1)
        return len([one for one in counted if not any(part in one for part in OTHERS)]) / count


def _document(url: str) -> dict[str, Any]:
    call = {"key": "act", "title": "Act", "task_type": "SYNC_ACTION", "action_url": url}
    call |= {"input_transform": {"i": {"$": {"var": "i"}}}, "output_transform": {"ok": {"$": {"var": "body.ok"}}}}
    schema = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
    return {
        "format": "ticketflower/1",
        "workflow": {"key": "act", "title": "Act", "fields": [{"FieldName": "i", "FieldType": "integer"}]},
        "tasks": [{**call, "output_schema": schema}],
        "transitions": [{"from": None, "to": "act"}, {"from": "act", "to": None}],
        "tickets": [{"key": "act", "title": "Act", "fields": {"i": None}}],
    }
