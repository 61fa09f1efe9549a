"""Signing up with a spare schema at hand, and what a spare costs beside the bare DDL of its tables."""

from __future__ import annotations

import os
import subprocess

import orjson
import psycopg

from bench.client import Client, expect
from bench.measure import median, milliseconds, processor_seconds, report, server_pid
from bench.stage import FOLDER, servers

PATH = "/api/create-company/"
PASSWORD = "a rather long sentence 7"


def dump(url: str, schema: str, *, data: bool) -> str:
    """The SQL that makes a schema again, without the client's own commands."""
    from core.postgres.place import find_place

    program = find_place(FOLDER / "postgres").programs / "pg_dump"
    command = [str(program), "-d", url, "-n", schema, "-O", "-x", *(("--inserts",) if data else ("-s",))]
    text = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    left_out = ("--", "\\", "SET ", "SELECT pg_catalog.set_config")
    return "\n".join(line for line in text.splitlines() if line and not line.startswith(left_out))


def remake(connection: psycopg.Connection, sql: str, old: str, new: str) -> None:
    """Run what `dump` returned for the schema `old` as one string, in one transaction, for `new`."""
    connection.execute(sql.replace(old, new).encode())
    connection.commit()


def password_hash_ms(rounds: int) -> float:
    """What hashing a password takes, in this process."""
    from django.contrib.auth.hashers import make_password

    return median([milliseconds(lambda: make_password(PASSWORD)) for _ in range(rounds)])


def run(*, quick: bool) -> None:
    """Measure, print, save."""
    from django.db import connection, transaction

    from tenants import building, spares

    rounds = 3 if quick else 15
    url = os.environ["DATABASE_URL"]
    postmaster = server_pid(url)
    connection.set_schema_to_public()
    made: list[float] = []
    raw: list[float] = []
    before = processor_seconds(os.getpid())
    # Spares for every round are there before the first, so that none is made meanwhile.
    for number in range(1, rounds + 2):
        made.append(milliseconds(lambda: spares.fill(number)))  # noqa: B023
    own = (processor_seconds(os.getpid()) - before) * 1e3 / len(made)
    with transaction.atomic():
        template = building.build()
    ddl = dump(url, template, data=False)
    with psycopg.connect(url) as other:
        for number in range(rounds):
            raw.append(milliseconds(lambda: remake(other, ddl, template, f"raw_{number}")))  # noqa: B023
    hashing: list[float] = []
    signing: list[float] = []
    with servers() as start:
        server = start(SPARE_SCHEMAS="0")
        with Client(server.port, "localhost") as client:
            expect(client.call("GET", "/api/"), 200, 404)
            used = processor_seconds(server.pid), processor_seconds(postmaster)
            for number in range(rounds):
                body = {
                    "company_name": f"Sign up {number}",
                    "email": f"ada@{number}.example",
                    "password": PASSWORD,
                    "first_name": "Ada",
                    "last_name": "L",
                }
                raw_body = orjson.dumps(body)
                signing.append(milliseconds(lambda: expect(client.call("POST", PATH, raw_body), 201)))  # noqa: B023
                hashing.append(password_hash_ms(1))
            web = (processor_seconds(server.pid) - used[0]) * 1e3 / rounds
            database = (processor_seconds(postmaster) - used[1]) * 1e3 / rounds
    rest = [one - other for one, other in zip(signing, hashing, strict=True)]
    lines: list[tuple[str, float, str]] = [
        ("sign-up over HTTP with a spare, in all", median(signing), "ms"),
        ("  of it the password's hash (measured in this process)", median(hashing), "ms"),
        ("  without it (goal under 50)", median(rest), "ms"),
        ("processor time a sign-up, with the hash: web server", web, "ms"),
        ("processor time a sign-up: PostgreSQL", database, "ms"),
        ("limit: the DDL of a company's schema as one string, in one transaction", median(raw), "ms"),
        ("making a spare", median(made), "ms"),
        ("  of it processor time of the process that makes it", own, "ms"),
        ("spare / limit (goal 1.5)", median(made) / median(raw), ""),
    ]
    report("sign_up", lines)
