"""Runs over HTTP that play the kernel's scripts: upload, publish, open a ticket, complete tasks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from workflow_design.kernel.engine import EventRefused
from workflow_design.kernel.tests.flows import LINE, Run, flow, output
from workflow_ops.tests.documents import TASKS, TICKETS

UPLOAD = "/api/workflow/upload/"


def document(key: str, text: str, scripts: Iterable[str], outputs: Iterable[dict[str, str]] = ()) -> dict[str, Any]:
    """What a creator uploads for a flow in a line of text: its tasks give what the scripts let them give."""
    bundle = flow(text)
    given: dict[str, dict[str, Any]] = {}
    for script in scripts:
        for line in filter(None, map(str.strip, re.split(r"[;\n]", script))):
            found = LINE.fullmatch(line)
            assert found, line
            given.setdefault(found["label"].rstrip("0123456789"), {}).update(output(found["output"]))
    for labelled in outputs:
        for label, notes in labelled.items():
            given.setdefault(label.rstrip("0123456789"), {}).update(output(notes))
    for task in bundle["tasks"]:
        types = {name: "boolean" if type(v) is bool else "integer" for name, v in given.get(task["key"], {}).items()}
        properties = {name: {"type": kind} for name, kind in sorted(types.items())}
        task["output_schema"] = {"type": "object", "properties": properties}
    # Labels are capital letters, keys are small ones.
    for task in bundle["tasks"]:
        task["key"] = task["key"].lower()
    for link in bundle["transitions"]:
        link["from"], link["to"] = link["from"] and link["from"].lower(), link["to"] and link["to"].lower()
    bundle["workflow"] = {"key": key, "title": key}
    bundle["tickets"] = [{"key": key, "title": key, "fields": {}}]
    return {"format": "ticketflower/1", **bundle}


def state(ticket: dict[str, Any]) -> dict[str, Any]:
    """What of a ticket is the same for whoever sees it."""
    return {name: ticket[name] for name in ("status", "open_tasks", "updated_at")}


class TicketRun(Run):
    """A ticket, driven as the kernel's runs are: `play` is theirs."""

    def __init__(self, api: Callable[..., Any], key: str) -> None:
        self.uma, self.will, self.tom = api("user"), api("task_worker"), api("ticket_admin")
        self.key = key
        self.ticket = 0
        self.labels: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self._seen: dict[str, Any] = {}

    def send(self, name: str, label: str | None = None, output: dict[str, Any] | None = None, **values: Any) -> None:  # type: ignore[override]
        """Do it as the person whose part it is; EventRefused for a 409 that changes nothing."""
        if name == "started":
            answer = self.uma.post(TICKETS, {"ticket_definition": self.key, "data": {}})
            assert answer.status_code == 201, answer.content
            ticket = answer.json()
            self.ticket = ticket["id"]
            opened = ticket["open_tasks"]
        elif name == "cancelled":
            answer = self.uma.post(f"{TICKETS}{self.ticket}/cancel/")
            assert answer.status_code == 200, answer.content
            ticket, opened = answer.json(), []
        elif (pk := self.number(label or "")) == Run.number(self, "nobody"):
            raise EventRefused("task_closed", "The task has never been.")
        else:
            answer = self.will.post(f"{TASKS}{pk}/complete/", {"output": output or {}})
            if answer.status_code == 409:
                assert self._read() == self._seen
                raise EventRefused(answer.json()["errors"][0]["code"], "")
            assert answer.status_code == 200, answer.content
            assert answer.json()["task"]["id"] == pk
            ticket, opened = answer.json()["ticket"], answer.json()["opened_tasks"]
        for task in opened:
            name = task["task_key"].upper()
            self.counts[name] += 1
            self.labels[f"{name}{self.counts[name]}"] = task["id"]
        self._seen = state(ticket)

    def _read(self) -> dict[str, Any]:
        return state(self.tom.get(f"{TICKETS}{self.ticket}/").json())

    @property
    def open(self) -> list[str]:
        """Labels of the tasks that anybody may do now."""
        labels = {pk: label for label, pk in self.labels.items()}
        return [labels[task["id"]] for task in self._seen["open_tasks"]]

    @property
    def status(self) -> str:
        return self._seen["status"]

    def check_end(self) -> None:
        """A ticket admin finds what the last answer said; the inbox holds what the ticket does, and each task once."""
        assert self._read() == self._seen
        rows = self.tom.get(TASKS, {"ticket": self.ticket, "limit": 200}).json()["results"]
        assert Counter(row["task_key"].upper() for row in rows) == self.counts
        assert {row["id"] for row in rows} == set(self.labels.values())
        undone = [row["id"] for row in rows if row["status"] in ("OPEN", "IN_PROGRESS", "PENDING")]
        assert undone == [task["id"] for task in self._seen["open_tasks"]]
