"""The execution rules a second time, sentence by sentence and as slow as they read.

It shares no code with the engine: tokens are a list, paths are walked one by one, joins are tried until none moves.
It understands only conditions of the form {"===": [{"var": name}, constant]}.
"""

from __future__ import annotations

from typing import Any


class NaiveRun:
    """One run of a bundle in normal form. `open` holds [number, task key, why it is stopped or None]."""

    def __init__(self, bundle: dict[str, Any], data: dict[str, Any]) -> None:
        self.tasks = {task["key"]: task for task in bundle["tasks"]}
        self.transitions = [dict(t) for t in bundle["transitions"]]
        self.data = dict(data)
        self.tokens: list[int] = []
        self.open: list[list[Any]] = []
        self.opened: list[str] = []
        self.incidents: list[str] = []
        self.next_number = 1
        self.run_stopped = False
        self.status = "NOT_STARTED"
        self._write_out_what_is_implied()

    def _write_out_what_is_implied(self) -> None:
        if all(t["from"] is not None for t in self.transitions):
            for key in self.tasks:
                if not [t for t in self.transitions if t["to"] == key and t["from"] != key]:
                    self._add(None, key)
        for key in self.tasks:
            if not [t for t in self.transitions if t["from"] == key and t["on_event"] == "completed"]:
                self._add(key, None)

    def _add(self, source: str | None, target: str | None) -> None:
        rest = {"condition": None, "priority": 0, "is_default": False, "on_event": "completed"}
        self.transitions.append({"from": source, "to": target, **rest})

    # events

    def start(self) -> None:
        """Start transitions are an inclusive split."""
        self.opened, self.incidents = [], []
        taken = self._split(None, "completed", "inclusive")
        if taken:
            self._put(taken)
        else:
            self.incidents.append("no_transition")
            self.run_stopped = True
        self._finish()

    def happen(self, number: int, event: str, output: dict[str, Any] | None = None) -> None:
        """`event`: completed, timeout, error, skip, retry."""
        self.opened, self.incidents = [], []
        entry = next(entry for entry in self.open if entry[0] == number)
        outcome = {"skip": "completed", "retry": entry[2]}.get(event, event)
        self.data.update(output or {})
        entry[2] = None
        ways = [t for t in self.transitions if t["from"] == entry[1] and t["on_event"] == outcome]
        if event == "retry" and not ways:
            self._finish()
            return
        taken = self._split(entry[1], outcome, self.tasks[entry[1]]["split"])
        if taken:
            self.open.remove(entry)
            self._put(taken)
        else:
            entry[2] = outcome
            self.incidents.append("no_transition" if ways else outcome)
        self._finish()

    def cancel(self) -> None:
        """Cancel empties the marking."""
        self.tokens, self.open, self.opened, self.incidents = [], [], [], []
        self.status = "CANCELLED"

    # splits

    def _split(self, source: str | None, event: str, kind: str) -> list[int]:
        """A split sees only transitions of the event that occurred."""
        seen = [
            (t["priority"], place)
            for place, t in enumerate(self.transitions)
            if t["from"] == source and t["on_event"] == event
        ]
        ordinary = [place for _, place in sorted(seen) if not self.transitions[place]["is_default"]]
        defaults = [place for _, place in sorted(seen) if self.transitions[place]["is_default"]]
        true = [place for place in ordinary if self._true(self.transitions[place]["condition"])]
        if kind == "exclusive":
            true = true[:1]
        return true or defaults

    def _true(self, condition: Any) -> bool:
        if condition is None:
            return True
        variable, constant = condition["==="]
        return self.data.get(variable["var"]) == constant

    def _put(self, taken: list[int]) -> None:
        for place in taken:
            if self.transitions[place]["to"] is not None:
                self.tokens.append(place)

    # joins

    def _into(self, key: str) -> list[int]:
        return [place for place, t in enumerate(self.transitions) if t["to"] == key]

    def _open(self, key: str, consumed: list[int]) -> None:
        for place in consumed:
            self.tokens.remove(place)
        self.open.append([self.next_number, key, None])
        self.opened.append(key)
        self.next_number += 1

    def settle(self) -> None:
        """Tries joins until none can fire."""
        while self._one_join():
            pass

    def _one_join(self) -> bool:
        """Lets one join open its task, inclusive ones last, in document order. False when none can."""
        for key, task in self.tasks.items():
            filled = [place for place in self._into(key) if place in self.tokens]
            if task["join"] == "exclusive" and filled:
                self._open(key, filled[:1])
                return True
            if task["join"] == "parallel" and filled and filled == self._into(key):
                self._open(key, filled)
                return True
        for key, task in self.tasks.items():
            filled = [place for place in self._into(key) if place in self.tokens]
            if task["join"] == "inclusive" and filled and self._inclusive_may_open(key):
                self._open(key, filled)
                return True
        return False

    def _inclusive_may_open(self, join: str) -> bool:
        """Every token or open task that can reach an empty incoming transition without passing the join can also so
        reach a filled one."""
        into = self._into(join)
        positions = [self._from_token(place, join) for place in self.tokens]
        positions += [self._from_task(key, join) for _, key, _ in self.open]
        for reached in positions:
            empty = [place for place in into if place in reached and place not in self.tokens]
            filled = [place for place in into if place in reached and place in self.tokens]
            if empty and not filled:
                return False
        return True

    def _from_token(self, place: int, join: str) -> set[int]:
        target = self.transitions[place]["to"]
        return {place} if target == join else {place} | self._from_task(target, join)

    def _from_task(self, key: str, join: str) -> set[int]:
        """Transitions on paths from work in `key`, of any event, that don't pass `join`."""
        found: set[int] = set()
        todo = [key]
        while todo:
            at = todo.pop()
            for place, t in enumerate(self.transitions):
                if t["from"] == at and place not in found:
                    found.add(place)
                    if t["to"] not in (None, join):
                        todo.append(t["to"])
        return found

    # the end

    def _finish(self) -> None:
        self.settle()
        if not self.open and not self.run_stopped and self.tokens:
            self.incidents.append("stuck")
            self.run_stopped = True
        if self.run_stopped or any(why for _, _, why in self.open):
            self.status = "ERROR"
        elif self.open:
            self.status = "IN_PROGRESS"
        else:
            self.status = "COMPLETED"
