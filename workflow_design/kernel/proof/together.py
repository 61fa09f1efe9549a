"""What may be there at the same time: a relation that leaves nothing out, found without exploring.

Kovalyov and Esparza's structural concurrency relation of free-choice nets ("A polynomial algorithm to compute the
concurrency relation of free-choice Signal Transition Graphs", 1995), with a rule for inclusive joins. Tasks that
follow each other by choices alone share one row.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import NamedTuple

from workflow_design.kernel.proof.explore import ranks
from workflow_design.kernel.proof.net import Exits, Net

MAX_WORK = 800_000
"""Pairs that are looked at; they take less than half a second: 700 tasks at once and their join."""
_ADDING, _JOINING = 4, 20
"""How many pairs take as long as a set of them, and as a join, of their own."""


@dataclass(frozen=True, slots=True)
class Together:
    """`rows[i]`: bit set of what may be there together with item i. Items are groups of tasks and transitions on
    which tokens wait. `plain`: no inclusive join ever holds what something else could still bring, so that it waits for
    all that is on its way and doesn't depend on the order of events.
    """

    rows: list[int]
    group: list[int]  # by task
    place: dict[int, int]  # by transition on which tokens wait
    plain: bool

    def tasks(self, one: int, other: int) -> bool:
        """Whether the two tasks, or two instances of the same one, may be open at the same time."""
        return bool(self.rows[self.group[one]] >> self.group[other] & 1)

    def twice(self) -> tuple[list[int], list[int]]:
        """(tasks that may be open twice, transitions on which two tokens may lie)."""
        tasks = [task for task, group in enumerate(self.group) if self.rows[group] >> group & 1]
        return tasks, [index for index, item in self.place.items() if self.rows[item] >> item & 1]


def together(net: Net) -> Together | None:
    """The relation; None where finding it would take too long."""
    if net.heavy:
        return None
    return _Relation(net).solve()


class _Reaching(NamedTuple):
    """Of an inclusive join, as bit sets of items: what can reach none of its transitions without passing it, every one
    of them, or, by transition, some and this one. Its own transitions reach none. `full`: the mask of every one.
    """

    none: int
    every: int
    some: dict[int, int]
    full: int


class _Relation:
    def __init__(self, net: Net) -> None:
        self.net = net
        graph = net.graph
        self.group, members = _groups(net)
        self.place = {
            t.index: len(members) + number
            for number, t in enumerate(t for t in graph.transitions if net.waits(t.index))
        }
        size = len(members) + len(self.place)
        self.rows = [0] * size
        self.new = [0] * size
        self.todo: deque[int] = deque()
        self.waiting: dict[int | None, bool] = {}  # joins whose transitions have changed
        self.work = MAX_WORK
        # What a group's tasks, or a token, lead to: single items, and sets of items that come together.
        self.single: list[set[int]] = [set() for _ in range(size)]
        for group, tasks in enumerate(members):
            for task in tasks:
                for exits in net.exits[task]:
                    self.single[group].update(self._items(exits))
            self.single[group].discard(group)
        self.joins = {item: graph.transitions[index].target for index, item in self.place.items()}
        self.reaching: dict[int, _Reaching] = {}
        self.exits = [
            reduce(or_, (1 << item for exits in listed for item in self._items(exits)), 0) for listed in net.exits
        ]

    def solve(self) -> Together | None:
        for exits in [self.net.start, *(e for listed in self.net.exits for e in listed)]:
            self._pair(exits)
        while (self.todo or self.waiting) and self.work > 0:
            if not self.todo:  # all that leads to them first: what is beside a join takes long to find
                join = self.waiting.popitem()[0]
                assert join is not None
                self._add(self.group[join], self._beside(join))
                continue
            item = self.todo.popleft()
            fresh, self.new[item] = self.new[item], 0
            if item in self.joins:
                self.waiting[self.joins[item]] = True
                continue
            for output in self.single[item]:
                self._add(output, fresh)
        plain = all(self._waits_for_all(join) for join in self.net.inclusive)
        return Together(self.rows, self.group, self.place, plain) if self.work > 0 else None

    def _waits_for_all(self, join: int) -> bool:
        """Whether the join opens just when nothing is left that can reach some of its transitions and not others.

        So it is if nothing can still bring what it already holds, and if what can reach all of its transitions alike,
        which it doesn't wait for, comes no nearer while it holds something, or something nearer is on its way.
        """
        net = self.net
        reaching = self._reaching(join)
        nearer = reduce(or_, reaching.some.values())
        for item, others in reaching.some.items():
            if self.rows[item] & (others | 1 << item):
                return False
            nearer |= 1 << item
        mask = net.graph.reach(join).mask
        for task, items in enumerate(self.exits):
            if mask[task] == reaching.full and nearer & items and self.rows[self.group[task]] & nearer:
                return False
        return True

    def _items(self, exits: Exits) -> Iterator[int]:
        listed = [*exits.must, *exits.may] + ([] if exits.otherwise is None else [exits.otherwise])
        for index in listed:
            item = self._item(index)
            if item is not None:
                yield item

    def _item(self, index: int) -> int | None:
        if index in self.place:
            return self.place[index]
        target = self.net.graph.transitions[index].target
        return None if target is None else self.group[target]

    def _pair(self, exits: Exits) -> None:
        if exits.mode == "one":
            return
        items = [item for index in (*exits.must, *exits.may) if (item := self._item(index)) is not None]
        once = reduce(or_, (1 << item for item in items), 0)
        for item, count in Counter(items).items():
            self._note(item, once if count > 1 else once & ~(1 << item))

    def _note(self, item: int, others: int) -> int:
        """`others` may be there together with `item`, which the caller tells them too; those of them that are new."""
        fresh = others & ~self.rows[item]
        if fresh:
            self.rows[item] |= fresh
            if not self.new[item]:
                self.todo.append(item)
            self.new[item] |= fresh
        return fresh

    def _add(self, item: int, others: int) -> None:
        """`others` may be there together with `item`."""
        self.work -= _ADDING
        fresh = self._note(item, others)
        bit = 1 << item
        while fresh and self.work > 0:
            self.work -= 1
            low = fresh & -fresh
            fresh ^= low
            self._note(low.bit_length() - 1, bit)

    def _beside(self, join: int) -> int:
        """What may still be there when the join opens."""
        incoming = [self.place[index] for index in self.net.graph.tasks[join].incoming]
        self.work -= _JOINING + len(incoming)
        everywhere = anywhere = self.rows[incoming[0]]
        for item in incoming[1:]:
            everywhere &= self.rows[item]
            anywhere |= self.rows[item]
        if join not in self.net.inclusive:
            return everywhere
        reaching = self._reaching(join)
        answer = everywhere | anywhere & (reaching.none | reaching.every)
        for item in incoming:
            answer |= self.rows[item] & reaching.some[item]
        # Of the transitions that hold a token one is taken: more stays only where two were.
        for item in incoming:
            if not self.rows[item] >> item & 1:
                answer &= ~(1 << item)
        return answer

    def _reaching(self, join: int) -> _Reaching:
        known = self.reaching.get(join)
        if known is not None:
            return known
        reach = self.net.graph.reach(join)
        by_bit = {reach.bit[index]: self.place[index] for index in self.net.graph.tasks[join].incoming}
        some = dict.fromkeys(by_bit.values(), 0)
        none = every = 0
        full = sum(by_bit)
        seen = set()
        sources = [(group, task) for task, group in enumerate(self.group)]
        sources += [(item, target) for item, target in self.joins.items() if target is not None and target != join]
        for item, task in sources:
            if item in seen:
                continue
            seen.add(item)
            mask = reach.mask[task]
            if not mask:
                none |= 1 << item
            elif mask == full:
                every |= 1 << item
            else:
                while mask:
                    self.work -= 1
                    low = mask & -mask
                    mask ^= low
                    some[by_bit[low]] |= 1 << item
        for item in some:
            none |= 1 << item
        known = self.reaching[join] = _Reaching(none, every, some, full)
        return known


def _groups(net: Net) -> tuple[list[int], list[list[int]]]:
    """Tasks in groups: one that opens only by choices after tasks of one group is of that group, if it stands to
    inclusive joins as they do.
    """
    graph = net.graph
    size = len(graph.tasks)
    kinds = [0] * size
    for join in net.inclusive:
        mask = graph.reach(join).mask
        known: dict[tuple[int, int], int] = {}
        kinds = [known.setdefault((kind, mask[task]), len(known)) for task, kind in enumerate(kinds)]
    alone = {index for listed in net.exits for exits in listed if exits.mode == "one" for index in exits.may}
    rank = ranks(net)
    group = [-1] * size
    members: list[list[int]] = []
    for task in sorted(range(size), key=rank.__getitem__):
        incoming = [index for index in graph.tasks[task].incoming if index in net.possible]
        before = {
            -1 if (source := graph.transitions[index].source) is None or index not in alone else group[source]
            for index in incoming
            if graph.transitions[index].source != task or index not in alone
        }
        same = before.pop() if len(before) == 1 and not any(net.waits(index) for index in incoming) else -1
        if same >= 0 and kinds[members[same][0]] == kinds[task]:
            group[task] = same
            members[same].append(task)
        else:
            group[task] = len(members)
            members.append([task])
    return group, members
