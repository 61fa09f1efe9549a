"""Limits of plans: N allowed, and of any number at once exactly N get through."""

import pytest
from django.db import connection, transaction

from core.errors import Refused
from core.models import Actor, History, record
from tenants.models import Company, Plan
from tenants.quotas import executions_require_room, workflows_require_room
from tests.parallel import at_once

# Any rows of the company will do.
EVENT = "test.added"


def used():
    return History.objects.filter(event=EVENT)


def add(require_room=workflows_require_room):
    with transaction.atomic():
        require_room(used())
        record(actor=Actor(), event=EVENT, subject_type="test", subject_id=None)


def on_plan(company, key, **limits):
    if limits:
        Plan.objects.filter(pk=key).update(**limits)
    Company.objects.filter(pk=company.pk).update(plan_id=key)
    return Company.objects.select_related("plan").get(pk=company.pk)


def test_the_plans(db):
    rows = Plan.objects.values_list("key", "max_workflows", "max_agents", "max_executions_per_month")
    assert sorted(rows) == [
        ("ELITE", None, None, None),
        ("ENTERPRISE", None, None, None),
        ("FREE", 0, 0, 0),
        ("GROWTH", 10, 5, 1000),
        ("STARTER", 0, 0, 0),
    ]


@pytest.mark.parametrize("require_room", [workflows_require_room, executions_require_room])
def test_no_more_than_the_plan_allows(acme, in_company, require_room):
    acme = on_plan(acme, "GROWTH", max_workflows=2, max_executions_per_month=2)
    with in_company(acme):
        add(require_room)
        add(require_room)
        with pytest.raises(Refused) as caught:
            add(require_room)
        assert used().count() == 2
    assert (caught.value.status, caught.value.faults[0].code) == (403, "quota_exceeded")
    assert caught.value.faults[0].detail.startswith("The plan Growth allows 2 ")


def test_a_plan_that_allows_none(acme, in_company):
    with in_company(on_plan(acme, "FREE")), pytest.raises(Refused, match="The plan Free allows none of this"):
        add()


def test_no_limit_costs_no_statement(acme, in_company, django_assert_num_queries):
    with in_company(acme), django_assert_num_queries(0):
        workflows_require_room(used())


def test_each_company_for_itself(acme, globex, in_company):
    acme, globex = on_plan(acme, "GROWTH", max_workflows=1), on_plan(globex, "GROWTH")
    with in_company(acme):
        add()
    with in_company(globex):
        add()
        with pytest.raises(Refused):
            add()


def test_a_schema_entered_by_name_counts_too(acme):
    on_plan(acme, "FREE")
    connection.set_schema("acme")
    with pytest.raises(Refused):
        add()


def test_a_larger_plan_counts_at_once(acme, in_company):
    cached = on_plan(acme, "FREE")
    on_plan(acme, "ELITE")
    with in_company(cached):
        add()
        assert used().count() == 1


def test_exactly_so_many_of_many_at_once(own_database, acme):
    acme = on_plan(acme, "GROWTH")

    def one(number):
        connection.set_tenant(acme)
        add()

    results = at_once(25, one)
    assert results.count(None) == 10
    refused = [result for result in results if result is not None]
    assert {(type(one), one.status, one.faults[0].code) for one in refused} == {(Refused, 403, "quota_exceeded")}
    connection.set_tenant(acme)
    assert used().count() == 10
