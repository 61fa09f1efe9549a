"""Many companies: the list of 50 definitions asked for in 300 companies in turn beside 2, and `migrate_schemas` with
nothing to do."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import psutil
import psycopg

from bench import company
from bench.client import Client, expect
from bench.lists import DEFINITIONS, PATH, fill
from bench.measure import median, milliseconds, processor_seconds, report, server_pid
from bench.sign_up import dump, remake
from bench.stage import ROOT, Server, servers

CLIENTS = 4
ROUND_SECONDS = 4.0


@dataclass(frozen=True)
class Visit:
    """A company's host and somebody's token there."""

    host: str
    token: str


def make(count: int) -> list[Visit]:
    """So many companies with 50 definitions each: one made as usual, the others from its dump."""
    from django_tenants.utils import tenant_context

    from tenants.models import Company, Domain
    from users.models import TokenFamily
    from users.tokens import RefreshToken

    first = company.creator("Original")
    fill(first, DEFINITIONS)
    url = os.environ["DATABASE_URL"]
    schema = first.company.schema_name
    sql = dump(url, schema, data=True)
    visits = []
    with tenant_context(first.company):
        family = TokenFamily.objects.get()
    with psycopg.connect(url) as connection:
        for number in range(count):
            slug = f"copy-{number}"
            remake(connection, sql, schema, f'"{slug}"')
            (made,) = Company.objects.bulk_create(
                [Company(name=slug, slug=slug, schema_name=slug, plan=first.company.plan)]
            )
            Domain.objects.bulk_create([Domain(domain=f"{slug}.localhost", tenant=made)])
            with tenant_context(made):
                token = RefreshToken()
                token.payload |= {"sub": str(first.user.pk), "tid": str(made.uuid), "fam": str(family.pk)}
                visits.append(Visit(f"{slug}.localhost", str(token.access_token)))
    return visits


def visit(server: Server, postmaster: int, visits: list[Visit], seconds: float) -> tuple[float, float, float]:
    """Ask for the list in one company after the other: milliseconds a request and a client, and what processors of the
    web server and of PostgreSQL spent on it."""
    before = processor_seconds(server.pid), processor_seconds(postmaster)
    end = time.perf_counter() + seconds

    def ask(start: int) -> int:
        count = 0
        with Client(server.port, "") as client:
            while time.perf_counter() < end:
                one = visits[(start + count * CLIENTS) % len(visits)]
                client.host, client.token = one.host, one.token
                expect(client.call("GET", PATH), 200)
                count += 1
        return count

    with ThreadPoolExecutor(CLIENTS) as pool:
        total = sum(pool.map(ask, range(CLIENTS)))
    spent = processor_seconds(server.pid) - before[0], processor_seconds(postmaster) - before[1]
    return seconds * CLIENTS * 1e3 / total, spent[0] * 1e3 / total, spent[1] * 1e3 / total


def largest_mb(postmaster: int) -> float:
    """The memory that belongs to the largest process of PostgreSQL alone."""
    sizes = []
    for process in psutil.Process(postmaster).children():
        with suppress(psutil.Error):
            sizes.append(process.memory_full_info().uss / 2**20)
    return max(sizes)


def run(*, quick: bool) -> None:
    """Measure, print, save."""
    from django.core.management import call_command
    from django.db import connections

    count, rounds, seconds = (20, 1, 1.0) if quick else (300, 5, ROUND_SECONDS)
    url = os.environ["DATABASE_URL"]
    postmaster = server_pid(url)
    visits = make(count)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("ANALYZE")
    call_command("migrate_schemas", stdout=io.StringIO())
    command = [milliseconds(lambda: call_command("migrate_schemas", stdout=io.StringIO())) for _ in range(3)]
    whole = [sys.executable, "manage.py", "migrate_schemas"]
    process = milliseconds(lambda: subprocess.run(whole, cwd=ROOT, check=True, capture_output=True, timeout=60))
    connections.close_all()
    figures: dict[int, list[tuple[float, float, float]]] = {2: [], count: []}
    with servers() as start:
        server = start()
        for number in range(-1, rounds):
            for some in (visits[:2], visits):
                # A round before the first has every connection visit every company.
                found = visit(server, postmaster, some, seconds)
                if number >= 0:
                    figures[len(some)].append(found)
        memory = largest_mb(postmaster)
    lines: list[tuple[str, float, str]] = [
        (f"migrate_schemas with {count} companies and nothing to do (goal under 1,000)", median(command), "ms"),
        ("the same as a process, with Django's start", process, "ms"),
        (f"memory of PostgreSQL's largest process after {count} companies", memory, "MB"),
    ]
    few, many = figures.values()
    for what, place in (("a request", 0), ("web server's processor time", 1), ("PostgreSQL's processor time", 2)):
        one, other = median([found[place] for found in few]), median([found[place] for found in many])
        lines.append((f"{what}, 2 companies", one, "ms"))
        lines.append((f"{what}, {count} companies", other, "ms"))
        lines.append((f"{what}, ratio" + (" (goal 1.2)" if place == 0 else ""), other / one, ""))
    one, other = (median([web + database for _, web, database in found]) for found in (few, many))
    lines.append(("all processor time, ratio", other / one, ""))
    report("companies", lines)
