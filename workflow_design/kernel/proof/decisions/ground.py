"""What a ticket can hold where a split decides: more than can occur at times, never less."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from workflow_design.kernel.fields import Field, merged_fields, ticket_constants
from workflow_design.kernel.graph.model import Event
from workflow_design.kernel.language.budget import Budget
from workflow_design.kernel.language.paths import look_up
from workflow_design.kernel.language.values import UNDEFINED
from workflow_design.kernel.proof.data import Definedness
from workflow_design.kernel.proof.decisions.cells import ANYWHERE, HIDDEN, Held, Source, cells_of
from workflow_design.kernel.proof.decisions.parts import ABSENT, Numbers, One, Part, Texts, everything, parts_of
from workflow_design.kernel.proof.net import Net
from workflow_design.kernel.schemas import MAX_INTEGER, canonical_text, check_schema, compile_schema
from workflow_design.kernel.schemas.moving import references

Bundle = Mapping[str, Any]
SUBMISSION = -1

_PLAIN_ROOT = frozenset(
    {"type", "properties", "required", "additionalProperties", "title", "description", "$defs", "$schema", "examples"}
    | {"default", "$comment"}
)


def is_plain(schema: Any) -> bool:
    """Whether the schema of an output says nothing of several fields together."""
    return not isinstance(schema, dict) or schema.keys() <= _PLAIN_ROOT


class Ground:
    """The fields of a bundle: who writes them, and which values of whom may be there when.

    `tickets` are the keys of the ticket types, or "" alone where there is none: any field may be given then.
    """

    def __init__(self, bundle: Bundle, net: Net, fields: Mapping[str, Field] | None = None) -> None:
        self.net = net
        self.bundle = bundle
        self.fields = merged_fields(bundle).fields if fields is None else fields
        self.known = Definedness(bundle, net)
        self.presets = {ticket["key"]: ticket for ticket in bundle["tickets"]}
        self.tickets = list(self.presets) or [""]
        self.index = net.graph.index
        self._parts: dict[tuple[int, int], list[Part]] = {}
        self._sources: dict[int, Source] = {}
        self._schemas: dict[str, dict[int, Any]] = {}
        self._all_writers: dict[str, dict[int, None]] = {}

    @cached_property
    def reached(self) -> frozenset[int]:
        """The tasks that ways lead to which can be taken."""
        ways = [way for way in self.net.graph.transitions if way.index in self.net.possible]
        after: dict[int, list[int]] = {}
        todo = [way.target for way in ways if way.source is None and way.target is not None]
        for way in ways:
            if way.source is not None and way.target is not None:
                after.setdefault(way.source, []).append(way.target)
        found: set[int] = set()
        while todo:
            task = todo.pop()
            if task not in found:
                found.add(task)
                todo += after.get(task, ())
        return frozenset(found)

    def sequential(self, task: int) -> bool:
        """Whether only one task at a time has been open before `task` opens, and until it ends only that."""
        return self._sequential >> task & 1 == 1

    @cached_property
    def _sequential(self) -> int:
        """Tasks as bits: all but those that a task leads to which may take several ways at once."""
        graph = self.net.graph
        if self.net.start.mode != "one":
            return 0
        several = [task for task, listed in enumerate(self.net.exits) if any(choice.mode != "one" for choice in listed)]
        after: set[int] = set()
        todo = [target for task in several for target in graph.successors[task]]
        while todo:
            task = todo.pop()
            if task not in after:
                after.add(task)
                todo += graph.successors[task]
        return sum(1 << task.index for task in graph.tasks if task.index not in after)

    def held(self, task: int | None, event: Event, ticket: str, path: str) -> Held:
        """What lies at `path` of the data that a split sees after `task` came to `event`."""
        name, _, below = path.partition(".")
        if name in ("_task", "_ticket"):
            return self._about(task, event, name, below)
        field = self.fields.get(name)
        if field is None:
            return Held([(One(ABSENT), ANYWHERE)])
        parts: list[tuple[Part, Source]] = []
        unset = not self.is_set(task, event, ticket, name)
        for writer in self.writers(task, event, name):
            if writer == SUBMISSION:
                parts += self._submitted(ticket, name, below)
            else:
                parts += self.written(writer, path)
        if unset:
            parts.append((One(ABSENT), ANYWHERE))
        return Held(parts)

    def written(self, writer: int, path: str) -> list[tuple[Part, Source]]:
        """What lies at a path below a field that a task writes, when it has just written it."""
        name, _, below = path.partition(".")
        return self._below(self.outputs(name)[writer], below)

    def is_set(self, task: int | None, event: Event, ticket: str, name: str) -> bool:
        """Whether the field is certainly there."""
        bits = self.known.after(task, event) | self.known.by_ticket.get(ticket, 0)
        number = self.known.fields.get(name)
        return number is not None and bool(bits >> number & 1)

    def writers(self, task: int | None, event: Event, name: str) -> Collection[int]:
        """Whose value the field may have: indexes of tasks, SUBMISSION."""
        if task is None:
            return [SUBMISSION]
        writers = self._writers(name)
        number = 1 << self.known.fields[name]
        mine = event == "completed" and task in writers
        if mine and self.known.written[task] & number:
            return [task]
        if not self.sequential(task):
            return writers
        there = self._reaching[task]
        return [writer for writer in writers if (mine and writer == task) or self._definition(writer, name) & there]

    def _writers(self, name: str) -> Mapping[int, None]:
        """Whoever may write the field at all, SUBMISSION first."""
        if name not in self._all_writers:
            others = (writer for writer in self.outputs(name) if writer in self.reached)
            self._all_writers[name] = dict.fromkeys((SUBMISSION, *others))
        return self._all_writers[name]

    def outputs(self, name: str) -> Mapping[int, Any]:
        """By task that writes the field, reached or not, the schema of what it writes."""
        if name not in self._schemas:
            sources = self.fields[name].sources
            self._schemas[name] = {self.index[one.task]: one.schema for one in sources if one.task is not None}
        return self._schemas[name]

    def given(self, ticket: str, name: str) -> list[tuple[Part, Source]]:
        """What a ticket type gives the field, if anything."""
        return self._submitted(ticket, name, "")

    def constants(self, ticket: str) -> dict[str, Any]:
        """The fields that a ticket type fixes."""
        preset = self.presets.get(ticket)
        return {} if preset is None else ticket_constants(preset)

    def _definition(self, writer: int, name: str) -> int:
        return 1 << self._numbers[writer, name]

    @cached_property
    def _numbers(self) -> dict[tuple[int, str], int]:
        pairs = [(SUBMISSION, name) for name in self.fields]
        pairs += [(self.index[key], name) for name, field in self.fields.items() for key in field.writers]
        return {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}

    @cached_property
    def _reaching(self) -> list[int]:
        """By task, whose values may be there when it opens, where one task is open at a time: a may-analysis."""
        graph = self.net.graph
        kills, makes = [0] * len(graph.tasks), [0] * len(graph.tasks)
        whole = dict.fromkeys(self.fields, 0)
        for (_writer, name), number in self._numbers.items():
            whole[name] |= 1 << number
        for task in graph.tasks:
            for name in task.outputs:
                if name not in self.fields:
                    continue
                makes[task.index] |= self._definition(task.index, name)
                if self.known.written[task.index] >> self.known.fields[name] & 1:
                    kills[task.index] |= whole[name]
        there = [0] * len(graph.tasks)
        begin = sum(1 << number for (writer, _), number in self._numbers.items() if writer == SUBMISSION)
        todo: deque[int] = deque()
        for way in graph.transitions:
            if way.source is None and way.target is not None and way.index in self.net.possible:
                there[way.target] |= begin
                todo.append(way.target)
        seen = set(todo)
        while todo:
            task_number = todo.popleft()
            seen.discard(task_number)
            for event, indexes in graph.tasks[task_number].exits.items():
                after = there[task_number]
                if event == "completed":
                    after = after & ~kills[task_number] | makes[task_number]
                for index in indexes:
                    target = graph.transitions[index].target
                    if target is None or index not in self.net.possible or not after & ~there[target]:
                        continue
                    there[target] |= after
                    if target not in seen:
                        seen.add(target)
                        todo.append(target)
        return there

    def _submitted(self, ticket: str, name: str, below: str) -> list[tuple[Part, Source]]:
        preset = self.presets.get(ticket)
        if preset is not None:
            if name not in preset["fields"]:
                return []
            constants = ticket_constants(preset)
            if name in constants:
                value = look_up(constants[name], tuple(below.split(".")) if below else (), Budget())
                return [(One(ABSENT if value is UNDEFINED else value), ANYWHERE)]
        return self._below(self.fields[name].schema, below)

    def _below(self, schema: Any, below: str) -> list[tuple[Part, Source]]:
        """The parts of a schema, or of what lies below a path in it, which may be absent."""
        if not below:
            return [(part, self._source(schema)) for part in self.parts_of(schema)]
        inner, always = schema, True
        for step in below.split("."):
            listed = inner.get("properties") if isinstance(inner, dict) and inner.get("type") == "object" else None
            if not isinstance(listed, dict) or step not in listed or "$ref" in inner:
                return [(part, HIDDEN) for part in (*everything(), One(ABSENT))]
            always = always and step in inner.get("required", ())
            inner = listed[step]
        source = HIDDEN if any(references(schema)) else self._source(inner)  # alone it may mean something else
        parts = [(part, source) for part in self.parts_of(inner, schema)]
        return parts if always else [*parts, (One(ABSENT), ANYWHERE)]

    def parts_of(self, schema: Any, root: Any = None) -> list[Part]:
        """The parts of a schema that lives as long as the bundle, made once."""
        key = id(schema), id(root)
        if key not in self._parts:
            self._parts[key] = parts_of(schema, root)
        return self._parts[key]

    def _source(self, schema: Any) -> Source:
        key = id(schema)
        if key not in self._sources:
            self._sources[key] = HIDDEN if check_schema(schema) else Source(compile_schema(schema))
        return self._sources[key]

    def _about(self, task: int | None, event: Event, name: str, below: str) -> Held:
        """`_task` and `_ticket`: the first is null at the start, the second in runs that no ticket owns."""
        number, text = Numbers(1, MAX_INTEGER, True), Texts(40)
        if name == "_task" and task is None:
            return Held([(One(ABSENT if below else None), ANYWHERE)])
        if name == "_task" and below in ("key", "outcome"):
            return Held([(One(self.net.graph.tasks[task or 0].key if below == "key" else event), ANYWHERE)])
        if name == "_task" and below == "assignee":
            person = self.bundle["tasks"][task or 0]["task_type"] == "FORM" and event == "completed"
            return Held([(number, ANYWHERE)] if person else [(number, ANYWHERE), (One(None), ANYWHERE)])
        if name == "_ticket" and below in ("id", "number", "created_by"):
            return Held([(number, ANYWHERE), (One(ABSENT), HIDDEN)])
        if name == "_ticket" and below == "created_at":
            return Held([(text, HIDDEN), (One(ABSENT), HIDDEN)])
        return Held([(part, HIDDEN) for part in (*everything(), One(ABSENT))])

    def filled(self, task: int | None, event: Event, ticket: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """The fields of a counterexample, with what their objects need besides; None where it isn't certain that they
        can hold these values together: schemas of outputs may join what one field says with another.
        """
        answer: dict[str, Any] = {}
        written_by: set[int] = set()
        for name, value in data.items():
            if name not in self.fields:
                continue
            writers = self.writers(task, event, name)
            written_by.update(writers)
            given = [made for writer in writers for made in self._given(ticket, name, writer, value)]
            if not given:
                return None
            answer[name] = given[0]
        for writer in written_by - {SUBMISSION}:
            if not self._output_fits(writer, answer, writer == task and event == "completed"):
                return None
        return answer

    def _given(self, ticket: str, name: str, writer: int, value: Any) -> Iterator[Any]:
        """The value as that writer may have given it, with what it needs besides; nothing where it can't be."""
        schema = self.fields[name].schema
        if writer != SUBMISSION:
            schema = self.outputs(name)[writer]
        elif (preset := self.presets.get(ticket)) is not None:
            if name not in preset["fields"]:
                return
            constants = ticket_constants(preset)
            if name in constants:
                if canonical_text(constants[name]) == canonical_text(value):
                    yield value
                return
        made = self._with_required(schema, value)
        if self._source(schema).gives(made):
            yield made

    def _with_required(self, schema: Any, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(schema, dict) or schema.get("type") != "object":
            return value
        listed = schema.get("properties")
        listed = listed if isinstance(listed, dict) else {}
        made = {name: self._with_required(listed.get(name), part) for name, part in value.items()}
        for name in schema.get("required", ()):
            if name not in made and name in listed:
                made[name] = next(self.some_values(listed[name]), None)
        return made

    def _output_fits(self, writer: int, data: Mapping[str, Any], just_written: bool) -> bool:
        schema = self.net.graph.tasks[writer].output_schema
        if is_plain(schema):
            return True
        properties = self.net.graph.tasks[writer].outputs
        output = {name: data[name] for name in properties if name in data}
        if just_written:
            for name in schema.get("required", ()):
                if name not in output and name in properties:
                    output[name] = next(self.some_values(schema["properties"][name]), None)
        return self._source(schema).gives(output)

    def some_values(self, schema: Any) -> Iterator[Any]:
        """A few values that fit a schema, the plain ones first."""
        source = self._source(schema)
        for cell in cells_of(Held([(part, source) for part in self.parts_of(schema)]), []):
            yield from (value for value, _ in cell.tried if source.gives(value))
