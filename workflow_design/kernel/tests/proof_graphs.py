"""Random definitions, from seeds: small ones of every kind, and larger ones made of blocks."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from .flows import bundle, task, transition

GATES = ("exclusive", "inclusive", "parallel")


def small(random: Random, most: int = 7) -> dict[str, Any]:
    """3 to `most` tasks, mostly forwards, with any joins and splits, loops, other events, conditions and defaults."""
    keys = "abcdefghijkl"[: random.randint(3, most)]
    weights = random.choice([(6, 2, 2), (3, 5, 2), (3, 2, 5), (5, 0, 5)])
    tasks = [task(key, join=random.choices(GATES, weights)[0], split=random.choices(GATES, weights)[0]) for key in keys]
    split = {entry["key"]: entry["split"] for entry in tasks}
    pairs: list[tuple[str | None, str | None]] = [(None, keys[0])]
    pairs += [(random.choice(keys[:number]), keys[number]) for number in range(1, len(keys))]
    for _ in range(random.randint(0, len(keys))):
        place = random.randrange(len(keys))
        loop = random.random() < 0.2
        pairs.append((keys[place], random.choice(keys[: place + 1] if loop else [*keys[place + 1 :], None])))
    if random.random() < 0.2:
        pairs.append((None, random.choice(keys)))
    transitions: list[Any] = []
    known: set[Any] = set()
    defaults: set[Any] = set()
    for source, target in pairs:
        event = "completed" if source is None else random.choices(["completed", "error", "timeout"], [10, 1, 1])[0]
        if (source, target, event) in known:
            continue
        known.add((source, target, event))
        parallel = split.get(source or "") == "parallel"
        default = not parallel and random.random() < 0.2 and (source, event) not in defaults
        if default:
            defaults.add((source, event))
        condition = None
        if not default and not parallel and random.random() < (0.85 if source else 0.5):
            condition = {"===": [{"var": f"x{len(transitions)}"}, True]}
        transitions.append(
            transition(
                source, target, on_event=event, is_default=default, condition=condition, priority=random.randint(0, 1)
            )
        )
    random.shuffle(transitions)
    return bundle(tasks, transitions)


class Blocks:
    """A definition of nested blocks: sequences, choices, parallel and inclusive parts, loops. `spoil` changes a few
    joins, splits and transitions afterwards.
    """

    def __init__(self, random: Random, size: int) -> None:
        self.random = random
        self.tasks: list[dict[str, Any]] = []
        self.transitions: list[dict[str, Any]] = []
        self.names = 0
        first, last = self.block(size)
        self.lead(None, first)
        self.lead(last, None)

    def add(self, **gates: str) -> str:
        key = f"t{len(self.tasks)}"
        self.tasks.append(task(key, **gates))
        return key

    def lead(self, source: str | None, target: str | None, **values: Any) -> None:
        self.transitions.append(transition(source, target, **values))

    def condition(self) -> dict[str, Any]:
        return {"===": [{"var": f"x{len(self.transitions)}"}, True]}

    def block(self, size: int) -> tuple[str, str]:
        """The first and the last task of a block of about `size` tasks."""
        if size <= 1:
            key = self.add()
            return key, key
        kind = self.random.choice(["sequence", "sequence", "exclusive", "inclusive", "parallel", "loop"])
        if kind == "sequence" or size < 4:
            cut = self.random.randint(1, size - 1)
            first, middle = self.block(cut)
            after, last = self.block(size - cut)
            self.lead(middle, after)
            return first, last
        if kind == "loop":
            head = self.add()
            first, last = self.block(size - 2)
            tail = self.add()
            self.lead(head, first)
            self.lead(last, tail)
            self.lead(tail, head, condition=self.condition())
            after = self.add()
            self.lead(tail, after, is_default=True)
            return head, after
        head, tail = self.add(split=kind), self.add(join=kind)
        ways = min(self.random.randint(2, 4), size - 2)
        for way in range(ways):
            first, last = self.block((size - 2) // ways)
            last_one = way == ways - 1
            values: dict[str, Any] = {} if kind == "parallel" else {"condition": self.condition()}
            if last_one and kind != "parallel":
                values = {"is_default": True}
            self.lead(head, first, **values)
            self.lead(last, tail)
        return head, tail

    def spoil(self, times: int) -> None:
        for _ in range(times):
            change = self.random.choice(
                [self._other_join, self._other_split, self._error_exit, self._way_out, self._way]
            )
            change()

    def _other_join(self) -> None:
        into = Counter(t["to"] for t in self.transitions)
        joins = [entry for entry in self.tasks if into[entry["key"]] > 1]
        if joins:
            self.random.choice(joins)["join"] = self.random.choice(GATES)

    def _other_split(self) -> None:
        out = Counter(t["from"] for t in self.transitions)
        splits = [entry for entry in self.tasks if out[entry["key"]] > 1]
        if splits:
            chosen = self.random.choice(splits)
            chosen["split"] = self.random.choice(GATES)
            for t in self.transitions:
                if t["from"] == chosen["key"]:
                    t["is_default"] = False
                    t["condition"] = None if chosen["split"] == "parallel" else self._fresh()

    def _error_exit(self) -> None:
        self._exit(self.random.choice(self.tasks)["key"])

    def _way_out(self) -> None:
        self._exit(None)

    def _exit(self, target: str | None) -> None:
        source, event = self.random.choice(self.tasks)["key"], self.random.choice(["error", "timeout"])
        if not any((t["from"], t["to"], t["on_event"]) == (source, target, event) for t in self.transitions):
            self.lead(source, target, on_event=event)

    def _way(self) -> None:
        """One more transition, forwards or back."""
        source, target = (self.random.choice(self.tasks) for _ in range(2))
        if not any((t["from"], t["to"]) == (source["key"], target["key"]) for t in self.transitions):
            condition = None if source["split"] == "parallel" else self._fresh()
            self.lead(source["key"], target["key"], condition=condition)

    def _fresh(self) -> dict[str, Any]:
        self.names += 1
        return {"===": [{"var": f"y{self.names}"}, True]}

    def bundle(self) -> dict[str, Any]:
        return bundle(self.tasks, self.transitions)


def structured(random: Random, least: int = 8, most: int = 20, spoilt: float = 0.6) -> dict[str, Any]:
    """Nested blocks, spoilt in a few places now and then."""
    blocks = Blocks(random, random.randint(least, most))
    if random.random() < spoilt:
        blocks.spoil(random.randint(1, 3))
    return blocks.bundle()
