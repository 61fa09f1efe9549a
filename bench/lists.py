"""A signed-in list of 50 definitions, beside psycopg with orjson in a loop and FastAPI with SQLAlchemy."""

from __future__ import annotations

import os
import time
from typing import Any

from bench import company, limits, peers
from bench.client import Client, expect, get_per_second
from bench.measure import median, processor_seconds, report, server_pid, statements
from bench.stage import LIMITS, address, servers

PATH = "/api/workflow/workflows/"
DEFINITIONS = 50


def fill(creator: company.Creator, count: int) -> None:
    """So many definitions, each with a ticket type and three fields."""
    from django_tenants.utils import tenant_context

    from workflow_design.services.upload import upload

    with tenant_context(creator.company):
        for number in range(count):
            document = company.document(f"w{number}", tasks=2, transitions=3)
            document["workflow"]["fields"] = document["workflow"]["fields"][:3]
            document["tickets"][0]["fields"] = {}
            upload(user=creator.user, document=document)


class Load:
    """One thing that is asked for as fast as it goes, round by round; its rates and what processors spent on it."""

    def __init__(self, pid: int, postmaster: int, port: int, host: str, token: str, path: str) -> None:
        self._pids = (pid, postmaster)
        self._address = (port, host, token, path)
        self.rates: list[float] = []
        self.web: list[float] = []
        self.database: list[float] = []

    def warm_up(self) -> None:
        """A second of it that doesn't count."""
        get_per_second(*self._address, seconds=1)

    def round(self, seconds: float) -> None:
        """Measure once more."""
        before = [processor_seconds(pid) for pid in self._pids]
        rate = get_per_second(*self._address, seconds=seconds)
        web, database = (
            (processor_seconds(pid) - was) * 1e3 / (rate * seconds) for pid, was in zip(self._pids, before, strict=True)
        )
        self.rates.append(rate)
        self.web.append(web)
        self.database.append(database)


def limit_rate(limit: limits.ListLimit, seconds: float) -> float:
    """Pages a second."""
    count, begin = 0, time.perf_counter()
    while time.perf_counter() < begin + seconds:
        limit.once()
        count += 1
    return count / seconds


def run(*, quick: bool) -> None:
    """Measure, print, save."""
    rounds, seconds = (1, 1) if quick else (5, 3)
    url = os.environ["DATABASE_URL"]
    postmaster = server_pid(url)
    creator = company.creator("Lists")
    alone = company.creator("Single")
    fill(creator, DEFINITIONS)
    fill(alone, 1)
    counted: dict[int, list[str]] = {}
    with servers() as start, peers.fastapi(url) as peer:
        server = start()
        with Client(server.port, creator.host, creator.token) as client:
            assert expect(client.call("GET", PATH), 200).count(b'"guidelines"') == DEFINITIONS
            with statements(url) as counted[DEFINITIONS]:
                expect(client.call("GET", PATH), 200)
        with Client(server.port, alone.host, alone.token) as client:
            assert expect(client.call("GET", PATH), 200).count(b'"guidelines"') == 1
            with statements(url) as counted[1]:
                expect(client.call("GET", PATH), 200)
        loads = {
            "ours": Load(server.pid, postmaster, server.port, creator.host, creator.token, PATH),
        }
        if peer is not None:
            loads["peer"] = Load(peer.process.pid, postmaster, peer.port, peer.host, peer.token, peers.ORM_LIST)
        columns = ", ".join(limits.ITEMS)
        items = limits.ListLimit(
            address(url, LIMITS), f"SELECT {columns} FROM items_item ORDER BY id DESC LIMIT 50", "-c search_path=t1"
        )
        best: list[float] = []
        for load in loads.values():
            load.warm_up()
        for _ in range(rounds):
            best.append(limit_rate(items, min(seconds, 2)))
            for load in loads.values():
                load.round(seconds)
        items.close()
    limit = median(best)
    ours = loads["ours"]
    lines: list[tuple[str, float, str]] = [
        ("limit: 50 rows of 10 columns, psycopg and orjson in a loop", limit, "/s"),
        ("list of 50 definitions of 20 columns, signed in, 8 clients", median(ours.rates), "/s"),
        ("list / limit (goal .25)", median(ours.rates) / limit, ""),
        ("processor time a request: web server", median(ours.web), "ms"),
        ("processor time a request: PostgreSQL", median(ours.database), "ms"),
    ]
    if "peer" in loads:
        other = loads["peer"]
        lines += [
            ("FastAPI with SQLAlchemy, 50 rows of 10 columns, no user look-up", median(other.rates), "/s"),
            ("FastAPI with SQLAlchemy / limit", median(other.rates) / limit, ""),
            ("processor time a request: FastAPI with SQLAlchemy", median(other.web), "ms"),
            ("processor time a request: PostgreSQL behind it", median(other.database), "ms"),
            (
                "web server's processor time of ours / FastAPI (goal at most 1)",
                median(ours.web) / median(other.web),
                "",
            ),
        ]
    lines += [(f"statements for a list of {rows}", len(found), "statements") for rows, found in counted.items()]
    saved: dict[str, Any] = {"statements": counted[DEFINITIONS]}
    report("lists", lines, **saved)
