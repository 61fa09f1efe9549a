"""Callbacks under races; every test prints what it counted.

RACE_ROUNDS is how many rounds (2 unless set).
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from core.models import History
from tests.jobs import run_jobs
from tests.parallel import at_once
from tests.people import Caller as Anybody
from workflow_ops.models import Callback, TaskInstance, WorkflowInstance
from workflow_ops.tests.callbacks import Caller
from workflow_ops.tests.test_callbacks import DONE, checking

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
THREADS, EACH = 10, 10
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("own_database")]


@pytest.fixture
def called(publish, start, outside):
    """`called()`: who calls back of a call that was just heard."""
    publish(checking(outside.url))

    def called():
        start("check")
        run_jobs()
        return Caller(outside.calls[-1])

    return called


def answers(caller, acme, each):
    """Status by status, of what THREADS threads deliver at once, each of them `each(its number)`."""

    def deliver(number):
        nobody = Anybody(acme)
        return [caller.deliver(nobody, DONE, delivery).status_code for delivery in each(number)]

    counted: Counter[int] = Counter()
    for found in at_once(THREADS, deliver):
        assert isinstance(found, list), found
        counted.update(found)
    return counted


def test_a_hundred_replays_at_once(called, acme):
    counted: Counter[int] = Counter()
    for _ in range(ROUNDS):
        counted += answers(called(), acme, lambda number: ["once"] * EACH)
    print(f"{ROUNDS} rounds of {THREADS * EACH} deliveries with one id: {dict(counted)}")
    assert counted == {204: ROUNDS * THREADS * EACH}
    assert Callback.objects.count() == TaskInstance.objects.count() == ROUNDS
    assert set(WorkflowInstance.objects.values_list("status", "tasks_executed")) == {("COMPLETED", 1)}
    assert History.objects.filter(event="task.completed").count() == ROUNDS


def test_different_deliveries_at_once(called, acme):
    counted: Counter[int] = Counter()
    for _ in range(ROUNDS):
        counted += answers(called(), acme, lambda number: [f"a{number}", f"b{number}"])
    print(f"{ROUNDS} rounds of {2 * THREADS} deliveries with ids of their own: {dict(counted)}")
    late = 2 * THREADS - 1
    assert counted == {204: ROUNDS, 409: ROUNDS * late}
    assert Counter(Callback.objects.values_list("status", flat=True)) == {"USED": ROUNDS, "LATE": ROUNDS * late}
    assert History.objects.filter(event="task.completed").count() == ROUNDS
