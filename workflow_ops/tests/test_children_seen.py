"""What people see of child runs, what plans count, and whose they are."""

import pytest
from django_tenants.utils import tenant_context

from tenants.models import Plan
from tests.jobs import run_jobs
from workflow_design.tests.documents import WORKFLOWS
from workflow_ops.models import Incident, Ticket, WorkflowInstance
from workflow_ops.tests.documents import EXECUTIONS, TICKETS, refused
from workflow_ops.tests.test_children import CHECK, buying, child, parent, task


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish):
    file_publish(CHECK)
    file_publish(buying())


def test_what_is_seen_of_it(publish, start, tom, api):
    publish(CHECK)
    publish(buying())
    ticket = start("buy", amount=21)
    run_jobs()
    run, above = child(), parent()
    (row,) = tom.get(EXECUTIONS, {"parent": above.pk}).json()["results"]
    assert (row["id"], row["parent"], row["parent_task"], row["ticket"]) == (run.pk, above.pk, task().pk, None)
    assert tom.get(f"{EXECUTIONS}{above.pk}/").json()["parent"] is None
    # Its creator is the parent's, but started nothing but the ticket.
    both = api(("user", "workflow_creator"))
    WorkflowInstance.objects.update(created_by=both.user)
    Ticket.objects.update(created_by=both.user)
    assert both.get(EXECUTIONS).json()["count"] == 0
    assert both.get(f"{EXECUTIONS}{run.pk}/").status_code == 404
    told = both.get(f"{TICKETS}{ticket['id']}/history/").json()["results"]
    assert [(entry["event"], sorted(entry["detail"])) for entry in told] == [
        ("ticket.opened", ["status", "version"]),
        ("child.started", ["id", "task", "task_status"]),
    ]
    told = tom.get(f"{TICKETS}{ticket['id']}/history/").json()["results"]
    assert told[1]["detail"]["child"] == {"execution": run.pk, "workflow": "check"}
    logs = tom.get(f"{EXECUTIONS}{run.pk}/logs/").json()["results"]
    assert logs[0]["data"]["parent"] == {"execution": above.pk, "task": task().pk}
    assert logs[0]["message"] == "execution.opened by system"


def test_a_child_counts_as_an_execution(publish, start, acme):
    publish(CHECK)
    publish(buying())
    Plan.objects.filter(pk=acme.plan_id).update(max_executions_per_month=1)
    acme.plan.refresh_from_db()
    try:
        start("buy", amount=1)
        run_jobs()
        stop = Incident.objects.get()
        assert (stop.kind, "executions a month" in stop.message) == ("TASK_CREATION", True)
        assert WorkflowInstance.objects.count() == 1
    finally:
        acme.plan.max_executions_per_month = None


def test_each_company_runs_its_own(publish, start, api, acme_db, globex):
    publish(CHECK)
    publish(buying())
    start("buy", amount=1)
    alice, uma = api("workflow_creator", globex), api("user", globex)
    other = {**CHECK, "workflow": {**CHECK["workflow"], "title": "Their check"}}
    for document in (other, buying()):
        made = alice.post("/api/workflow/upload/?publish=true", document)
        assert made.status_code == 201, made.content
    uma.post(TICKETS, {"ticket_definition": "buy", "data": {"amount": 5}})
    run_jobs()
    assert child().input == {"sum": 2}
    with tenant_context(globex):
        assert (WorkflowInstance.objects.get(workflow__key="check").input, task("look").task.title) == (
            {"sum": 10},
            "Look",
        )


def test_executions_can_be_cancelled(publish, alice, tom, uma):
    pk = publish(CHECK)
    run = alice.post(f"{WORKFLOWS}{pk}/execute/", {"input": {}}).json()["id"]
    assert uma.post(f"{EXECUTIONS}{run}/cancel/").status_code == 403
    assert alice.post(f"{EXECUTIONS}{run}/cancel/").json()["status"] == "CANCELLED"
    assert refused(tom.post(f"{EXECUTIONS}{run}/cancel/")) == (409, "run_closed")
