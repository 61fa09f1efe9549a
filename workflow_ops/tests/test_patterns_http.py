"""The control-flow patterns of the kernel's table over HTTP: uploaded, published, opened as tickets, done by people.

The scripts are the kernel's own (`workflow_design/kernel/tests/test_patterns.py`). PATTERN_ORDERS says how many orders
of completions are tried where several are possible (1 unless set).
"""

from __future__ import annotations

import os
import random

import pytest

from workflow_design.kernel.tests.flows import Run, flow, output
from workflow_design.kernel.tests.test_patterns import PATTERNS, Pattern
from workflow_ops.tests.ticket_runs import UPLOAD, TicketRun, document

ORDERS = int(os.environ.get("PATTERN_ORDERS", "1"))
SEED = 20_061_122


def name(pattern: Pattern) -> str:
    return f"wcp{pattern.number}-{PATTERNS.index(pattern)}"


def refused(api, pattern: Pattern) -> bool:
    """Publish the pattern's definition. True when the checks find beforehand what the scripts end in: an ERROR."""
    made = document(name(pattern), pattern.flow, pattern.scripts, [outputs for outputs, *_ in pattern.orders])
    alice = api("workflow_creator")
    stored = alice.post(UPLOAD, made)
    assert stored.status_code == 201, stored.content
    workflow = stored.json()["workflow"]["id"]
    answer = alice.post(f"/api/workflow/workflows/{workflow}/publish/", {"accept_unproved": True})
    if answer.status_code == 422:
        assert any("ERROR" in script for script in pattern.scripts), answer.content
        assert [found for found in answer.json()["problems"] if found["severity"] == "error"]
        return True
    assert answer.status_code == 201, answer.content
    assert answer.json()["version"] == 1
    return False


@pytest.mark.parametrize("pattern", PATTERNS, ids=name)
def test_scenarios(api, pattern):
    if refused(api, pattern):
        return
    for script in pattern.scripts:
        run = TicketRun(api, name(pattern))
        run.play(script)
        run.check_end()


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if p.orders], ids=name)
def test_orders_of_completions(api, pattern):
    """Completions that wait for one another in no way, in several orders: after each, what is open is what the kernel
    says, and the end is the one end that the table names."""
    assert not refused(api, pattern)
    rng = random.Random(SEED)
    for outputs, status, counts in pattern.orders:
        tried: set[tuple[str, ...]] = set()
        for _ in range(ORDERS):
            order = _order(pattern, outputs, rng)
            if order in tried:
                continue
            tried.add(order)
            run, twin = TicketRun(api, name(pattern)), Run(flow(pattern.flow)).start()
            run.send("started")
            for label in order:
                assert run.open == twin.open
                run.send("completed", label, output(outputs.get(label)))
                twin.send("completed", label, output(outputs.get(label)))
            assert (run.open, run.status) == ([], status)
            assert dict(run.counts) == {label[:-1]: int(label[-1]) for label in counts.split()}
            run.check_end()


def _order(pattern: Pattern, outputs: dict[str, str], rng: random.Random) -> tuple[str, ...]:
    """Labels in an order in which a run can be completed to its end."""
    run, order = Run(flow(pattern.flow)).start(), []
    while run.open:
        label = rng.choice(run.open)
        run.send("completed", label, output(outputs.get(label)))
        order.append(label)
    return tuple(order)
