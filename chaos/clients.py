"""Who opens tickets and who does tasks: over HTTP, with an Idempotency-Key, and stubborn."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from chaos.office import TYPES, Office, amount_of
from chaos.plan import Plan

WAIT_SECONDS = 0.2
ANSWER_SECONDS = 15
OPENERS, CLERKS = 3, 3


@dataclass
class Seen:
    """What was answered. `opened`: (company, ticket) by the number of the client's key; `done`: (company, task);
    `ended`: how many tickets were seen to have ended."""

    opened: dict[int, tuple[str, int]] = field(default_factory=dict)
    done: set[tuple[str, int]] = field(default_factory=set)
    statuses: Counter[str] = field(default_factory=Counter)
    unclean: list[str] = field(default_factory=list)
    ended: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Caller:
    """One person at one machine: a connection to one of the web servers, another one when that breaks."""

    def __init__(self, ports: list[int], seen: Seen, seed: int) -> None:
        self._ports = ports
        self._seen = seen
        self._random = random.Random(seed)
        self._connection: HTTPConnection | None = None

    def call(self, office: Office, token: str, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """(status, JSON) of the answer; (0, None) without one, and for a server that says it can't now."""
        headers = {"Host": f"{office.slug}.localhost", "Authorization": f"Bearer {token}"}
        if key:
            headers["Idempotency-Key"] = key
        text = None if body is None else json.dumps(body).encode()
        if text is not None:
            headers["Content-Type"] = "application/json"
        if self._connection is None:
            port = self._random.choice(self._ports)
            self._connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        try:
            self._connection.request(method, path, text, headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            self._note(f"no answer ({type(error).__name__})")
            self._drop()
            return 0, None
        self._note(str(answer.status))
        if answer.status >= 500 or answer.status == 429:
            self._refused(answer.status, content, f"{method} {path}")
            self._drop()
            return 0, None
        return answer.status, json.loads(content)

    def _note(self, what: str) -> None:
        with self._seen.lock:
            self._seen.statuses[what] += 1

    def _refused(self, status: int, content: bytes, what: str) -> None:
        """A server that can't now says so in the envelope, with 503."""
        try:
            clean = status in (429, 503) and bool(json.loads(content)["errors"])
        except (ValueError, KeyError, TypeError):
            clean = False
        if not clean:
            with self._seen.lock:
                self._seen.unclean.append(f"{what}: {status} {content[:200]!r}")

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class Crowd:
    """The threads of all clients."""

    def __init__(self, offices: list[Office], ports: list[int], plan: Plan) -> None:
        self.seen = Seen()
        self.problems: list[str] = []
        self._offices = offices
        self._ports = ports
        self._seed = plan.seed
        self._most_open = plan.most_open
        self._next = iter(range(plan.tickets))
        self._no_more = threading.Event()
        self._home = threading.Event()
        self._openers = [
            threading.Thread(target=self._guard, args=(self._open, n), daemon=True) for n in range(OPENERS)
        ]
        self._clerks = [
            threading.Thread(target=self._guard, args=(self._work, n), daemon=True)
            for n in range(CLERKS * len(offices))
        ]

    def start(self) -> None:
        for thread in (*self._openers, *self._clerks):
            thread.start()

    def opening(self) -> bool:
        """Whether tickets are still being opened."""
        return any(thread.is_alive() for thread in self._openers)

    def no_more(self) -> None:
        """No ticket is begun any more; what was begun is opened."""
        self._no_more.set()
        for thread in self._openers:
            thread.join(60)

    def go_home(self) -> None:
        """The clerks stop."""
        self._home.set()
        for thread in self._clerks:
            thread.join(60)

    def _guard(self, work: Any, number: int) -> None:
        try:
            work(number, Caller(self._ports, self.seen, self._seed + number))
        except Exception as error:
            self.problems.append(f"a client ended: {error!r}")

    def _open(self, number: int, caller: Caller) -> None:
        while not self._no_more.is_set():
            if len(self.seen.opened) - self.seen.ended >= self._most_open:
                time.sleep(WAIT_SECONDS)
                continue
            with self.seen.lock:
                ticket = next(self._next, None)
            if ticket is None:
                return
            office, kind = self._offices[ticket % 2], TYPES[ticket // 2 % 2]
            data = {"company": office.slug, "number": ticket}
            body = {"ticket_definition": kind, "data": data, "subject": f"chaos {ticket}"}
            while True:
                status, answer = caller.call(office, office.requester, "POST", "/api/tickets/", body, f"open-{ticket}")
                if status:
                    break
                time.sleep(WAIT_SECONDS)
            if status == 201:
                with self.seen.lock:
                    self.seen.opened[ticket] = (office.slug, answer["id"])
            else:
                self.problems.append(f"opening ticket {ticket}: {status} {answer}")

    def _work(self, number: int, caller: Caller) -> None:
        office, part = self._offices[number % len(self._offices)], number // len(self._offices)
        while not self._home.is_set():
            path = "/api/tasks/?status=OPEN&limit=100"
            status, answer = caller.call(office, office.clerk, "GET", path)
            mine = [row for row in answer["results"] if row["id"] % CLERKS == part] if status == 200 else []
            for row in mine:
                if self._home.is_set():
                    return
                self._complete(office, caller, row)
            if not mine:
                time.sleep(WAIT_SECONDS)

    def _complete(self, office: Office, caller: Caller, row: dict[str, Any]) -> None:
        task = row["id"]
        if row["task_key"] == "intake":
            output: dict[str, Any] = {"amount": amount_of(row["input"]["number"])}
        else:
            output = {"approved": True}
        path, key = f"/api/tasks/{task}/complete/", f"done-{task}"
        for _ in range(200):
            status, answer = caller.call(office, office.clerk, "POST", path, {"output": output}, key)
            if status == 200:
                with self.seen.lock:
                    self.seen.done.add((office.slug, task))
                return
            if status:
                self.problems.append(f"completing task {task} of {office.slug}: {status} {answer}")
                return
            time.sleep(WAIT_SECONDS)
