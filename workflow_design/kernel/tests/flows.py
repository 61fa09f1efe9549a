"""Bundles in a line of text, and runs of them told by labels: `B2` is the second instance of task B.

A[/AND] -> B, C; B -> D[AND/]; C -> D; D -> end

`[join/split]` (XOR, OR, AND) stands at any mention of a task. In braces, with commas between: a condition
(`b`: the field is true; `!b`; `n>10`; `n=1`), `p1` (priority), `default`, `error`, `timeout`. `start -> A`
writes a start.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from workflow_design.kernel.engine import RUN, Event, EventRefused, Marking, Step, step
from workflow_design.kernel.graph import Graph, compile_graph

GATES = {"": "exclusive", "XOR": "exclusive", "OR": "inclusive", "AND": "parallel"}
NODE = re.compile(r"(?P<key>\w+)(?:\[(?P<join>\w*)/(?P<split>\w*)\])?(?:\{(?P<notes>[^}]*)\})?")
LINE = re.compile(r"(?P<label>\w+)(?:\{(?P<output>[^}]*)\})?(?: (?P<word>\w+))?(?:\s*=>\s*(?P<open>[\w ]*))?")
RUN_EVENTS = {"start": "started", "cancel": "cancelled"}
TASK_EVENTS = {None: "completed", "error": "failed", "timeout": "timed_out", "skip": "skipped", "retry": "retried"}
STATUS_WORDS = {"DONE": "COMPLETED", "ERROR": "ERROR", "CANCELLED": "CANCELLED"}
COMPARISON = re.compile(r"(\w+)(<=|>=|<|>|=)(-?\d+)")


def task(key: str, **values: Any) -> dict[str, Any]:
    """A task in normal form, as far as the graph reads it."""
    return {
        "key": key,
        "title": key,
        "task_type": "FORM",
        "input_schema": {},
        "output_schema": {},
        "join": "exclusive",
        "split": "exclusive",
        **values,
    }


def transition(source: str | None, target: str | None, **values: Any) -> dict[str, Any]:
    """A transition in normal form."""
    return {
        "from": source,
        "to": target,
        "condition": None,
        "priority": 0,
        "is_default": False,
        "on_event": "completed",
        **values,
    }


def bundle(tasks: list[dict[str, Any]], transitions: list[dict[str, Any]], **workflow: Any) -> dict[str, Any]:
    """A bundle in normal form, as far as the graph reads it."""
    return {
        "workflow": {"key": "flow", "title": "Flow", "fields": [], "state_schema": {}, **workflow},
        "tasks": tasks,
        "transitions": transitions,
        "tickets": [],
    }


def flow(text: str, inputs: dict[str, list[str]] | None = None, **workflow: Any) -> dict[str, Any]:
    """The bundle that `text` tells; tasks in the order of their first mention; `inputs` names fields per
    task.
    """
    tasks: dict[str, dict[str, Any]] = {}
    transitions = []

    def node(match: re.Match[str]) -> str | None:
        key = match["key"]
        if key in ("start", "end"):
            return None
        entry = tasks.setdefault(key, task(key))
        if match["join"]:
            entry["join"] = GATES[match["join"]]
        if match["split"]:
            entry["split"] = GATES[match["split"]]
        return key

    for line in re.split(r"[;\n]", text):
        if not line.strip():
            continue
        left, _, right = line.partition("->")
        found = NODE.fullmatch(left.strip())
        assert found, line
        source = node(found)
        for match in NODE.finditer(right):
            target = node(match)
            transitions.append(transition(source, target, **_notes(match["notes"])))
    for key, names in (inputs or {}).items():
        tasks[key]["input_schema"] = {"type": "object", "properties": {name: {} for name in names}}
    return bundle(list(tasks.values()), transitions, **workflow)


def _notes(notes: str | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for note in filter(None, (part.strip() for part in (notes or "").split(","))):
        if re.fullmatch(r"p\d+", note):
            values["priority"] = int(note[1:])
        elif note == "default":
            values["is_default"] = True
        elif note in ("error", "timeout"):
            values["on_event"] = note
        elif match := COMPARISON.fullmatch(note):
            name, operator, number = match.groups()
            values["condition"] = {
                operator.replace("=", "===") if operator == "=" else operator: [
                    {"var": name},
                    int(number),
                ]
            }
        elif note.startswith("!"):
            values["condition"] = {"!": [{"var": note[1:]}]}
        else:
            values["condition"] = {"===": [{"var": note}, True]}
    return values


def output(notes: str | None) -> dict[str, Any]:
    """`n=20, ok, !sure` → {"n": 20, "ok": True, "sure": False}."""
    values: dict[str, Any] = {}
    for note in filter(None, (part.strip() for part in (notes or "").split(","))):
        name, equals, number = note.partition("=")
        values[name.lstrip("!")] = int(number) if equals else not note.startswith("!")
    return values


def _label(word: str) -> str:
    return word if word[-1].isdigit() else word + "1"


class Run:
    """One run, kept as a caller of the engine keeps it. `open` holds labels in the order of opening."""

    def __init__(self, definition: dict[str, Any] | Graph, data: dict[str, Any] | None = None) -> None:
        self.graph = definition if isinstance(definition, Graph) else compile_graph(definition)
        self.marking = Marking()
        self.data = dict(data or {})
        self.counts: Counter[str] = Counter()
        self.labels: dict[str, int] = {"run": RUN}
        self.inputs: dict[str, dict[str, Any]] = {}
        self.last: Step | None = None

    def copy(self) -> Run:
        twin = Run(self.graph, self.data)
        twin.marking, twin.last = self.marking, self.last
        twin.counts, twin.labels, twin.inputs = Counter(self.counts), dict(self.labels), dict(self.inputs)
        return twin

    def send(self, name: Any, label: str | None = None, output: dict[str, Any] | None = None, **values: Any) -> Step:
        number = self.number(label) if label else RUN
        answer = step(self.graph, self.marking, self.data, Event(name, number, output, **values))
        self.marking, self.data, self.last = answer.marking, answer.data, answer
        for opened in answer.opened:
            self.counts[opened.key] += 1
            label = f"{opened.key}{self.counts[opened.key]}"
            self.labels[label], self.inputs[label] = opened.number, opened.input
        return answer

    def start(self) -> Run:
        self.send("started")
        return self

    def complete(self, label: str, **output: Any) -> Run:
        self.send("completed", label, output)
        return self

    def number(self, label: str) -> int:
        """The number of the instance with this label; one that no run has when there is no such instance."""
        return self.labels.get(label if label == "run" else _label(label), 10**9)

    def play(self, script: str) -> Run:
        """Does what a script says and compares what is open after every line.

        A line is `event => open set`: `start => A`, `A{n=20, ok, !sure} => B C2`, `A error => B`, `A timeout
        => B`, `cancel => CANCELLED`, `B refused`. DONE, ERROR and CANCELLED are statuses (none: IN_PROGRESS).
        """
        for line in filter(None, (part.strip() for part in re.split(r"[;\n]", script))):
            match = LINE.fullmatch(line)
            assert match, line
            label, notes, word, expected = match["label"], match["output"], match["word"], match["open"]
            if label == "data" or word == "input":
                assert (self.data if label == "data" else self.inputs[_label(label)]) == output(notes), line
                continue
            if label == "incident":
                assert self.last is not None
                assert [incident.code for incident in self.last.incidents] == [word], line
                continue
            if label in RUN_EVENTS:
                self.send(RUN_EVENTS[label])
            elif word == "refused":
                with pytest.raises(EventRefused):
                    self.send("completed", label)
                continue
            else:
                name = TASK_EVENTS[word]
                self.send(name, label, output(notes) if name in ("completed", "skipped") else None)
            words = (expected or "").split()
            status = next((STATUS_WORDS[w] for w in words if w in STATUS_WORDS), "IN_PROGRESS")
            told = sorted(_label(w) for w in words if w not in STATUS_WORDS)
            assert (sorted(self.open), self.status) == (told, status), line
        return self

    @property
    def open(self) -> list[str]:
        """Labels of what is open, `B1 C1 B2`; stopped ones are not."""
        numbers = {number: label for label, number in self.labels.items()}
        return [numbers[n] for n in sorted(self.marking.open) if n not in self.marking.stopped]

    @property
    def status(self) -> str:
        return self.marking.status

    @property
    def ran(self) -> dict[str, int]:
        """How many instances of each task there have been."""
        return dict(self.counts)


def every_order(
    definition: dict[str, Any] | Graph, outputs: dict[str, str] | None = None, limit: int = 20_000
) -> set[tuple[str, tuple[tuple[str, int], ...]]]:
    """Every way to complete what is open, one at a time: the (status, instances per task) at their ends.

    `outputs` by label, as in scripts. Fails beyond `limit` different states instead of running on.
    """
    ends, seen = set(), set()
    stack = [Run(definition).start()]
    while stack:
        run = stack.pop()
        state = repr((run.open, sorted(run.marking.tokens.items()), sorted(run.ran.items()), run.data))
        if state in seen:
            continue
        seen.add(state)
        assert len(seen) < limit
        if not run.open:
            ends.add((run.status, tuple(sorted(run.ran.items()))))
        for label in run.open:
            twin = run.copy()
            twin.send("completed", label, output((outputs or {}).get(label)))
            stack.append(twin)
    return ends
