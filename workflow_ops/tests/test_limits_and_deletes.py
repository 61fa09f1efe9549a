"""The plan's executions a month, and what can't be deleted because of its runs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import hosts
from tenants.models import Company, Plan
from workflow_design.models import TicketDefinition, WorkflowDefinition
from workflow_design.tests.documents import TICKETS as DEFINITIONS
from workflow_design.tests.documents import UPLOAD, WORKFLOWS
from workflow_ops.models import Ticket, WorkflowInstance
from workflow_ops.tests.documents import DESK, TICKETS, TYPES, errors, refused

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture
def two_a_month(acme):
    """Acme's plan allows two executions a month."""
    plan = Plan.objects.create(name="TWO", max_workflows=None, max_agents=None, max_executions_per_month=2)
    Company.objects.filter(pk=acme.pk).update(plan=plan)
    hosts.forget()


def test_a_month_has_so_many(desk, two_a_month, uma, alice, api):
    body = {"ticket_definition": "desk", "data": {"topic": "x"}}
    assert uma.post(TICKETS, body).status_code == 201
    assert alice.post(f"{WORKFLOWS}{desk}/execute/", {"input": {}}).status_code == 201
    key = {"Idempotency-Key": "k"}
    for call in (
        uma.post(TICKETS, body),
        uma.post(TICKETS, body, headers=key),
        alice.post(f"{WORKFLOWS}{desk}/execute/", {"input": {}}),
    ):
        assert refused(call) == (403, "quota_exceeded")
    assert (Ticket.objects.count(), WorkflowInstance.objects.count()) == (1, 2)
    used = api("admin").get("/api/company/").json()
    assert (used["used"]["executions_per_month"], used["limits"]["executions_per_month"]) == (2, 2)
    # What has ended counts too, what last month began doesn't.
    assert uma.post(f"{TICKETS}{Ticket.objects.get().pk}/cancel/").status_code == 200
    assert refused(uma.post(TICKETS, body)) == (403, "quota_exceeded")
    month = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    WorkflowInstance.objects.filter(ticket=None).update(created_at=month - timedelta(microseconds=1))
    assert uma.post(TICKETS, body, headers=key).status_code == 201
    assert api("admin").get("/api/company/").json()["used"]["executions_per_month"] == 2
    # An answer that is given again starts nothing.
    assert uma.post(TICKETS, body, headers=key).status_code == 201


def test_a_workflow_with_runs_stays(desk, alice, ask, uma):
    ticket = ask()
    uma.post(f"{TICKETS}{ticket['id']}/cancel/")
    answer = alice.delete(f"{WORKFLOWS}{desk}/")
    assert (answer.status_code, errors(answer)) == (409, [(None, "in_use")])
    assert answer.json()["errors"][0]["detail"] == "This is in use by: execution, ticket."
    assert WorkflowDefinition.objects.filter(pk=desk).exists()
    assert alice.post(f"{WORKFLOWS}{desk}/archive/").status_code == 200


def test_a_workflow_without_goes_with_its_ticket_types(desk, alice, uma):
    assert alice.delete(f"{WORKFLOWS}{desk}/").status_code == 204
    assert (uma.get(TYPES).json()["count"], TicketDefinition.objects.count()) == (0, 0)


def test_a_ticket_type_that_was_used_stays(desk, alice, uma, ask):
    pk = uma.get(TYPES).json()["results"][0]["id"]
    ask()
    answer = alice.delete(f"{DEFINITIONS}{pk}/")
    assert (answer.status_code, errors(answer)) == (409, [(None, "in_use")])
    assert answer.json()["errors"][0]["detail"] == "This is in use by: ticket."
    assert alice.get(f"{DEFINITIONS}{pk}/").status_code == 200


def test_pruning_takes_no_ticket_type_that_was_used(own_database, publish, alice, start):
    """The database sees to it when the transaction ends."""
    publish(DESK)
    start("desk", topic="Printer")
    without = {**DESK, "tickets": [{"key": "other", "title": "Other", "fields": {}}]}
    answer = alice.call("POST", UPLOAD, without, query={"prune": "true"})
    assert (answer.status_code, errors(answer)) == (409, [(None, "in_use")])
    assert list(TicketDefinition.objects.values_list("key", flat=True)) == ["desk"]
