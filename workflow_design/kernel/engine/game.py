"""Joins: which tasks open, given where tokens lie and what is open."""

from __future__ import annotations

from collections.abc import Iterable

from workflow_design.kernel.graph import Graph


def settle(graph: Graph, tokens: dict[int, int], active: Iterable[int]) -> list[int]:
    """Fires every join that can fire, takes what it consumes out of `tokens`, and returns the opened tasks.

    `active` are the tasks of the open instances. Exclusive and parallel joins come first, then inclusive
    ones, both in document order; a task that opens twice is twice in the answer. Opening never puts a token
    anywhere, and it doesn't change what can reach another join, so one pass is complete.
    """
    waiting: dict[int, list[int]] = {}
    for transition in sorted(tokens):
        target = graph.transitions[transition].target
        if target is not None:
            waiting.setdefault(target, []).append(transition)
    opened: list[int] = []
    inclusive = []
    for index in sorted(waiting):
        filled, task = waiting[index], graph.tasks[index]
        if task.join == "exclusive":
            opened += [index] * sum(tokens.pop(transition) for transition in filled)
        elif task.join == "inclusive":
            inclusive.append(index)
        elif len(filled) == len(task.incoming):
            count = min(tokens[transition] for transition in filled)
            _take(tokens, filled, count)
            opened += [index] * count
    if inclusive:
        working = {*active, *opened}
        present = working.union(waiting)
        for index in inclusive:
            while filled := [transition for transition in waiting[index] if transition in tokens]:
                others = present if index in working else present - {index}
                if not _may_open(graph, index, filled, others):
                    break
                _take(tokens, filled, 1)
                opened.append(index)
                working.add(index)
    return opened


def _may_open(graph: Graph, join: int, filled: list[int], others: set[int]) -> bool:
    """The OMG's rule: whatever can reach an empty incoming transition can also reach a filled one.

    `others` are the tasks in which work is open or in front of which tokens lie; tokens in front of the join
    itself reach no other of its transitions without passing it.
    """
    if len(filled) == len(graph.tasks[join].incoming):
        return True
    reach = graph.reach(join)
    filled_bits = sum(reach.bit[transition] for transition in filled)
    return all(not (mask := reach.mask[task]) or mask & filled_bits for task in others)


def _take(tokens: dict[int, int], transitions: list[int], count: int) -> None:
    for transition in transitions:
        left = tokens[transition] - count
        if left:
            tokens[transition] = left
        else:
            del tokens[transition]
