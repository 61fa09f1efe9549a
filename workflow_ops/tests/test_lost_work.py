"""Work whose jobs are gone, as after a backup of the schema alone has come back: it goes on."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from core.db import connection
from tests.jobs import run_jobs, waiting_jobs
from workflow_ops import jobs
from workflow_ops.models import (
    ActionAttempt,
    EndAction,
    TaskInstance,
    WebhookDelivery,
    WorkflowInstance,
)
from workflow_ops.services.lost import lost_work_resume
from workflow_ops.tests import test_children as children
from workflow_ops.tests.callbacks import Caller
from workflow_ops.tests.documents import TICKETS, flow
from workflow_ops.tests.outside import Said
from workflow_ops.tests.test_actions import document
from workflow_ops.tests.test_callbacks import DONE, checking
from workflow_ops.tests.test_timers import REMIND

pytestmark = pytest.mark.usefixtures("desk")

OLD = timedelta(minutes=11)


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish, neighbour):
    file_publish(document("shop", neighbour.url, output_transform={"order": "x"}))


@pytest.fixture
def nobody(api):
    """Calls without a token."""
    return api(None)


def lose_jobs():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.procrastinate_jobs")


def age():
    for model in (TaskInstance, EndAction, WebhookDelivery):
        model.objects.update(updated_at=F("updated_at") - OLD)


def task(key):
    return TaskInstance.objects.get(task__key=key)


def run():
    return WorkflowInstance.objects.get()


def test_a_call(publish, start, outside):
    publish(document("shop", outside.url, output_transform={"order": "x"}))
    start("shop")
    age()
    assert (lost_work_resume(), len(waiting_jobs())) == (0, 1)
    lose_jobs()
    assert (lost_work_resume(), len(waiting_jobs())) == (1, 1)
    assert lost_work_resume() == 0
    run_jobs()
    assert (run().status, len(outside.calls)) == ("COMPLETED", 1)


def test_what_is_young_is_left_alone(publish, start, outside):
    publish(document("shop", outside.url, output_transform={"order": "x"}))
    start("shop")
    lose_jobs()
    assert (lost_work_resume(), waiting_jobs()) == (0, [])


def test_a_call_whose_worker_is_lost_with_its_job(publish, start, outside):
    outside.says(Said(503))
    publish(document("shop", outside.url, output_transform={"order": "x"}))
    start("shop")
    run_jobs()
    lose_jobs()
    TaskInstance.objects.update(status="IN_PROGRESS")
    ActionAttempt.objects.update(status="RUNNING", ended_at=None, retry_at=None, lease_until=timezone.now())
    age()
    assert lost_work_resume() == 1
    run_jobs()
    assert list(ActionAttempt.objects.order_by("pk").values_list("status", flat=True)) == ["ABANDONED", "SUCCEEDED"]
    assert run().status == "COMPLETED"


def test_what_is_on_hold_or_stopped_waits_rightly(publish, start, outside, tom):
    publish(document("shop", outside.url, output_transform={"order": "x"}))
    ticket = start("shop")
    assert tom.post(f"{TICKETS}{ticket['id']}/hold/").status_code == 200
    lose_jobs()
    age()
    assert (lost_work_resume(), waiting_jobs()) == (0, [])
    assert tom.post(f"{TICKETS}{ticket['id']}/resume/").status_code == 200
    run_jobs()
    assert run().status == "COMPLETED"


def test_a_callback_is_waited_for_and_one_that_was_kept_is_used(publish, start, outside, nobody, tom):
    publish(checking(outside.url))
    ticket = start("check")
    run_jobs()
    age()
    assert (lost_work_resume(), waiting_jobs("actions.call")) == (0, [])
    assert tom.post(f"{TICKETS}{ticket['id']}/hold/").status_code == 200
    assert Caller(outside.calls[0]).deliver(nobody, DONE).status_code == 204
    assert tom.post(f"{TICKETS}{ticket['id']}/resume/").status_code == 200
    lose_jobs()
    assert lost_work_resume() == 1
    run_jobs()
    assert (run().status, run().data, len(outside.calls)) == ("COMPLETED", {"result": "clear"}, 1)


def test_a_child_run(publish, start, done):
    publish(children.CHECK)
    publish(children.buying())
    start("buy", amount=21)
    lose_jobs()
    age()
    assert lost_work_resume() == 1
    run_jobs()
    assert children.child().status == "IN_PROGRESS"
    age()
    assert (lost_work_resume(), waiting_jobs()) == (0, [])
    WorkflowInstance.objects.filter(pk=children.child().pk).update(status="CANCELLED", completed_at=timezone.now())
    assert lost_work_resume() == 1
    run_jobs()
    assert (children.parent().status, children.task().status) == ("ERROR", "ERROR")


def test_a_clock(publish, start):
    publish(flow("ask", [("ask", {"due_in_seconds": 3600}), "remind"], [(None, "ask"), ("ask", None), *REMIND]))
    publish(flow("plain", [("plain", {"due_in_seconds": 3600})], [(None, "plain"), ("plain", None)]))
    start("ask")
    start("plain")
    lose_jobs()
    age()
    assert lost_work_resume() == 0
    TaskInstance.objects.update(due_at=timezone.now() - OLD)
    assert lost_work_resume() == 1
    assert waiting_jobs() == [{"task": task("ask").pk}]
    run_jobs()
    assert (task("ask").status, task("remind").status, task("plain").status) == ("CANCELLED", "OPEN", "OPEN")


def test_the_end_of_a_run(publish, start, done, outside):
    made = flow("buy", ["pay"], [(None, "pay"), ("pay", None)])
    made["workflow"].update(end_action_type="api_call", end_action={"url": outside.url})
    publish(made)
    done(start("buy"), "pay")
    lose_jobs()
    assert lost_work_resume() == 0
    age()
    assert lost_work_resume() == 1
    run_jobs()
    assert (EndAction.objects.get().status, len(outside.calls)) == ("COMPLETED", 1)
    assert lost_work_resume() == 0


def test_a_delivery(acme_db, api, ask, outside):
    hook = {"url": outside.url, "events": ["ticket.created"]}
    assert api("admin").post("/api/webhooks/", hook).status_code == 201
    ask()
    lose_jobs()
    assert lost_work_resume() == 0
    age()
    assert lost_work_resume() == 1
    run_jobs()
    assert (WebhookDelivery.objects.get().status, len(outside.calls)) == ("DELIVERED", 1)


def test_every_company_is_looked_after(acme_db, publish, start, outside):
    publish(document("shop", outside.url, output_transform={"order": "x"}))
    start("shop")
    age()
    lose_jobs()
    jobs.look_after.enqueue()
    run_jobs()
    assert run().status == "COMPLETED"
