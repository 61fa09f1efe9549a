"""A graph with cycles as one without: which edges a picture draws upwards, and how far down each node is at least."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[int, int]


def backward(count: int, edges: Sequence[Pair]) -> set[int]:
    """The places of the edges that lead back; with these turned round the rest has no cycle but loops at one node.

    Inside a cycle the order of the nodes says what is forward: creators list tasks in the order that they have in
    mind. An edge outside every cycle is never turned.
    """
    component = _components(count, edges)
    return {place for place, (a, b) in enumerate(edges) if a > b and component[a] == component[b]}


def _components(count: int, edges: Sequence[Pair]) -> list[int]:
    """A number for each node, the same for nodes that reach each other (Kosaraju and Sharir, without recursion)."""
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        after[a].append(b)
        before[b].append(a)
    finished = _by_end_of_visit(after)
    component = [-1] * count
    for root in reversed(finished):
        if component[root] >= 0:
            continue
        component[root] = root
        open_nodes = [root]
        while open_nodes:
            for node in before[open_nodes.pop()]:
                if component[node] < 0:
                    component[node] = root
                    open_nodes.append(node)
    return component


def _by_end_of_visit(after: list[list[int]]) -> list[int]:
    seen = [False] * len(after)
    finished: list[int] = []
    for root in range(len(after)):
        if seen[root]:
            continue
        seen[root] = True
        path = [(root, iter(after[root]))]
        while path:
            node, rest = path[-1]
            for following in rest:
                if not seen[following]:
                    seen[following] = True
                    path.append((following, iter(after[following])))
                    break
            else:
                finished.append(node)
                path.pop()
    return finished


def depths(count: int, edges: Sequence[Pair]) -> list[int]:
    """How many edges the longest way to each node has, in a graph without cycles."""
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for a, b in edges:
        after[a].append(b)
        waiting[b] += 1
    depth = [0] * count
    ready = [node for node in range(count) if not waiting[node]]
    while ready:
        node = ready.pop()
        for following in after[node]:
            depth[following] = max(depth[following], depth[node] + 1)
            waiting[following] -= 1
            if not waiting[following]:
                ready.append(following)
    return depth
