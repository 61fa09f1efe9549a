"""A task completed over HTTP, beside pgbench storing as much; and lists, with few and with many tickets.

Five forms a ticket, an exclusive choice on the data after the second: token check, user look-up, permissions, the
general engine and history are on, and each completion is committed before its answer.
"""

from __future__ import annotations

import json
import os
import selectors
import time
from collections.abc import Iterator
from contextlib import ExitStack

import orjson

from bench import tickets
from bench.client import Client, expect, get_per_second
from bench.measure import median, processor_seconds, report, server_pid, statements
from bench.pgbench import StepLimit
from bench.stage import LIMITS, Server, address, servers

FEW, MANY = 1_000, 100_000
CLIENTS = (1, 8)
PROCESSORS = os.cpu_count() or 1
BODY = orjson.dumps({"output": tickets.OUTPUT})
LISTS = {
    "the clerk's inbox": ("clerk", "/api/tasks/?status=OPEN"),
    "the clerk's tasks": ("clerk", "/api/tasks/"),
    "the requester's tickets": ("requester", "/api/tickets/"),
    "the clerk's tickets": ("clerk", "/api/tickets/"),
    "every ticket": ("admin", "/api/tickets/"),
    "every waiting ticket": ("admin", "/api/tickets/?status=IN_PROGRESS"),
}


class Steps:
    """Completions in one company, round by round."""

    def __init__(self, server: Server, postmaster: int, office: tickets.Office) -> None:
        self.office = office
        self._port = server.port
        self._pids = (server.pid, postmaster)
        self.rates: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
        self.times: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
        self.web: list[float] = []
        self.database: list[float] = []

    def client(self, who: str) -> Client:
        """A connection of a person's."""
        return Client(self._port, self.office.host, self.office.tokens[who])

    def open(self, count: int) -> list[int]:
        """The first tasks of so many new tickets."""
        with self.client("requester") as client:
            body = orjson.dumps({"ticket_definition": "steps", "data": {}})
            answers = [expect(client.call("POST", "/api/tickets/", body), 201) for _ in range(count)]
        return [orjson.loads(answer)["open_tasks"][0]["id"] for answer in answers]

    def run(self, *given: list[int]) -> list[float]:
        """Do these tickets to their end, one after another those of a client; seconds of each completion.

        One thread serves all clients, as in pgbench: what they take, the server lacks.
        """
        times: list[float] = []
        with ExitStack() as stack, selectors.DefaultSelector() as waiting:
            for first_tasks in given:
                client = stack.enter_context(self.client("clerk"))
                turns = self._turns(client, first_tasks, times)
                next(turns)
                waiting.register(client, selectors.EVENT_READ, turns)
            while waiting.get_map():
                for key, _ in waiting.select():
                    if next(key.data, None) is None:
                        waiting.unregister(key.fileobj)
        assert len(times) == tickets.TASKS_OF_A_TICKET * sum(map(len, given))
        return times

    def _turns(self, client: Client, first_tasks: list[int], times: list[float]) -> Iterator[bool]:
        """Comes back whenever a completion was sent, and goes on when its answer is there."""
        for task in first_tasks:
            todo: int | None = task
            while todo is not None:
                begin = time.perf_counter()
                client.send("POST", f"/api/tasks/{todo}/complete/", BODY)
                yield True
                answer = client.answer()
                times.append(time.perf_counter() - begin)
                found = orjson.loads(expect(answer, 200))
                todo = found["opened_tasks"][0]["id"] if found["opened_tasks"] else None
            assert found["ticket"]["status"] == "COMPLETED"

    def round(self, clients: int, per_client: int) -> None:
        """Measure once more: so many tickets for each of the clients."""
        given = [self.open(per_client) for _ in range(clients)]
        before = [processor_seconds(pid) for pid in self._pids]
        begin = time.perf_counter()
        times = self.run(*given)
        seconds = time.perf_counter() - begin
        spent = [processor_seconds(pid) - was for pid, was in zip(self._pids, before, strict=True)]
        self.rates[clients].append(len(times) / seconds)
        self.times[clients] += times
        self.web.append(spent[0] * 1e3 / len(times))
        self.database.append(spent[1] * 1e3 / len(times))


class Shown:
    """One list of a company's, round by round."""

    def __init__(self, server: Server, postmaster: int, office: tickets.Office, who: str, path: str) -> None:
        self._address = (server.port, office.host, office.tokens[who], path)
        self._pids = (server.pid, postmaster)
        self.ms: list[float] = []
        self.spent: list[float] = []

    def round(self, seconds: float) -> None:
        """Measure once more, with one client."""
        before = sum(processor_seconds(pid) for pid in self._pids)
        rate = get_per_second(*self._address, seconds=seconds, connections=1)
        self.ms.append(1e3 / rate)
        self.spent.append((sum(processor_seconds(pid) for pid in self._pids) - before) * 1e3 / (rate * seconds))


def percentile(values: list[float], share: float) -> float:
    """In milliseconds."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1e3


def run(*, quick: bool) -> None:
    """Measure, print, save."""
    rounds, per_client, seconds = (1, 12, 1) if quick else (5, 40, 2)
    url = os.environ["DATABASE_URL"]
    postmaster = server_pid(url)
    limit = StepLimit(address(url, LIMITS), json.dumps(tickets.OUTPUT))
    limits: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
    least: list[float] = []
    counted: list[str] = []
    with servers() as start:
        server = start()
        steps = {}
        for name, count in (("Few tickets", FEW), ("Many tickets", MANY)):
            office = tickets.office(name)
            tickets.fill(office, count)
            steps[count] = Steps(server, postmaster, office)
            steps[count].run(steps[count].open(60))  # what people own, so that lists have a page; warms up, too
        # As an installation has it that serves many at a time.
        spread = Steps(start(WEB_WORKERS=str(PROCESSORS)), postmaster, steps[FEW].office)
        spread.run(spread.open(60))
        lists = {
            (title, count): Shown(server, postmaster, one.office, who, path)
            for title, (who, path) in LISTS.items()
            for count, one in steps.items()
        }
        first_tasks = steps[FEW].open(1)
        with steps[FEW].client("clerk") as client, statements(url) as counted:
            expect(client.call("POST", f"/api/tasks/{first_tasks[0]}/complete/", BODY), 200)
        for _ in range(rounds):
            for clients in CLIENTS:
                for one in steps.values():
                    before = processor_seconds(postmaster)
                    limits[clients].append(limit.measure(clients, 1))
                    least.append((processor_seconds(postmaster) - before) * 1e3 / limits[clients][-1])
                    one.round(clients, max(2, per_client if clients == 1 else per_client // 2))
            spread.round(CLIENTS[-1], max(2, per_client // 2))
            for shown in lists.values():
                shown.round(seconds / 2)
    lines = _lines(steps, lists, limits, len(counted))
    share = median(spread.rates[CLIENTS[-1]]) / median(limits[CLIENTS[-1]])
    title = f"completions / limit, {CLIENTS[-1]} clients, a web process for each of {PROCESSORS} processors (goal 0.16)"
    lines.append((title, share, ""))
    lines.append(("processor time a completion: PostgreSQL, the limit", median(least), "ms"))
    report("steps", lines, statements=counted)


def _lines(
    steps: dict[int, Steps], lists: dict[tuple[str, int], Shown], limits: dict[int, list[float]], counted: int
) -> list[tuple[str, float, str]]:
    few, many = steps[FEW], steps[MANY]
    lines: list[tuple[str, float, str]] = []
    for clients, goal in zip(CLIENTS, (0.30, 0.16), strict=True):
        named = f"{clients} client{'s' if clients > 1 else ''}"
        best, rate = median(limits[clients]), median(few.rates[clients])
        lines += [
            (f"limit, {named}: pgbench storing a completion", best, "/s"),
            (f"completions, {named}", rate, "/s"),
            (f"completions / limit, {named} (goal {goal})", rate / best, ""),
            (f"completion, {named}: p50", percentile(few.times[clients], 0.5), "ms"),
            (f"completion, {named}: p99", percentile(few.times[clients], 0.99), "ms"),
        ]
    lines += [
        ("processor time a completion: web server", median(few.web), "ms"),
        ("processor time a completion: PostgreSQL", median(few.database), "ms"),
        ("statements a completion (goal at most 8)", counted, "statements"),
        (f"completion, 1 client, {MANY:,} tickets: p50", percentile(many.times[1], 0.5), "ms"),
        (f"p50 with {MANY:,} tickets / {FEW:,} (goal 1.2)", _grown(many.times[1], few.times[1]), ""),
    ]
    web, database = median(many.web) / median(few.web), median(many.database) / median(few.database)
    lines += [("the same, web server's processor time", web, ""), ("the same, PostgreSQL's", database, "")]
    for title in LISTS:
        small, large = lists[title, FEW], lists[title, MANY]
        lines += [
            (f"50 rows of {title}: {FEW:,} tickets", median(small.ms), "ms"),
            (f"50 rows of {title}: {MANY:,} / {FEW:,} tickets (goal 1.2)", median(large.ms) / median(small.ms), ""),
        ]
    return lines


def _grown(many: list[float], few: list[float]) -> float:
    return percentile(many, 0.5) / percentile(few, 0.5)
