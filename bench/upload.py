"""Upload of a document with 100 tasks, 150 transitions and a ticket type, beside one statement that inserts as much."""

from __future__ import annotations

import os
from typing import Any

import orjson
import psycopg

from bench import company, limits, peers
from bench.client import Client, expect
from bench.measure import median, milliseconds, processor_seconds, report, server_pid, statements
from bench.stage import LIMITS, address, servers

PATH = "/api/workflow/upload/"


def validation_ms(body: bytes, rounds: int) -> float:
    """What reading the document's shape takes, in this process: the limit has nothing like it."""
    from workflow_design.kernel.document import normalize

    document = orjson.loads(body)
    return median([milliseconds(lambda: normalize(document)) for _ in range(rounds)])


def run(*, quick: bool) -> None:
    """Measure, print, save."""
    rounds, per_round = (2, 8) if quick else (5, 20)
    count = rounds * per_round
    url = os.environ["DATABASE_URL"]
    creator = company.creator("Upload")
    numbers = iter(range(1_000_000))
    times: dict[str, list[float]] = {}

    def bodies(tasks: int, transitions: int, number: int) -> list[bytes]:
        return [orjson.dumps(company.document(f"w{next(numbers)}", tasks, transitions)) for _ in range(number)]

    with (
        servers() as start,
        psycopg.connect(address(url, LIMITS)) as limit,
        peers.drf_bulk(url) as peer,
    ):
        server = start()
        as_limit = limits.upload_document()
        peer_body = orjson.dumps(as_limit)
        with Client(server.port, creator.host, creator.token) as client:
            postmaster = server_pid(url)
            used: dict[str, float] = {}
            for number in range(-1, rounds):
                for name in ("limit", "peer", "ours"):
                    if name == "peer" and peer is None:
                        continue
                    found = []
                    ready = bodies(100, 150, per_round)
                    before = processor_seconds(server.pid), processor_seconds(postmaster)
                    for body in ready:
                        if name == "limit":
                            found.append(milliseconds(lambda: limits.upload_in_one_statement(limit, as_limit)))
                        elif name == "ours":
                            found.append(milliseconds(lambda: expect(client.call("POST", PATH, body), 201)))  # noqa: B023
                        else:
                            found.append(milliseconds(lambda: expect(peer.call("POST", peers.BULK, peer_body), 201)))
                    if number >= 0:
                        times.setdefault(name, []).extend(found)
                        after = processor_seconds(server.pid), processor_seconds(postmaster)
                        for what, one, other in zip(("server", "database"), before, after, strict=True):
                            used[f"{name} {what}"] = used.get(f"{name} {what}", 0.0) + (other - one) * 1e3
            sizes = {10: 15, 100: 150, 1_000: 1_500}
            counted: dict[int, list[str]] = {}
            larger: dict[int, float] = {}
            for tasks, transitions in sizes.items():
                once, *more = bodies(tasks, transitions, 4)
                with statements(url) as found_statements:
                    expect(client.call("POST", PATH, once), 201)
                counted[tasks] = found_statements
                larger[tasks] = median([milliseconds(lambda: expect(client.call("POST", PATH, b), 201)) for b in more])  # noqa: B023
    checks = validation_ms(bodies(100, 150, 1)[0], 15)
    ours, best = median(times["ours"]), median(times["limit"])
    lines: list[tuple[str, float, str]] = [
        ("limit: one statement, commit included", best, "ms"),
        ("upload over HTTP, in all", ours, "ms"),
        ("  of it shape validation (measured in this process)", checks, "ms"),
        ("  without it", ours - checks, "ms"),
        ("limit / upload in all", best / ours, ""),
        ("limit / upload without shape validation (goal .5)", best / (ours - checks), ""),
        ("processor time an upload: web server", used["ours server"] / count, "ms"),
        ("processor time an upload: PostgreSQL", used["ours database"] / count, "ms"),
        ("processor time of the limit: PostgreSQL", used["limit database"] / count, "ms"),
    ]
    if "peer" in times:
        bulk = median(times["peer"])
        lines += [
            ("DRF with bulk_create", bulk, "ms"),
            ("limit / DRF with bulk_create", best / bulk, ""),
            ("DRF with bulk_create / upload in all (goal above 1)", bulk / ours, ""),
        ]
    for tasks in sizes:
        lines.append((f"{tasks:,} tasks: statements, BEGIN and COMMIT included", len(counted[tasks]), "statements"))
        lines.append((f"{tasks:,} tasks: time", larger[tasks], "ms"))
    saved: dict[str, Any] = {"statements": counted[100]}
    report("upload", lines, **saved)
