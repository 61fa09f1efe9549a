"""Callbacks under races, over HTTP against two server processes; every test prints what it counted.

RACE_ROUNDS is how many rounds (3 unless set). Each test has a company of its own.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from django.db import connection
from django_tenants.utils import tenant_context

from core.http_client import client
from core.models import History
from tenants.models import Company
from tests.jobs import run_jobs
from tests.parallel import at_once
from tests.people import person
from users import tokens
from workflow_ops.models import Callback, TaskInstance, WorkflowInstance
from workflow_ops.tests.callbacks import Caller
from workflow_ops.tests.documents import TICKETS, flow
from workflow_ops.tests.outside import Outside
from workflow_ops.tests.test_callbacks import CHECK

ROUNDS = int(os.environ.get("RACE_ROUNDS", "3"))
REPLAYS = 100
PUBLISH = "/api/workflow/upload/?publish=true"
BODY = b'{"report": {"result": "clear"}}'
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def running(shared_servers):
    return shared_servers(2, THROTTLE_COMPANY="")


@pytest.fixture
def arena(request, running, settings):
    """(`deliver(…)` to one of the servers, `called()`: who calls back of a call that was just heard)."""
    company = Company.objects.get(slug=request.param)
    host = f"{company.slug}.localhost"
    with Outside() as outside, tenant_context(company):
        settings.ALLOWED_PRIVATE_HOSTS = [outside.host]
        signed = {
            who: {"Authorization": f"Bearer {tokens.start_family(person(who, company))['access']}"}
            for who in ("workflow_creator", "user")
        }
        document = flow("check", [("check", {**CHECK, "action_url": outside.url})], [(None, "check"), ("check", None)])
        made = running[0].request("POST", PUBLISH, document, host=host, headers=signed["workflow_creator"])
        assert made.status == 201, made.body

        def called():
            body = {"ticket_definition": "check", "data": {}}
            assert running[0].request("POST", TICKETS, body, host=host, headers=signed["user"]).status == 201
            run_jobs()
            return Caller(outside.calls[-1])

        def deliver(caller, number, delivery):
            headers = {"Content-Type": "application/json", **caller.headers(BODY, delivery)}
            return running[number % 2].request("POST", caller.path, BODY, host=host, headers=headers).status

        yield deliver, called
        client.close()
        connection.close()


@pytest.mark.parametrize("arena", ["acme"], indirect=True)
def test_a_hundred_replays_at_once(arena):
    deliver, called = arena
    counted: Counter[int] = Counter()
    for _ in range(ROUNDS):
        caller = called()
        counted += Counter(at_once(REPLAYS, lambda number, of=caller: deliver(of, number, "once")))
    print(f"{ROUNDS} rounds of {REPLAYS} deliveries with one id: {dict(counted)}")
    assert counted == {204: ROUNDS * REPLAYS}
    assert Callback.objects.count() == TaskInstance.objects.count() == ROUNDS
    assert set(WorkflowInstance.objects.values_list("status", "tasks_executed")) == {("COMPLETED", 1)}
    assert History.objects.filter(event="task.completed").count() == ROUNDS


@pytest.mark.parametrize("arena", ["globex"], indirect=True)
def test_different_deliveries_at_once(arena):
    deliver, called = arena
    counted: Counter[int] = Counter()
    for _ in range(ROUNDS):
        caller = called()
        counted += Counter(at_once(20, lambda number, of=caller: deliver(of, number, f"d{number}")))
    print(f"{ROUNDS} rounds of 20 deliveries with ids of their own: {dict(counted)}")
    assert counted == {204: ROUNDS, 409: ROUNDS * 19}
    assert Counter(Callback.objects.values_list("status", flat=True)) == {"USED": ROUNDS, "LATE": ROUNDS * 19}
    assert History.objects.filter(event="task.completed").count() == ROUNDS
