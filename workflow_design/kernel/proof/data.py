"""Which fields are certainly set when something reads them: a forward must-analysis on bit sets."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from workflow_design.kernel.fields import output_properties, ticket_constants, ticket_defaults
from workflow_design.kernel.graph.model import Event
from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.proof.net import Net
from workflow_design.kernel.proof.reading import read_by_rule, read_by_template

Bundle = Mapping[str, Any]


class Read(NamedTuple):
    """`words` read the field `name` after `task` (None: the submission) came to `event`, or, without one, opened."""

    name: str
    words: str
    path: str
    task: int | None
    event: Event | None
    transition: int | None


class Definedness:
    """`at_start`: what every ticket type sets; `opened[task]`: what is set whenever the task opens; `fields`: bit
    numbers by name. A task that never opens has everything.
    """

    def __init__(self, bundle: Bundle, net: Net) -> None:
        self.net = net
        declared = bundle["workflow"]["fields"]
        names = [field["FieldName"] for field in declared]
        names += [name for task in bundle["tasks"] for name in output_properties(task["output_schema"])]
        self.fields = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self.everything = (1 << len(self.fields)) - 1
        self.required = frozenset(field["FieldName"] for field in declared if field.get("Required"))
        self.by_ticket = {ticket["key"]: self._bits(self._given(ticket)) for ticket in bundle["tickets"]}
        # Without a ticket type runs are executions, which nobody asks for what is Required.
        self.at_start = self.everything if self.by_ticket else 0
        for bits in self.by_ticket.values():
            self.at_start &= bits
        self.written = [self._bits(_always_written(task["output_schema"])) for task in bundle["tasks"]]
        self.opened = [self.everything] * len(net.graph.tasks)
        self._solve()

    def after(self, task: int | None, event: Event) -> int:
        """What is set when `task` has come to `event`: an output is written by completing alone."""
        if task is None:
            return self.at_start
        return self.opened[task] | (self.written[task] if event == "completed" else 0)

    def bits(self, read: Read) -> int:
        """What is set when that is read."""
        if read.task is None or read.event is not None:
            return self.after(read.task, read.event or "completed")
        return self.opened[read.task]

    def _given(self, ticket: Mapping[str, Any]) -> set[str]:
        listed = {name for name, value in ticket["fields"].items() if value is None and name in self.required}
        return listed | ticket_constants(ticket).keys() | ticket_defaults(ticket).keys()

    def _bits(self, names: Any) -> int:
        return sum(1 << self.fields[name] for name in set(names) if name in self.fields)

    def _solve(self) -> None:
        graph = self.net.graph
        todo = deque(range(len(graph.tasks)))
        queued = bytearray(b"\1" * len(graph.tasks))
        while todo:
            task = todo.popleft()
            queued[task] = 0
            known = self._on_opening(task)
            if known != self.opened[task]:
                self.opened[task] = known
                for other in graph.successors[task]:
                    if not queued[other]:
                        queued[other] = 1
                        todo.append(other)

    def _on_opening(self, task: int) -> int:
        """Fields stay set. One way in was taken at least; all of them, where the join is parallel."""
        graph = self.net.graph
        parallel = graph.tasks[task].join == "parallel"
        known = 0 if parallel else self.everything
        for index in graph.tasks[task].incoming:
            if index not in self.net.possible:
                if parallel:
                    return self.everything  # it never opens
                continue
            way = graph.transitions[index]
            sets = self.after(way.source, way.event)
            known = known | sets if parallel else known & sets
        return known & self.opened[task]

    def is_set(self, name: str, bits: int) -> bool:
        """Whether the bits hold the field; what is no field is said elsewhere."""
        number = self.fields.get(name)
        return number is None or bool(bits >> number & 1)


def check_reads(bundle: Bundle, known: Definedness, limit: int) -> list[Problem]:
    """A warning for each read of a field that may be unset then, unless what reads it asks for that itself."""
    net = known.net
    problems: list[Problem] = []
    for read in _reads(bundle, net):
        bits = known.bits(read)
        if known.is_set(read.name, bits):
            continue
        if len(problems) >= limit:
            break
        message = f'{read.words} "{read.name}", which may be unset then: {_why(bundle, known, read)}.{_ADVICE}'
        key = None if read.task is None else net.graph.tasks[read.task].key
        problems.append(
            Problem("warning", "field_maybe_unset", message, read.path, task=key, transition=read.transition)
        )
    return problems


_ADVICE = ' Make it Required, have it set before, or say what holds without it: {"var": ["name", value]}.'


def _reads(bundle: Bundle, net: Net) -> Iterator[Read]:
    for index, transition in enumerate(bundle["transitions"]):
        source, condition = transition["from"], transition["condition"]
        if condition is None or index not in net.possible:
            continue
        ends = ["the start" if source is None else f'"{source}"']
        ends.append("the end" if transition["to"] is None else f'"{transition["to"]}"')
        words = f"The condition from {ends[0]} to {ends[1]} reads"
        task = None if source is None else net.graph.index[source]
        path = pointer("transitions", index, "condition")
        for name in _roots(read_by_rule(condition)):
            yield Read(name, words, path, task, transition["on_event"], index)
    for number, task in enumerate(bundle["tasks"]):
        key = task["key"]
        schema = task["input_schema"]
        required = schema.get("required") if isinstance(schema, dict) else None
        for place, name in enumerate(required if isinstance(required, list) else ()):
            if not isinstance(name, str):
                continue
            path = pointer("tasks", number, "input_schema", "required", place)
            yield Read(name, f'The input_schema of "{key}" requires', path, number, None, None)
        if task.get("input_transform") is None and task.get("output_transform") is None:
            continue
        for name in _roots(read_by_template(task.get("input_transform"))):
            path = pointer("tasks", number, "input_transform")
            yield Read(name, f'The input_transform of "{key}" reads', path, number, None, None)
        paths = {
            path.removeprefix("_data.")
            for path in read_by_template(task.get("output_transform"))
            if path.startswith("_data.")
        }
        for name in _roots(paths):
            path = pointer("tasks", number, "output_transform")
            yield Read(name, f'The output_transform of "{key}" reads', path, number, None, None)


def _roots(paths: set[str]) -> list[str]:
    return sorted({path.partition(".")[0] for path in paths})


def _always_written(schema: Any) -> list[str]:
    required = schema.get("required") if isinstance(schema, dict) else None
    known = output_properties(schema)
    return [name for name in required if isinstance(name, str) and name in known] if isinstance(required, list) else []


def _why(bundle: Bundle, known: Definedness, read: Read) -> str:
    """Who could have set it and need not have."""
    bit = 1 << known.fields[read.name]
    without = [key for key, bits in known.by_ticket.items() if not bits & bit]
    asked = (
        "no ticket type has to give it"
        if not known.by_ticket or len(without) == len(known.by_ticket)
        else (f'the ticket type "{without[0]}" need not give it' if without else "")
    )
    way = _way_without(known, read, bit)
    if not way:
        return asked
    passed = ", ".join(f'"{key}"' for key in way[-6:])
    return f"{asked}, and on the way over {passed} nothing has to write it"


def _way_without(known: Definedness, read: Read, bit: int) -> list[str]:
    """Tasks on a shortest way to the read on which the field may stay unset."""
    graph = known.net.graph
    if read.task is None:
        return []
    came: dict[int, int | None] = {}
    todo: deque[int] = deque()
    for way in graph.transitions:
        target = way.target
        if way.source is not None or target is None or target in came or way.index not in known.net.possible:
            continue
        if not known.opened[target] & bit:
            came[target] = None
            todo.append(target)
    while todo and read.task not in came:
        task = todo.popleft()
        for event, indexes in graph.tasks[task].exits.items():
            if known.after(task, event) & bit:
                continue
            for index in indexes:
                target = graph.transitions[index].target
                if target is None or target in came or index not in known.net.possible:
                    continue
                if not known.opened[target] & bit:
                    came[target] = task
                    todo.append(target)
    names = []
    at = read.task if read.event is not None else came.get(read.task)
    while at is not None:
        names.append(graph.tasks[at].key)
        at = came.get(at)
    return names[::-1]
