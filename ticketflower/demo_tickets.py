"""The demo's tickets: opened and done through the API's own views, each task by the person whose job it is."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from core.db import connection
from ticketflower.demo_runs import RUNS, Output, Run
from users.models import SystemRole

Row = dict[str, Any]
NO_CONNECTORS = "there are no connectors yet"
# More than any of the demo's tickets has.
MOST_TASKS = 100


class Declined(Exception):
    """The API said no; the text says why."""


class Caller:
    """A person of a company, signed in, who calls the API in this process."""

    def __init__(self, slug: str, email: str, password: str) -> None:
        # By path, for which no host of the company's has to exist.
        self._client = Client(headers={"host": settings.PUBLIC_HOSTS[0]})
        self._base = f"/api/tenants/{slug}/"
        self._signed: dict[str, str] = {}
        answer = self.call("POST", "login/", {"email": email, "password": password})
        self.id: int = answer["user"]["id"]
        self._signed = {"authorization": f"Bearer {answer['access']}"}

    def call(self, method: str, path: str, body: Row | None = None) -> Row:
        """The answer's JSON. Raises Declined."""
        answer = self._client.generic(
            method,
            self._base + path,
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            secure=True,  # a server may insist on it
            headers=self._signed,
        )
        found: Row = json.loads(answer.content)
        if answer.status_code >= 400:
            raise Declined("; ".join(f"{fault['attr'] or path}: {fault['detail']}" for fault in found["errors"]))
        return found


def play(
    slug: str,
    people: dict[SystemRole, str],
    password: str,
    say: Callable[[str], None],
    work: Callable[[], None] = lambda: None,
) -> None:
    """Open and do what of the demo's tickets isn't there yet: each is known by its conversation.

    `people` are the addresses of a user, a task worker and a ticket admin; `say` gets a line for each ticket that is
    played; `work` does what workers do, until there is nothing left of it. What the API refuses, because a definition
    is not the example's any more, is told, and the next one follows.
    """
    with _quietly():
        player = _Player({role: Caller(slug, email, password) for role, email in people.items()}, work)
        seen: Counter[str] = Counter()
        unchanged: list[Row] = []
        for run in RUNS:
            seen[run.ticket] += 1
            try:
                ticket, line = player.play(run, f"demo {run.ticket} {seen[run.ticket]}")
            except Declined as refusal:
                say(f"{slug}: {run.ticket} “{run.subject}” is not played: {refusal}")
                continue
            if line:
                say(f"{slug}: {line}")
            else:
                unchanged.append(ticket)
    if unchanged:
        still_open = sum(bool(ticket["open_tasks"]) for ticket in unchanged)
        say(f"{slug}: {len(unchanged)} tickets are there, {still_open} of them with open tasks")


@contextmanager
def _quietly() -> Iterator[None]:
    """Requests leave the connection where it was, and no line each in the log."""
    tenant = connection.tenant
    logs = [logging.getLogger(f"ticketflower.{name}") for name in ("request", "job")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(max(logging.WARNING, log.getEffectiveLevel()))
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
        connection.set_tenant(tenant)


class _Player:
    """Plays runs with three people."""

    def __init__(self, people: dict[SystemRole, Caller], work: Callable[[], None]) -> None:
        self._work = work
        self._requester = people[SystemRole.USER]
        self._worker = people[SystemRole.TASK_WORKER]
        self._admin = people[SystemRole.TICKET_ADMIN]

    def play(self, run: Run, conversation: str) -> tuple[Row, str]:
        """The ticket as it is then, and the way it took in a line, empty when there was nothing to do."""
        ticket, new = self._ticket(run, conversation)
        answers = self._answers(run, ticket)
        actions: dict[str, Output] = {}
        for step in range(MOST_TASKS):
            ticket = self._worked(ticket)
            task = next((task for task in ticket["open_tasks"] if answers.get(task["task_key"])), None)
            if task is None:
                return ticket, self._line(run, ticket, actions) if new or step else ""
            output = answers[task["task_key"]].pop(0)
            if task["status"] == "PENDING":
                actions[task["task_key"]] = output
            done = self._who(task).call("POST", f"tasks/{task['id']}/complete/", {"output": output})
            ticket = done["ticket"]
        raise Declined(f"it has more than {MOST_TASKS} tasks")

    def _worked(self, ticket: Row) -> Row:
        """The ticket after workers have done what they do of it."""
        if not any(task["status"] == "PENDING" for task in ticket["open_tasks"]):
            return ticket
        self._work()
        return self._admin.call("GET", f"tickets/{ticket['id']}/")

    def _ticket(self, run: Run, conversation: str) -> tuple[Row, bool]:
        """The ticket, and whether it has just been opened."""
        found = self._admin.call("GET", f"tickets/?{urlencode({'conversation': conversation})}")["results"]
        if found:
            return found[0], False
        values = {"ticket_definition": run.ticket, "subject": run.subject, "data": run.data}
        return self._requester.call("POST", "tickets/", {**values, "conversation": conversation}), True

    def _answers(self, run: Run, ticket: Row) -> dict[str, list[Output]]:
        """The outputs that are still to be given: a demo that was killed goes on where it was."""
        done = Counter(task["task_key"] for task in self._tasks(ticket) if task["status"] == "COMPLETED")
        return {key: outputs[done[key] :] for key, outputs in run.outputs.items()}

    def _tasks(self, ticket: Row) -> list[Row]:
        """All tasks of a ticket, in the order in which they opened."""
        found: list[Row] = self._admin.call("GET", f"tasks/?ticket={ticket['id']}&limit=200")["results"]
        return found

    def _who(self, task: Row) -> Caller:
        """Whose the task is: nobody's is for the worker to take; what nothing else does, the ticket admin answers."""
        if task["status"] == "PENDING":
            return self._admin
        if task["assignee"] is None:
            return self._worker
        people = (self._requester, self._worker)
        return next((person for person in people if person.id == task["assignee"]), self._admin)

    def _line(self, run: Run, ticket: Row, actions: dict[str, Output]) -> str:
        path = [task["task_key"] + ("*" if task["task_key"] in actions else "") for task in self._tasks(ticket)]
        line = f"#{ticket['number']} {run.ticket} “{run.subject}”: {' → '.join(path)}: {ticket['status']}"
        if waiting := [task["task_key"] for task in ticket["open_tasks"]]:
            line += f", waits for {', '.join(waiting)}"
        if actions:
            given = "; ".join(f"{key} {json.dumps(output)}" for key, output in actions.items())
            line += f" (* answered by the ticket admin, for {NO_CONNECTORS}: {given})"
        return line
