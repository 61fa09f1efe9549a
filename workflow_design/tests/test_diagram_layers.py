"""Layers: everything leads down but what closes a cycle, nothing overlaps, and no graph takes long."""

import os
import time
from itertools import pairwise
from random import Random

import pytest

from workflow_design.diagram import diagram, svg
from workflow_design.diagram.columns import narrowed
from workflow_design.diagram.cycles import backward, depths
from workflow_design.diagram.layers import layers
from workflow_design.kernel.document import normalize
from workflow_design.tests.made import made

# More for a deep run: DIAGRAM_GRAPHS=2000 python -m pytest workflow_design/tests/test_diagram_layers.py
GRAPHS = int(os.environ.get("DIAGRAM_GRAPHS", "4"))


def random_graph(seed):
    """Connected, with cycles, loops at one node and several edges between two."""
    random = Random(seed)
    count = random.randint(2, 25)
    edges = [(random.randrange(node), node) for node in range(1, count)]
    edges += [(random.randrange(count), random.randrange(count)) for _ in range(random.randint(0, count))]
    return count, tuple(edges)


def test_the_order_of_nodes_says_what_is_backward_in_a_cycle_alone():
    edges = [(0, 2), (2, 1), (1, 2), (2, 3), (3, 1), (3, 3)]
    # 2 → 1 is against the order; 3 → 1 too. A loop at one node is neither.
    assert backward(4, edges) == {1, 4}
    assert backward(4, [(0, 3), (3, 1), (1, 2)]) == set()


def test_the_longest_way_counts():
    assert depths(4, [(0, 1), (1, 2), (0, 2), (3, 2)]) == [0, 1, 2, 0]


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_random_graphs(seed):
    count, edges = random_graph(seed)
    found = layers(count, edges)
    turned = {place: (b, a) if place in found.back else (a, b) for place, (a, b) in enumerate(edges)}
    for place, (a, b) in turned.items():
        assert found.middles[place] in found.ways[place]
        steps = [a, *found.ways[place], *([b] if a != b else [])]
        levels = [found.places[node][1] for node in steps]
        assert levels == list(range(levels[0], levels[0] + len(steps))), "one layer after the other"
    assert len({node for way in found.ways for node in way}) == sum(map(len, found.ways)), "no two edges share a place"
    assert found.places.keys() >= set(range(count))
    half = dict.fromkeys(found.places, 10.0)
    x = narrowed(found.places, half)
    rows = {}
    for node, (old, layer) in found.places.items():
        rows.setdefault(layer, []).append((old, x[node]))
    for row in rows.values():
        for (_, left), (_, right) in pairwise(sorted(row)):
            assert right - left >= 20 - 1e-6
    assert min(x.values()) == 10


def test_columns_stay_columns_and_come_near():
    places = {0: (500.0, 0), 1: (100.0, 1), 2: (900.0, 1), 3: (500.0, 2)}
    assert narrowed(places, {0: 50, 1: 50, 2: 30, 3: 50}) == {0: 90, 1: 50, 2: 130, 3: 90}


@pytest.mark.parametrize(
    "count,edges",
    [
        (60, [(a, b) for a in range(60) for b in range(60)]),
        (1_000, [(a, a + 1) for a in range(999)] + [(a, 999) for a in range(998)]),
        (200, [(a, 100 + b) for a in range(100) for b in range(100)]),
    ],
    ids=["complete", "all to one", "two sides"],
)
def test_a_graph_too_dense_gets_plain_layers_at_once(count, edges):
    started = time.perf_counter()
    found = layers(count, tuple(edges))
    assert time.perf_counter() - started < 2
    assert set(found.ways) == {()}
    down = [(b, a) if place in found.back else (a, b) for place, (a, b) in enumerate(edges)]
    assert all(found.places[a][1] < found.places[b][1] for a, b in down if a != b)


def dense():
    """60 tasks, each of which leads to each, itself too."""
    keys = [f"t{number}" for number in range(60)]
    tasks = [{"key": key, "title": key, "task_type": "FORM", "split": "inclusive"} for key in keys]
    rule = {"===": [{"var": "amount"}, 1]}
    transitions = [{"from": one, "to": other, "condition": rule} for one in keys for other in keys]
    head = {"key": "w", "title": "Dense", "fields": [{"FieldName": "amount", "FieldType": "number"}]}
    return {"format": "ticketflower/1", "workflow": head, "tasks": tasks, "transitions": transitions}


@pytest.mark.parametrize("document", [dense(), made(2_000)], ids=["dense", "2,000 tasks"])
def test_large_pictures_take_bounded_time(document):
    found = normalize(document).bundle
    started = time.perf_counter()
    text = svg(diagram(found))
    assert time.perf_counter() - started < 15
    assert text.count('class="tf-task"') == len(found["tasks"])
    assert text.count('class="tf-edge"') >= len(found["transitions"])
