"""Random tickets of a definition, played on the engine as the service does it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from workflow_design.kernel.engine import Event, Marking, Step, step
from workflow_design.kernel.fields import merged_fields, ticket_constants, ticket_defaults, ticket_form_schema
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.language import EvaluationError, compile_template
from workflow_design.kernel.schemas import clean_json, compile_schema

from .proof_rules import DATES, LARGE, MOMENTS, TEXTS

MAX_STEPS = 60
TICKET = {"id": 7, "number": 7, "created_by": 3, "created_at": "2026-01-10T09:00:00+00:00"}
_ABSENT = object()


class Player:
    """Plays a bundle. `more`: values that are tried more often, by field."""

    def __init__(self, bundle: Mapping[str, Any], random: Random, more: Mapping[str, Any] | None = None) -> None:
        self.bundle, self.random = bundle, random
        self.graph = compile_graph(dict(bundle))
        self.fields = merged_fields(bundle).fields
        self.more = more or {}
        self.forms = {
            ticket["key"]: compile_schema(ticket_form_schema(ticket, self.fields)) for ticket in bundle["tickets"]
        }
        self.constants = list(dict.fromkeys(_scalars([way["condition"] for way in bundle["transitions"]])))
        self.constants += list(dict.fromkeys(_scalars([task["output_schema"] for task in bundle["tasks"]])))
        self.pools: dict[str, list[Any]] = {}
        self.checkers = {
            task["key"]: compile_schema(task["output_schema"] or {"type": "object"}) for task in bundle["tasks"]
        }

    def play(self) -> SimpleNamespace:
        """One run. `verdict`: "ended", "endless" (a loop), "unfit" (what an assumption excludes), or what is wrong."""
        data, ticket = self._submission()
        self.told: list[Any] = [data]
        if data is None:
            return SimpleNamespace(verdict="unfit", told=self.told, data={}, task=None)
        turn = self._stored(step(self.graph, Marking(), data, Event("started"), ticket))
        incidents, opened, last = list(turn.incidents), list(turn.opened), None
        for _ in range(MAX_STEPS):
            if incidents or not opened:
                break
            last = opened.pop(self.random.randrange(len(opened)))
            event = self._event(last, turn.data, ticket)
            if isinstance(event, str):
                return SimpleNamespace(verdict=event, told=self.told, data=turn.data, task=last.key)
            self.told.append((last.key, event.name, event.output))
            turn = self._stored(step(self.graph, turn.marking, turn.data, event, ticket))
            incidents += turn.incidents
            opened += turn.opened
        verdict = "ended"
        if incidents:
            verdict = incidents[0].code
        elif opened:
            verdict = "endless"
        elif turn.status != "COMPLETED" or turn.marking.tokens or turn.marking.open:
            verdict = "not completed"
        task = incidents[0].task if incidents else None
        return SimpleNamespace(verdict=verdict, told=self.told, data=turn.data, task=task)

    def _stored(self, turn: Step) -> Step:
        """As it comes back from the database: no two values are one object."""
        data = json.loads(json.dumps(turn.data))
        turn.data.clear()
        turn.data.update(data)
        return turn

    def _submission(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        random = self.random
        tickets = self.bundle["tickets"]
        if not tickets:  # an execution: any of the fields
            names = [name for name in self.fields if random.random() < 0.5]
            return {name: value for name in names if (value := self._value(name)) is not _ABSENT}, None
        ticket = random.choice(tickets)
        form, constants = self.forms[ticket["key"]], ticket_constants(ticket)
        for _ in range(20):
            data = {}
            for name, preset in ticket["fields"].items():
                if name in constants or (
                    (preset is not None or not self.fields[name].required) and random.random() < 0.35
                ):
                    continue
                value = self._value(name)
                if value is not _ABSENT:
                    data[name] = value
            if form.is_valid(data):
                return {**ticket_defaults(ticket), **data, **constants}, TICKET
        return None, TICKET

    def _event(self, opened: Any, data: dict[str, Any], ticket: Any) -> Event | str:
        random, definition = self.random, self.bundle["tasks"][opened.task]
        exits = self.graph.tasks[opened.task].exits
        assignee = random.choice((1, 5)) if definition["task_type"] == "FORM" else None
        if definition["action"] == "compute":
            return self._computed(opened, definition, data, ticket)
        if "timeout" in exits and random.random() < 0.25:
            return Event("timed_out", opened.number)
        if "error" in exits and random.random() < 0.25:
            return Event("failed", opened.number)
        output = self._output(opened.key, definition["output_schema"])
        return "unfit" if output is None else Event("completed", opened.number, output, assignee=assignee)

    def _computed(self, opened: Any, definition: Any, data: dict[str, Any], ticket: Any) -> Event | str:
        about = {"key": opened.key, "outcome": "completed", "assignee": None}
        try:
            output = compile_template(definition["output_transform"]).render(
                {"_data": data, "_ticket": ticket, "_task": about}
            )
        except EvaluationError:
            return Event("failed", opened.number)
        if self.graph.output_errors(opened.task, output):
            return "unfit"
        return Event("completed", opened.number, output)

    def _output(self, key: str, schema: Any) -> dict[str, Any] | None:
        random, checker = self.random, self.checkers[key]
        properties = (schema or {}).get("properties", {})
        required = (schema or {}).get("required", ())
        for _ in range(30):
            output = {}
            for name in properties:
                if name in required or random.random() < 0.6:
                    value = self._value(name, key)
                    if value is not _ABSENT:
                        output[name] = value
            if checker.is_valid(output):
                return output
        return None

    def _value(self, name: str, task: str | None = None) -> Any:
        """A value that the field may be given there, from a pool that is made once."""
        pool = self.pools.get(f"{name} {task}")
        if pool is None:
            sources = self.fields[name].sources
            schema = self.fields[name].schema
            if task is not None:
                schema = next(source.schema for source in sources if source.task == task)
            checker = compile_schema(schema)
            tried = [*self._candidates(schema)]
            pool = []
            for value in tried:
                cleaned, wrong = clean_json(value)
                if not wrong and checker.is_valid(cleaned):
                    pool.append(cleaned)
            if name in self.more and checker.is_valid(self.more[name]):
                pool += [self.more[name]] * (1 + len(pool))
            self.pools[f"{name} {task}"] = pool
        return self.random.choice(pool) if pool else _ABSENT

    def _candidates(self, schema: Any) -> Iterator[Any]:
        random = self.random
        yield from (None, True, False, 0, -0.0, 1, -1, 1.0, 2, 3, [], {}, "")
        yield from random.sample(LARGE, 4)
        for constant in self.constants:
            yield constant
            if isinstance(constant, int | float) and not isinstance(constant, bool):
                yield from (constant + 1, constant - 1, math.nextafter(constant, math.inf), -constant, constant / 2)
            if isinstance(constant, str) and constant[:2] == "20" and len(constant) == 10:
                day = date.fromisoformat(constant)
                yield from ((day + timedelta(days=days)).isoformat() for days in (-1, 1))
        yield from (*DATES, *MOMENTS, *random.sample(TEXTS, 6), "a@example.com", "https://a.example/x?y=1")
        yield from (random.randint(-20, 20) for _ in range(4))
        part = schema if isinstance(schema, dict) else {}
        listed = [*part.get("enum", ()), *([part["const"]] if "const" in part else ())]
        for name in ("items", *part.get("$defs", ())):
            inner = part.get(name, part.get("$defs", {}).get(name))
            listed += inner.get("enum", []) if isinstance(inner, dict) else []
            if isinstance(inner, dict) and isinstance(inner.get("items"), dict):
                listed += inner["items"].get("enum", [])
        yield from listed
        for size in (1, 1, 2, 3):
            if listed:
                yield [random.choice(listed) for _ in range(size)]
        yield from ([1], ["red", "red"], ["r"], [[1]], {"a": 1}, {"a": 1, "b": True}, {"a": 0, "b": None}, {"b": False})
        yield from ({"a": random.randint(-5, 12), "b": random.random() < 0.5} for _ in range(5))


def _scalars(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        for inner in part.values():
            yield from _scalars(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _scalars(inner)
    elif part is not None and not isinstance(part, bool):
        yield part
