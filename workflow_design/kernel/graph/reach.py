"""Who can still reach an inclusive join (the OMG's rule for BPMN 2.0 inclusive gateways)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Graph


class Reach:
    """For one join: `bit[t]` is the bit of its incoming transition `t`, `mask[u]` the incoming transitions
    that work in task `u` can put a token on without passing the join.

    An open instance of the join's own task has passed it already, so its exits count; tokens in front of the
    join don't pass it. Time and memory are linear in tasks and transitions: strongly connected tasks share
    one mask.
    """

    __slots__ = ("bit", "mask")

    def __init__(self, graph: Graph, join: int) -> None:
        incoming = graph.tasks[join].incoming
        self.bit = {transition: 1 << position for position, transition in enumerate(incoming)}
        direct = [0] * len(graph.tasks)
        for transition in incoming:
            source = graph.transitions[transition].source
            if source is not None:
                direct[source] |= self.bit[transition]
        self.mask = _closure(graph.successors, direct, join)


def _closure(successors: tuple[tuple[int, ...], ...], direct: list[int], barrier: int) -> list[int]:
    """Per node, `direct` of every node reachable from it by edges that don't lead into `barrier`.

    Tarjan's strongly connected components (SIAM J. Comput. 1(2), 1972) without recursion: a component is
    complete only after all that it leads to, so one pass is enough.
    """
    size = len(successors)
    mask = direct[:]
    number = [0] * size  # order of discovery from 1; 0: not seen
    low = [0] * size
    done = bytearray(size)
    members: list[int] = []
    counter = 0
    for root in range(size):
        if number[root]:
            continue
        counter += 1
        number[root] = low[root] = counter
        members.append(root)
        walk = [(root, iter(successors[root]))]
        while walk:
            node, rest = walk[-1]
            for child in rest:
                if child == barrier:
                    continue
                if not number[child]:
                    counter += 1
                    number[child] = low[child] = counter
                    members.append(child)
                    walk.append((child, iter(successors[child])))
                    break
                if done[child]:
                    mask[node] |= mask[child]
                elif number[child] < low[node]:
                    low[node] = number[child]
            else:
                walk.pop()
                if low[node] == number[node]:
                    component = [members.pop()]
                    while component[-1] != node:
                        component.append(members.pop())
                    shared = 0
                    for member in component:
                        shared |= mask[member]
                    for member in component:
                        mask[member] = shared
                        done[member] = 1
                if walk:
                    parent = walk[-1][0]
                    if done[node]:
                        mask[parent] |= mask[node]
                    elif low[node] < low[parent]:
                        low[parent] = low[node]
    return mask
