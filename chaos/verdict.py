"""What must hold at the end: read from PostgreSQL by SQL, and from the recorder's file."""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from chaos.clients import Seen
from chaos.office import Office, tasks_of

COMPLETED_SHARE = 0.95
CLOSED = "('COMPLETED', 'ERROR', 'CANCELLED')"
_RUNS = """SELECT t.id, t.subject, i.id, i.status, i.data::text, d.key,
    (SELECT string_agg(n.message, '; ') FROM incidents n WHERE n.instance_id = i.id AND n.status <> 'RESOLVED')
    FROM tickets t JOIN workflow_instances i ON i.id = t.instance_id
    JOIN ticket_definitions d ON d.id = t.ticket_definition_id"""
_TASKS = """SELECT w.id, w.instance_id, v.key, w.status, w.generation FROM task_instances w
    JOIN workflow_version_tasks v ON v.id = w.task_id"""
_HISTORY = """SELECT subject_id, event, (detail ->> 'id')::bigint, count(*) FROM history
    WHERE subject_type = 'ticket' GROUP BY 1, 2, 3"""
_UNEASY = """SELECT (SELECT count(*) FROM workflow_instances WHERE status NOT IN {closed}),
    (SELECT count(*) FROM action_attempts WHERE status = 'RUNNING')"""


@dataclass
class Verdict:
    """`counts` to show, `broken` promises in sentences, `incidents` by what they say."""

    counts: dict[str, int | float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    incidents: Counter[str] = field(default_factory=Counter)

    def none(self, what: str, found: Any) -> None:
        """`found` has to be empty; its number is shown."""
        rows = list(found)
        self.counts[what] = len(rows)
        if rows:
            self.broken.append(f"{what}: {len(rows)}, as {rows[:3]}")


class Books:
    """The database of a run."""

    def __init__(self, url: str, offices: list[Office]) -> None:
        self._url = url
        self._offices = offices

    def uneasy(self) -> tuple[int, int]:
        """(runs that go on, attempts and jobs that are due or in somebody's hands)."""
        runs = others = 0
        with psycopg.connect(self._url, autocommit=True) as connection:
            for office in self._offices:
                _enter(connection, office)
                row = connection.execute(_UNEASY.format(closed=CLOSED).encode()).fetchone()
                assert row is not None
                runs, others = runs + row[0], others + row[1]
            row = connection.execute(
                "SELECT count(*) FROM public.procrastinate_jobs WHERE task_name IN ('actions.call', 'tasks.time_out')"
                " AND status IN ('todo', 'doing')"
            ).fetchone()
            assert row is not None
        return runs, others + row[0]

    def settled(self) -> int:
        """How many runs have ended."""
        count = 0
        with psycopg.connect(self._url, autocommit=True) as connection:
            for office in self._offices:
                _enter(connection, office)
                query = f"SELECT count(*) FROM workflow_instances WHERE status IN {CLOSED}"
                row = connection.execute(query.encode()).fetchone()
                count += row[0] if row else 0
        return count

    def check(self, seen: Seen, recorded: Path) -> Verdict:
        """Everything at once."""
        verdict = Verdict()
        expected: dict[str, str] = {}
        effects: dict[str, set[str]] = {}
        calls = Calls(recorded)
        with psycopg.connect(self._url, autocommit=True) as connection:
            for office in self._offices:
                _enter(connection, office)
                _Company(office, connection, seen, verdict, calls, expected, effects).check()
            jobs = connection.execute(
                "SELECT task_name, status::text FROM public.procrastinate_jobs WHERE status IN ('doing', 'failed')"
                " OR task_name = 'actions.call'"
            ).fetchall()
        verdict.none("jobs that are stalled, failed or left over", jobs)
        calls.check(verdict, expected)
        return verdict


class Calls:
    """The recorder's file."""

    def __init__(self, file: Path) -> None:
        self.calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.effects: dict[str, list[str]] = defaultdict(list)
        self.callbacks: dict[str, dict[str, int]] = defaultdict(dict)
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["kind"] == "call":
                    self.calls[row["key"]].append(row)
                elif row["kind"] == "effect":
                    self.effects[row["key"]].append(row["effect"])
                else:
                    self.callbacks[row["key"]][row["delivery"]] = row["status"]

    def effect(self, key: str) -> str | None:
        """What was done for a key."""
        return next(iter(self.effects.get(key, ())), None)

    def check(self, verdict: Verdict, expected: dict[str, str]) -> None:
        """`expected`: the key of each completed action task, and what it is."""
        verdict.counts["calls that were received"] = sum(map(len, self.calls.values()))
        verdict.counts["keys among them"] = len(self.calls)
        verdict.counts["calls again under the same key"] = sum(len(rows) - 1 for rows in self.calls.values())
        verdict.none(
            "completed actions without a call", [what for key, what in expected.items() if key not in self.calls]
        )
        lacking = [what for key, what in expected.items() if len(self.effects.get(key, ())) != 1]
        verdict.none("completed actions without exactly one effect", lacking)
        verdict.none("keys with more than one effect", [key for key, rows in self.effects.items() if len(rows) > 1])
        bodies = [key for key, rows in self.calls.items() if len({row["body"] for row in rows}) > 1]
        verdict.none("keys that came with different bodies", bodies)
        statuses = [sorted(found.values()) for found in self.callbacks.values()]
        for status, count in sorted(Counter(status for found in statuses for status in found).items()):
            verdict.counts[f"callbacks answered {status}"] = count
        # Of two deliveries the one that comes second is late, unless the first is still kept.
        good = ([204], [204, 204], [204, 409])
        verdict.none("callbacks that were not taken", [found for found in statuses if found not in good])


@dataclass
class _Company:
    """The checks of one company."""

    office: Office
    connection: psycopg.Connection[Any]
    seen: Seen
    verdict: Verdict
    calls: Calls
    expected: dict[str, str]
    effects: dict[str, set[str]]

    def check(self) -> None:
        runs = self.connection.execute(_RUNS).fetchall()
        tasks = self.connection.execute(_TASKS).fetchall()
        history = self.connection.execute(_HISTORY).fetchall()
        self._tickets(runs)
        self._tasks(runs, tasks)
        self._history(runs, tasks, history)
        self._data(runs, tasks)

    def _none(self, what: str, found: Any) -> None:
        self.verdict.none(f"{self.office.slug}: {what}", found)

    def _tickets(self, runs: list[Any]) -> None:
        slug, there = self.office.slug, {row[0]: row[1] for row in runs}
        acknowledged = {n: ticket for n, (company, ticket) in self.seen.opened.items() if company == slug}
        self.verdict.counts[f"{slug}: acknowledged tickets"] = len(acknowledged)
        wrong = [n for n, ticket in acknowledged.items() if there.get(ticket) != f"chaos {n}"]
        self._none("acknowledged tickets that are lost", wrong)
        self._none("tickets that are there twice", _twice(row[1] for row in runs))
        self._none("tickets that nobody was told of", set(there) - set(acknowledged.values()))
        completed = [row for row in runs if row[3] == "COMPLETED"]
        named = [row for row in runs if row[3] == "ERROR" and row[6]]
        self.verdict.counts[f"{slug}: completed tickets"] = len(completed)
        self.verdict.counts[f"{slug}: tickets stopped by an incident"] = len(named)
        self.verdict.incidents.update(row[6] for row in named)
        rest = [(row[0], row[3]) for row in runs if row[3] != "COMPLETED" and not (row[3] == "ERROR" and row[6])]
        self._none("tickets that are neither", rest)
        if len(completed) < COMPLETED_SHARE * len(runs):
            self.verdict.broken.append(f"{slug}: {len(completed)} of {len(runs)} tickets are completed.")

    def _tasks(self, runs: list[Any], tasks: list[Any]) -> None:
        found = defaultdict(list)
        for _, instance, key, _, _ in tasks:
            found[instance].append(key)
        self._none("tasks that were opened twice", _twice((row[1], row[2]) for row in tasks))
        wrong = [
            (row[0], sorted(found[row[2]]))
            for row in runs
            if row[3] == "COMPLETED" and set(found[row[2]]) != tasks_of(row[5], json.loads(row[4])["number"])
        ]
        self._none("completed tickets with a task too few or too many", wrong)
        status = {row[0]: row[3] for row in tasks}
        done = [task for company, task in self.seen.done if company == self.office.slug]
        self.verdict.counts[f"{self.office.slug}: acknowledged completions"] = len(done)
        self._none("acknowledged completions that are lost", [task for task in done if status.get(task) != "COMPLETED"])

    def _history(self, runs: list[Any], tasks: list[Any], history: list[Any]) -> None:
        told = {(ticket, event, task): count for ticket, event, task, count in history}
        opened = [row[0] for row in runs if told.get((row[0], "ticket.opened", None), 0) != 1]
        self._none("tickets without exactly one entry of their opening", opened)
        ticket_of = {row[2]: row[0] for row in runs}
        # What computes ends in another task's step.
        ended = [(ticket_of[row[1]], row[0]) for row in tasks if row[3] == "COMPLETED" and row[2] != "total"]
        wrong = [pair for pair in ended if told.get((pair[0], "task.completed", pair[1]), 0) != 1]
        self._none("completed tasks without exactly one entry of it", wrong)
        known = set(ended)
        more = [key for key in told if key[1] == "task.completed" and (key[0], key[2]) not in known]
        self._none("entries of completions that were not", more)

    def _data(self, runs: list[Any], tasks: list[Any]) -> None:
        """What was called for is what is kept, in the company that called."""
        slug, wrong, foreign = self.office.slug, [], []
        data = {row[2]: json.loads(row[4]) for row in runs}
        for task, instance, key, status, generation in tasks:
            if key not in ("reserve", "settle") or status != "COMPLETED":
                continue
            name = str(uuid.uuid5(self.office.uuid, f"task {task} generation {generation}"))
            self.expected[name] = f"{slug}: task {task}"
            kept = data[instance].get("reserved" if key == "reserve" else "settled")
            if kept != self.calls.effect(name):
                wrong.append((task, kept))
            if str(kept).split(":")[:3] != [slug, str(data[instance]["number"]), key]:
                foreign.append((task, kept))
        self._none("results that are not what was answered", wrong)
        foreign += [(row[0], "company") for row in runs if data[row[2]]["company"] != slug]
        self._none("results of another company or ticket", foreign)


def _twice(values: Any) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _enter(connection: psycopg.Connection[Any], office: Office) -> None:
    connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(office.schema)))
