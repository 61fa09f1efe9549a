"""The compiled graph: tasks and transitions by index, in document order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from workflow_design.kernel.language import compile_condition
from workflow_design.kernel.problems import pointer
from workflow_design.kernel.schemas import Schema, SchemaError, compile_schema

from .reach import Reach

Event = Literal["completed", "timeout", "error"]
EVENTS: tuple[Event, ...] = ("completed", "timeout", "error")
Gate = Literal["exclusive", "inclusive", "parallel"]


@dataclass(frozen=True, slots=True)
class Transition:
    """Where tokens lie. `source` None: ticket submission; `target` None: the path ends.

    `condition` is the JSON rule, None where the transition is always true.
    """

    index: int
    source: int | None
    target: int | None
    event: Event
    priority: int
    is_default: bool
    condition: Any


@dataclass(frozen=True, slots=True)
class Task:
    """`incoming` in document order; `exits` by event in the order of evaluation, the default last.

    `inputs` are the fields that the task is given when it opens, `outputs` those that it may write.
    """

    index: int
    key: str
    title: str
    join: Gate
    split: Gate
    incoming: tuple[int, ...]
    exits: dict[Event, tuple[int, ...]]
    inputs: tuple[str, ...]
    outputs: frozenset[str]
    output_schema: Any


class Rule:
    """A compiled condition and the paths that it reads, as text and in parts, in alphabetical order."""

    __slots__ = ("condition", "paths")

    def __init__(self, condition: Any) -> None:
        self.condition = compile_condition(condition)
        self.paths = tuple((path, tuple(path.split("."))) for path in sorted(self.condition.reads))


class Graph:
    """What a run needs of a definition. Made by `compile_graph`; never changed afterwards.

    `transitions` are those of the document, then the implied starts and ends; `starts` are the indexes of
    the start transitions in the order of evaluation. Two graphs are equal when runs cannot tell them apart.
    Conditions, schemas and the reach of inclusive joins are prepared when first used and kept.
    """

    def __init__(
        self,
        *,
        tasks: tuple[Task, ...],
        transitions: tuple[Transition, ...],
        starts: tuple[int, ...],
        document_transitions: int,
        state_schema: Any,
    ) -> None:
        self.tasks = tasks
        self.transitions = transitions
        self.starts = starts
        self.document_transitions = document_transitions
        self.state_schema = state_schema
        self._rules: dict[int, Rule] = {}
        self._reaches: dict[int, Reach] = {}
        self._schemas: dict[int | None, Schema] = {}  # of outputs by task, of the state under None

    @cached_property
    def index(self) -> dict[str, int]:
        """Task key → index."""
        return {task.key: task.index for task in self.tasks}

    @cached_property
    def successors(self) -> tuple[tuple[int, ...], ...]:
        """Per task, the tasks that its exits lead to, of any event, each once, in document order."""
        answer = []
        for task in self.tasks:
            targets = {self.transitions[t].target for exits in task.exits.values() for t in exits}
            answer.append(tuple(sorted(target for target in targets if target is not None)))
        return tuple(answer)

    def rule(self, transition: int) -> Rule | None:
        """The compiled condition of a transition, None where it is always true."""
        condition = self.transitions[transition].condition
        if condition is None:
            return None
        rule = self._rules.get(transition)
        if rule is None:
            rule = self._rules[transition] = Rule(condition)
        return rule

    def reach(self, join: int) -> Reach:
        """Which tasks can still send a token to which incoming transitions of the task `join`."""
        reach = self._reaches.get(join)
        if reach is None:
            reach = self._reaches[join] = Reach(self, join)
        return reach

    def output_errors(self, task: int, output: dict[str, Any]) -> list[SchemaError]:
        """What is wrong with the output of a task: fields that are none of its outputs, and what its schema
        says.
        """
        errors = [
            SchemaError(pointer(name), "unknown_field", "is not an output of this task")
            for name in output
            if name not in self.tasks[task].outputs
        ]
        return errors + self._errors(self.tasks[task].output_schema, task, output)

    def state_errors(self, data: dict[str, Any]) -> list[SchemaError]:
        """Why a run can't end with this data."""
        return self._errors(self.state_schema, None, data)

    def _errors(self, schema: Any, place: int | None, value: dict[str, Any]) -> list[SchemaError]:
        if not schema:
            return []
        compiled = self._schemas.get(place)
        if compiled is None:
            compiled = self._schemas[place] = compile_schema(schema)
        return compiled.errors(value)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of everything that a run can see."""
        content = [
            [asdict(task) for task in self.tasks],
            [asdict(transition) for transition in self.transitions],
            self.document_transitions,
            self.state_schema,
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=sorted).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and (self is other or self.digest == other.digest)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<Graph {len(self.tasks)} tasks, {len(self.transitions)} transitions>"
