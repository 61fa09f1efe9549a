"""Everything that can happen to a small definition, explored as it reads: every open task, every event, every outcome
of every condition. Shares no code with the proof or the engine.
"""

from __future__ import annotations

from collections import Counter, deque
from itertools import product
from typing import Any

END = ((), ())


class Naive:
    """One exploration. A state: (places of tokens, keys of open tasks), both sorted, once per token and instance.

    `stuck`, `endless`: whether such a state exists; `dead`: keys that never open; `twice`: keys and places that are
    there twice in some state; `grows`: what is told only when `complete` is not.
    """

    def __init__(self, bundle: dict[str, Any], limit: int = 3_000) -> None:
        self.tasks = {task["key"]: task for task in bundle["tasks"]}
        self.transitions = [dict(t) for t in bundle["transitions"]]
        self._write_out_what_is_implied()
        self.into = {key: [p for p, t in enumerate(self.transitions) if t["to"] == key] for key in self.tasks}
        self._reached: dict[tuple[str, str], frozenset[int]] = {}
        self._choices: dict[tuple[str | None, str], list[tuple[int, ...]]] = {}
        self.grows = False
        self.complete = True
        self._explore(limit)
        self._judge()

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

    # splits

    def choices(self, key: str | None, event: str) -> list[tuple[int, ...]]:
        """What is taken for each outcome of the conditions; outcomes that take nothing left out."""
        known = self._choices.get((key, event))
        if known is None:
            known = self._choices[key, event] = sorted(set(self._outcomes(key, event)))
        return known

    def _outcomes(self, key: str | None, event: str) -> list[tuple[int, ...]]:
        split = "inclusive" if key is None else self.tasks[key]["split"]
        here = [(t["priority"], p) for p, t in enumerate(self.transitions) if t["from"] == key]
        here = [(order, p) for order, p in here if self.transitions[p]["on_event"] == event]
        ordered = [p for _, p in sorted(here) if not self.transitions[p]["is_default"]]
        defaults = tuple(p for _, p in here if self.transitions[p]["is_default"])
        unknown = [p for p in ordered if self.transitions[p]["condition"] not in (None, True, False)]
        found = []
        for values in product((True, False), repeat=len(unknown)):
            says = dict(zip(unknown, values, strict=True))
            true = [p for p in ordered if says.get(p, self.transitions[p]["condition"] in (None, True))]
            taken = tuple(true[:1] if split == "exclusive" else true) or defaults
            if taken:
                found.append(tuple(sorted(taken)))
        return found

    # joins

    def settle(self, tokens: Counter[int], active: Counter[str]) -> tuple[Any, Any]:
        while self._one_join(tokens, active):
            pass
        return tuple(sorted(tokens.elements())), tuple(sorted(active.elements()))

    def _one_join(self, tokens: Counter[int], active: Counter[str]) -> bool:
        for kinds in (("exclusive", "parallel"), ("inclusive",)):
            for key, task in self.tasks.items():
                filled = [p for p in self.into[key] if tokens[p]]
                if not filled or task["join"] not in kinds:
                    continue
                if task["join"] == "exclusive":
                    filled = filled[:1]
                if task["join"] == "parallel" and filled != self.into[key]:
                    continue
                if task["join"] == "inclusive" and not self._inclusive_may_open(key, tokens, active):
                    continue
                for p in filled:
                    tokens[p] -= 1
                    if not tokens[p]:
                        del tokens[p]
                active[key] += 1
                return True
        return False

    def _inclusive_may_open(self, join: str, tokens: Counter[int], active: Counter[str]) -> bool:
        reached = [self.reached(key, join) for key in active]
        reached += [self.reached(self.transitions[p]["to"], join) for p in tokens if p not in self.into[join]]
        for places in reached:
            into = [p for p in self.into[join] if p in places]
            if into and all(p not in tokens for p in into):
                return False
        return True

    def reached(self, key: str, join: str) -> frozenset[int]:
        """Transitions on paths from work in `key`, of any event, that don't pass `join`."""
        known = self._reached.get((key, join))
        if known is None:
            found: set[int] = set()
            todo = [key]
            while todo:
                at = todo.pop()
                for p, t in enumerate(self.transitions):
                    if t["from"] == at and p not in found:
                        found.add(p)
                        if t["to"] not in (None, join):
                            todo.append(t["to"])
            known = self._reached[key, join] = frozenset(found)
        return known

    # states

    def after(self, state: Any, key: str | None, taken: tuple[int, ...]) -> Any:
        tokens, active = Counter(state[0]), Counter(state[1])
        if key is not None:
            active[key] -= 1
            if not active[key]:
                del active[key]
        tokens.update(p for p in taken if self.transitions[p]["to"] is not None)
        return self.settle(tokens, active)

    def _moves(self, state: Any) -> list[tuple[str | None, tuple[int, ...]]]:
        events = ("completed", "error", "timeout")
        return [(key, taken) for key in sorted(set(state[1])) for e in events for taken in self.choices(key, e)]

    def _explore(self, limit: int) -> None:
        self.came: dict[Any, Any] = {}
        self.next: dict[Any, list[Any]] = {}
        todo: deque[Any] = deque()
        for taken in self.choices(None, "completed"):
            self._see(None, None, taken, todo)
        while todo and not self.grows:
            if len(self.came) > limit:
                self.complete = False
                return
            state = todo.popleft()
            self.next[state] = []
            for key, taken in self._moves(state):
                self.next[state].append(self._see(state, key, taken, todo))
                if self.grows:
                    self.complete = False
                    return

    def _see(self, state: Any, key: str | None, taken: tuple[int, ...], todo: deque[Any]) -> Any:
        new = self.after(END if state is None else state, key, taken)
        if new not in self.came:
            self.came[new] = (state, key, taken)
            todo.append(new)
            self.grows = self._comes_back_with_more(new)
        return new

    def _comes_back_with_more(self, state: Any) -> bool:
        counts = Counter([*map(str, state[0]), *state[1]])
        if max(counts.values(), default=0) < 2:
            return False
        at = state
        moves: list[Any] = []
        while True:
            at, *move = self.came[at]
            if at is None:
                return False
            moves.insert(0, move)
            old = Counter([*map(str, at[0]), *at[1]])
            if old != counts and all(counts[k] >= n for k, n in old.items()) and self._again(at, state, moves):
                return True

    def _again(self, small: Any, large: Any, moves: list[Any]) -> bool:
        """The same three times more, adding the same each time."""
        more = Counter(large[0]) - Counter(small[0]), Counter(large[1]) - Counter(small[1])
        for _ in range(3):
            for key, taken in moves:
                if key not in large[1]:
                    return False
                large = self.after(large, key, taken)
                small = self.after(small, key, taken)
                if (Counter(large[0]) - Counter(small[0]), Counter(large[1]) - Counter(small[1])) != more:
                    return False
        return True

    def _judge(self) -> None:
        states = list(self.came)
        self.stuck = any(tokens and not active for tokens, active in states)
        self.twice = {k for tokens, active in states for k, n in Counter([*tokens, *active]).items() if n > 1}
        self.dead = set(self.tasks) - {key for _, active in states for key in active}
        before: dict[Any, list[Any]] = {}
        for state, following in self.next.items():
            for other in following:
                before.setdefault(other, []).append(state)
        ending = {state for state in states if not state[1]}
        todo = list(ending)
        while todo:
            for state in before.get(todo.pop(), ()):
                if state not in ending:
                    ending.add(state)
                    todo.append(state)
        self.endless = self.complete and len(ending) < len(states)

    @property
    def sound(self) -> bool:
        return not (self.stuck or self.endless or self.dead or self.grows)
