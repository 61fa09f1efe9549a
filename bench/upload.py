"""Upload of a document with 100 tasks, 150 transitions and a ticket type, beside one statement that inserts as much."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack

import orjson
import psycopg

from bench import company, limits, peers
from bench.client import Client, expect
from bench.measure import median, milliseconds, processor_seconds, report, server_pid, statements
from bench.stage import LIMITS, address, servers

PATH = "/api/workflow/upload/"
SIZES = (10, 100, 1_000)


def checks_ms(bodies: list[bytes]) -> tuple[float, float]:
    """What reading a document's shape, and what checking and proving it takes, in this process: the limit has nothing
    like either."""
    from workflow_design.kernel.document import normalize
    from workflow_design.kernel.proof import prove

    shape, checks = [], []
    for body in bodies:
        document = orjson.loads(body)
        begin = time.perf_counter()
        after = normalize(document).after
        read = time.perf_counter()
        prove(after)
        shape.append((read - begin) * 1e3)
        checks.append((time.perf_counter() - read) * 1e3)
    return median(shape), median(checks)


class Contender:
    """One way to store such a document: its times, and what processors spent on it."""

    def __init__(self, store: Callable[[bytes], object], pid: int, postmaster: int) -> None:
        self._store = store
        self._pids = (pid, postmaster)
        self.times: list[float] = []
        self.spent: list[tuple[float, ...]] = []

    def round(self, bodies: list[bytes], *, counts: bool) -> None:
        """Store them one after the other."""
        before = [processor_seconds(pid) for pid in self._pids]
        times = [milliseconds(lambda: self._store(body)) for body in bodies]  # noqa: B023
        after = [processor_seconds(pid) for pid in self._pids]
        if counts:
            self.times += times
            self.spent.append(tuple((b - a) * 1e3 / len(bodies) for a, b in zip(before, after, strict=True)))

    @property
    def ms(self) -> float:
        """The median time of one."""
        return median(self.times)

    @property
    def web(self) -> float:
        """Its process's processor time for one, in ms."""
        return median([web for web, _ in self.spent])

    @property
    def database(self) -> float:
        """PostgreSQL's processor time for one, in ms."""
        return median([database for _, database in self.spent])


def run(*, quick: bool) -> None:
    """Measure, print, save."""
    rounds, per_round = (2, 8) if quick else (7, 20)
    url = os.environ["DATABASE_URL"]
    postmaster = server_pid(url)
    creator = company.creator("Upload")
    numbers = iter(range(1_000_000))
    larger: dict[int, float] = {}
    counted: dict[int, list[str]] = {}

    def bodies(tasks: int, transitions: int, count: int) -> list[bytes]:
        return [orjson.dumps(company.document(f"w{next(numbers)}", tasks, transitions)) for _ in range(count)]

    with ExitStack() as stack:
        start = stack.enter_context(servers())
        connection = stack.enter_context(psycopg.connect(address(url, LIMITS)))
        peer = stack.enter_context(peers.drf_bulk(url))
        as_limit = limits.upload_document()
        contenders = {
            "limit": Contender(lambda _: limits.upload_in_one_statement(connection, as_limit), os.getpid(), postmaster)
        }
        if peer is not None:
            same = orjson.dumps(as_limit)
            contenders["peer"] = Contender(
                lambda _: expect(peer.call("POST", peers.BULK, same), 201), peer.process.pid, postmaster
            )
        server = start()
        client = stack.enter_context(Client(server.port, creator.host, creator.token))
        store = _upload_with(client)
        contenders["ours"] = Contender(store, server.pid, postmaster)
        for number in range(-1, rounds):
            for contender in contenders.values():
                contender.round(bodies(100, 150, per_round), counts=number >= 0)
        for tasks in SIZES:
            once, *more = bodies(tasks, tasks * 3 // 2, 4)
            with statements(url) as counted[tasks]:
                store(once)
            larger[tasks] = median([milliseconds(lambda: store(body)) for body in more])  # noqa: B023
    shape, checks = checks_ms(bodies(100, 150, 40))
    limit, ours = contenders["limit"], contenders["ours"]
    rest = ours.ms - shape - checks
    lines: list[tuple[str, float, str]] = [
        ("limit: one statement, commit included", limit.ms, "ms"),
        ("upload over HTTP, in all", ours.ms, "ms"),
        ("  of it reading its shape (measured in this process)", shape, "ms"),
        ("  of it checks and proof (measured in this process)", checks, "ms"),
        ("  without both", rest, "ms"),
        ("limit / upload in all", limit.ms / ours.ms, ""),
        ("limit / upload without both (goal .5)", limit.ms / rest, ""),
        ("processor time an upload: web server", ours.web, "ms"),
        ("processor time an upload: PostgreSQL", ours.database, "ms"),
        ("processor time of the limit: PostgreSQL", limit.database, "ms"),
    ]
    if "peer" in contenders:
        bulk = contenders["peer"].ms
        lines += [
            ("DRF with bulk_create, in all", bulk, "ms"),
            ("limit / DRF with bulk_create", limit.ms / bulk, ""),
            ("DRF with bulk_create / upload in all, checks included (goal above 1)", bulk / ours.ms, ""),
        ]
    for tasks in SIZES:
        lines.append((f"{tasks:,} tasks: statements, BEGIN and COMMIT included", len(counted[tasks]), "statements"))
        lines.append((f"{tasks:,} tasks: time", larger[tasks], "ms"))
    report("upload", lines, statements=counted[100])


def _upload_with(client: Client) -> Callable[[bytes], object]:
    return lambda body: expect(client.call("POST", PATH, body), 201)
