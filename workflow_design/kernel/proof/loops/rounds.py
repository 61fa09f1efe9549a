"""A run that comes into a circle and once round it, played through the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any

from workflow_design.kernel.engine import Event, EventName, Marking, step
from workflow_design.kernel.language import EvaluationError, compile_template
from workflow_design.kernel.language.reads import Reads
from workflow_design.kernel.proof.decisions.ground import Ground
from workflow_design.kernel.proof.loops.cycles import Circle
from workflow_design.kernel.schemas import canonical_text

MAX_STEPS = 500
MAX_OUTPUTS = 12
"""Outputs of one task that are tried."""
_EVENTS: dict[str, EventName] = {"completed": "completed", "error": "failed", "timeout": "timed_out"}
_TICKET = {"id": 1, "number": 1, "created_by": 1, "created_at": "2026-01-01T09:00:00Z"}
_NOTHING = object()


@dataclass(frozen=True)
class _Place:
    """Where a run is, the keys of what was completed on the way, and the fields that were written."""

    marking: Marking
    data: dict[str, Any]
    trace: tuple[str, ...] = ()
    written: frozenset[str] = frozenset()

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple(sorted(self.marking.open.values())), tuple(sorted(self.marking.tokens.items()))


class Rounds:
    """Plays runs of one definition in which some fields hold given values."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.graph = ground.net.graph
        reads = Reads()
        for way in self.graph.transitions:
            reads.rule(way.condition)
        self.read = frozenset(path.partition(".")[0] for path in reads.paths)

    def round(
        self,
        circle: Circle,
        ticket: str,
        wanted: Mapping[str, Any],
        steady: frozenset[str],
        moving: frozenset[str],
    ) -> tuple[str, ...] | None:
        """The keys of what is completed on the way into the circle and once round; None where no such run was found.
        The fields of `steady` are as in `wanted`, absent ones too, and nothing outside of the circle is open. Those of
        `moving` are written on the way round, so that nothing is left of what they were before.
        """
        left = [MAX_STEPS]

        def inside(place: _Place) -> bool:
            return (
                bool(place.marking.open)
                and not place.marking.stopped
                and circle.tasks.issuperset(place.marking.open.values())
                and all(_same(place.data.get(name, _NOTHING), wanted.get(name, _NOTHING)) for name in steady)
            )

        starts = (self._started(data) for data in self._submissions(ticket, wanted, steady))
        entered = self._search(list(starts), inside, wanted, steady, left)
        if entered is None:
            return None
        begin = replace(entered, written=frozenset())
        again = self._search(
            list(self._next(begin, wanted, steady)),
            lambda place: inside(place) and place.shape == entered.shape and moving <= place.written,
            wanted,
            steady,
            left,
            stay=inside,
        )
        return None if again is None else again.trace

    def _search(
        self,
        begin: list[_Place],
        goal: Callable[[_Place], bool],
        wanted: Mapping[str, Any],
        steady: frozenset[str],
        left: list[int],
        stay: Callable[[_Place], bool] = lambda place: True,
    ) -> _Place | None:
        """Breadth first; `left` holds how many steps may be taken. Every place on the way is one to `stay` at."""
        todo = deque(begin)
        seen: set[Any] = set()
        while todo and left[0] > 0:
            place = todo.popleft()
            if stay(place) and goal(place):
                return place
            data = canonical_text({name: value for name, value in place.data.items() if name in self.read})
            known = place.shape, data, place.written
            if known in seen or place.marking.stopped or not stay(place):
                continue
            seen.add(known)
            for after in self._next(place, wanted, steady):
                left[0] -= 1
                todo.append(after)
        return None

    def _started(self, data: dict[str, Any]) -> _Place:
        done = step(self.graph, Marking(), data, Event("started"), _TICKET)
        return _Place(done.marking, done.data)

    def _next(self, place: _Place, wanted: Mapping[str, Any], steady: frozenset[str]) -> Iterator[_Place]:
        for number, task in {task: (n, task) for n, task in sorted(place.marking.open.items())}.values():
            node = self.graph.tasks[task]
            for event in node.exits:
                outputs = self._outputs(task, place.data, wanted, steady) if event == "completed" else iter([None])
                for output in outputs:
                    happened = Event(_EVENTS[event], number, output)
                    done = step(self.graph, place.marking, place.data, happened, _TICKET)
                    key = node.key if event == "completed" else f"{node.key} {event}"
                    written = place.written | self.read.intersection(output or ())
                    yield _Place(done.marking, done.data, (*place.trace, key), written)

    def _outputs(
        self, task: int, data: Mapping[str, Any], wanted: Mapping[str, Any], steady: frozenset[str]
    ) -> Iterator[dict[str, Any]]:
        made = self.ground.bundle["tasks"][task]
        if made["task_type"] != "FORM" and made.get("action") == "compute":
            yield from self._computed(task, made, data)
            return
        node = self.graph.tasks[task]
        required = node.output_schema.get("required", ()) if isinstance(node.output_schema, dict) else ()
        schemas = {
            name: next(s.schema for s in self.ground.fields[name].sources if s.task == node.key)
            for name in sorted(node.outputs)
            if name in self.ground.fields
        }
        for output in self._filled(schemas, set(required), wanted, steady):
            if not self.graph.output_errors(task, output):
                yield output

    def _computed(self, task: int, made: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        about = {"key": made["key"], "outcome": "completed", "assignee": None}
        try:
            known = {"_data": dict(data), "_ticket": _TICKET, "_task": about}
            output = compile_template(made["output_transform"]).render(known)
        except EvaluationError:
            return
        if isinstance(output, dict) and not self.graph.output_errors(task, output):
            yield output

    def _submissions(self, ticket: str, wanted: Mapping[str, Any], steady: frozenset[str]) -> Iterator[dict[str, Any]]:
        given = {name for name in self.ground.fields if self.ground.given(ticket, name)}
        schemas = {name: self.ground.fields[name].schema for name in sorted(given)}
        fixed = self.ground.constants(ticket)
        required = {name for name in given if self.ground.is_set(None, "completed", ticket, name)}
        yield from self._filled(schemas, required, {**wanted, **fixed}, steady | fixed.keys())

    def _filled(
        self, schemas: Mapping[str, Any], required: set[str], wanted: Mapping[str, Any], steady: frozenset[str]
    ) -> Iterator[dict[str, Any]]:
        """Values of some fields: what is wanted first, then others that a condition may want."""
        names, values = [], []
        for name, schema in schemas.items():
            tried = [wanted[name]] if name in wanted else []
            if name not in steady and (name in required or name in self.read):
                tried += islice(self.ground.some_values(schema), 6 if name in self.read else 1)
            if name not in required:  # else nothing is left of a steady field that has to stay absent
                tried.append(_NOTHING)
            names.append(name)
            values.append(_distinct(tried))
        for chosen in islice(product(*values), MAX_OUTPUTS):
            yield {name: value for name, value in zip(names, chosen, strict=True) if value is not _NOTHING}


def _distinct(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(_same(value, other) for other in found):
            found.append(value)
    return found


def _same(one: Any, other: Any) -> bool:
    if one is _NOTHING or other is _NOTHING:
        return one is other
    return canonical_text(one) == canonical_text(other)
