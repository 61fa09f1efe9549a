"""Workers that die, or sleep, at every moment of a call: nothing is lost, nothing counts twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import History
from tenants.jobs import Later
from tenants.models import Company
from tests.jobs import Outcome, run_jobs, waiting_jobs
from workflow_ops.models import ActionAttempt, Incident, TaskInstance, WorkflowInstance
from workflow_ops.services import calls
from workflow_ops.services.attempts import send
from workflow_ops.tests.documents import INCIDENTS, TASKS, TICKETS
from workflow_ops.tests.outside import Said
from workflow_ops.tests.test_actions import attempts, document, events, run, run_retries, task


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish, neighbour):
    file_publish(document("shop", neighbour.url))


@pytest.fixture
def shop(publish, start, outside):
    """A call that is to be made: what its job is given."""
    publish(document("shop", outside.url))
    start("shop", amount=5)
    (args,) = waiting_jobs("actions.call")
    return {"task_id": args["task"], "generation": args["generation"]}


def lease_over():
    ActionAttempt.objects.filter(status="RUNNING").update(lease_until=timezone.now() - timedelta(seconds=1))


def test_the_attempt_is_there_before_the_call(shop, outside):
    claimed = calls.action_claim(**shop)
    row = ActionAttempt.objects.get()
    assert (row.status, row.number, task().status) == ("RUNNING", 1, "IN_PROGRESS")
    assert row.request["url"] == outside.url
    assert timedelta(seconds=44) < row.lease_until - row.started_at < timedelta(seconds=46)
    assert claimed.call.seconds == 30
    assert outside.calls == []


def test_nobody_else_calls_while_the_lease_is_running(shop, outside):
    calls.action_claim(**shop)
    with pytest.raises(Later) as later:
        calls.action_claim(**shop)
    assert 35 < later.value.seconds <= 45
    assert attempts() == [(1, 1, "RUNNING", "")]


def test_killed_before_the_call(shop, outside):
    outside.says(Said(body={"id": "x"}))
    calls.action_claim(**shop)
    lease_over()
    run_jobs()
    assert attempts() == [(1, 1, "ABANDONED", "lost"), (1, 2, "SUCCEEDED", "http_200")]
    assert (len(outside.calls), run().status) == (1, "COMPLETED")


def test_killed_after_the_call_before_it_was_recorded(shop, outside):
    outside.says(Said(body={"id": "first"}), Said(body={"id": "first"}))
    send(calls.action_claim(**shop).call)
    # What the task was called with stays, whatever becomes of the data.
    WorkflowInstance.objects.update(data={"amount": 6})
    lease_over()
    run_jobs()
    first, second = outside.calls
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body
    assert (run().status, run().tasks_executed) == ("COMPLETED", 1)


def test_a_result_that_comes_after_the_lease_is_refused(shop, outside):
    """Stopped past its lease, then woken up."""
    outside.says(Said(body={"id": "stale"}), Said(body={"id": "good"}))
    claimed = calls.action_claim(**shop)
    stale = send(claimed.call)
    lease_over()
    run_jobs()
    assert run().data["order"] == "good"
    calls.action_record(claimed, stale)
    assert (run().data["order"], task().output, run().tasks_executed) == ("good", {"order": "good"}, 1)
    assert attempts() == [(1, 1, "LATE", "http_200"), (1, 2, "SUCCEEDED", "http_200")]
    assert events() == ["ticket.opened", "task.completed", "action.late"]


def test_a_stale_failure_is_refused_as_well(shop, outside):
    outside.says(Said(404), Said(body={"id": "good"}))
    claimed = calls.action_claim(**shop)
    stale = send(claimed.call)
    lease_over()
    second = calls.action_claim(**shop)
    calls.action_record(claimed, stale)
    assert (task().status, run().status, Incident.objects.count()) == ("IN_PROGRESS", "IN_PROGRESS", 0)
    calls.action_record(second, send(second.call))
    assert (run().status, run().data["order"]) == ("COMPLETED", "good")


def test_a_stale_success_is_refused_while_another_one_calls(shop, outside):
    outside.says(Said(body={"id": "stale"}), Said(body={"id": "good"}))
    claimed = calls.action_claim(**shop)
    stale = send(claimed.call)
    lease_over()
    second = calls.action_claim(**shop)
    calls.action_record(claimed, stale)
    assert (task().status, run().status, run().data) == ("IN_PROGRESS", "IN_PROGRESS", {"amount": 5})
    assert attempts() == [(1, 1, "LATE", "http_200"), (1, 2, "RUNNING", "")]
    calls.action_record(second, send(second.call))
    assert (run().status, run().data["order"]) == ("COMPLETED", "good")


@pytest.mark.parametrize("status", [200, 404, 500])
def test_what_was_recorded_is_not_recorded_again(shop, outside, status):
    """The connection broke when the record was committed, so that its worker tries again."""
    outside.says(Said(status, {"id": "x"}))
    claimed = calls.action_claim(**shop)
    reply = send(claimed.call)
    calls.action_record(claimed, reply)
    before = (attempts(), events(), task().status, run().status, Incident.objects.count(), len(waiting_jobs()))
    calls.action_record(claimed, reply)
    after = (attempts(), events(), task().status, run().status, Incident.objects.count(), len(waiting_jobs()))
    assert after == before


def test_a_job_that_runs_twice_calls_once(shop, outside):
    outside.says(Said(body={"id": "x"}))
    calls.action_go_on(**shop)
    calls.action_go_on(**shop)
    run_jobs()
    assert (len(outside.calls), attempts()) == (1, [(1, 1, "SUCCEEDED", "http_200")])


def test_a_call_that_kills_every_worker_ends(shop, outside):
    for _ in range(5):
        calls.action_claim(**shop)
        lease_over()
    run_jobs()
    assert [status for _, _, status, _ in attempts()] == ["ABANDONED"] * 5
    assert Incident.objects.get().message == "Call: It failed. The worker that made the last call was lost."
    assert outside.calls == []


def test_cancelled_during_the_call(shop, outside, uma):
    outside.says(Said(body={"id": "x"}))
    claimed = calls.action_claim(**shop)
    uma.post(f"{TICKETS}{run().ticket.pk}/cancel/")
    calls.action_record(claimed, send(claimed.call))
    assert (run().status, run().data, task().output) == ("CANCELLED", {"amount": 5}, None)
    assert attempts() == [(1, 1, "LATE", "http_200")]
    assert events()[-1] == "action.late"
    run_jobs()
    assert len(outside.calls) == 1


def test_completed_by_hand_during_the_call(shop, outside, tom):
    outside.says(Said(body={"id": "x"}))
    claimed = calls.action_claim(**shop)
    assert tom.post(f"{TASKS}{task().pk}/complete/", {"output": {"order": "by hand"}}).status_code == 200
    calls.action_record(claimed, send(claimed.call))
    assert (run().data["order"], events()[-1]) == ("by hand", "action.late")


def test_retried_by_hand_while_an_old_worker_sleeps(shop, outside, tom):
    outside.says(Said(body={"id": "stale"}), Said(404), Said(body={"id": "new"}))
    old = calls.action_claim(**shop)
    stale = send(old.call)
    lease_over()
    run_jobs()
    tom.post(f"{INCIDENTS}{Incident.objects.get().pk}/retry/")
    calls.action_record(old, stale)
    assert task().status == "PENDING"
    run_jobs()
    assert run().data["order"] == "new"


def test_a_worker_that_died_for_a_done_task_leaves_no_running_attempt(shop, tom):
    calls.action_claim(**shop)
    tom.post(f"{TASKS}{task().pk}/complete/", {"output": {"order": "by hand"}})
    run_jobs()
    assert attempts() == [(1, 1, "ABANDONED", "lost")]


def hold(tom):
    return tom.post(f"{TICKETS}{run().ticket.pk}/hold/")


def resume(tom):
    return tom.post(f"{TICKETS}{run().ticket.pk}/resume/")


def test_on_hold_nobody_calls(shop, outside, tom):
    outside.says(Said(body={"id": "x"}))
    hold(tom)
    run_jobs()
    assert (outside.calls, attempts(), waiting_jobs()) == ([], [], [])
    assert resume(tom).status_code == 200
    run_jobs()
    assert (run().status, len(outside.calls)) == ("COMPLETED", 1)


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_comes_while_on_hold_is_kept(shop, outside, tom, status):
    outside.says(Said(status, {"id": "x"}))
    claimed = calls.action_claim(**shop)
    hold(tom)
    calls.action_record(claimed, send(claimed.call))
    assert (run().status, task().status, Incident.objects.count()) == ("ON_HOLD", "PENDING", 0)
    assert attempts() == [(1, 1, "KEPT", f"http_{status}")]
    run_jobs()
    assert run().status == "ON_HOLD"
    resume(tom)
    run_jobs()
    assert (run().status, task().status) == (("COMPLETED",) * 2 if status == 200 else ("ERROR",) * 2)
    assert (len(outside.calls), ActionAttempt.objects.get().kept) == (1, None)


def test_a_retry_that_falls_into_a_hold(shop, outside, tom):
    outside.says(Said(500), Said(body={"id": "x"}))
    run_jobs()
    hold(tom)
    run_retries()
    assert len(outside.calls) == 1
    resume(tom)
    run_retries()
    assert (run().status, len(outside.calls)) == ("COMPLETED", 2)


def test_a_worker_lost_during_a_hold(shop, outside, tom):
    outside.says(Said(body={"id": "x"}))
    calls.action_claim(**shop)
    hold(tom)
    lease_over()
    run_jobs()
    assert (attempts(), task().status) == ([(1, 1, "ABANDONED", "lost")], "IN_PROGRESS")
    resume(tom)
    run_jobs()
    assert (run().status, task().status) == ("COMPLETED", "COMPLETED")


def test_history_says_each_thing_once(shop, outside):
    outside.says(Said(500), Said(body={"id": "x"}))
    run_retries()
    rows = History.objects.filter(subject_type="ticket").order_by("pk")
    told = [(row.event, row.actor, row.detail.get("attempt"), row.detail.get("error")) for row in rows[1:]]
    assert told == [
        ("action.failed", "system", {"generation": 1, "number": 1, "outcome": "http_500"}, "The answer was 500."),
        ("task.completed", "system", {"generation": 1, "number": 2, "outcome": "http_200"}, None),
    ]
    assert TaskInstance.objects.count() == 1


def test_a_job_that_fails_for_good_is_an_incident(publish, start, outside, settings):
    """A server that isn't set up: no task waits for a call that nobody will make."""
    publish(document("shop", outside.url, task_type="ASYNC_ACTION"))
    start("shop")
    del settings.USE_HTTPS
    for _ in range(11):
        run_jobs(now=timezone.now() + timedelta(days=1), errors="keep")
    assert waiting_jobs() == []
    assert Incident.objects.get().message == "Call: It failed. It could not be called: the server's log says why."
    assert (task().status, run().status, outside.calls) == ("ERROR", "ERROR", [])


def test_a_suspended_companys_calls_are_parked(shop, outside, acme):
    outside.says(Said(body={"id": "x"}))
    Company.objects.filter(pk=acme.pk).update(is_active=False)
    assert [job.outcome for job in run_jobs()] == [Outcome.PARKED]
    assert (outside.calls, attempts(), task().status) == ([], [], "PENDING")
    Company.objects.filter(pk=acme.pk).update(is_active=True)
    run_jobs(now=timezone.now() + timedelta(minutes=5))
    assert (len(outside.calls), run().status) == (1, "COMPLETED")


def test_two_companies_calls_between_each_other(api, acme, globex, in_company, outside, acme_db):
    """A worker takes them in turn, dies in the middle, and another one goes on: each write is in its own company."""
    people = {company.slug: (company, api("user", company)) for company in (acme, globex)}
    for company, _ in people.values():
        made = api("workflow_creator", company).post(
            "/api/workflow/upload/", document("shop", outside.url), query={"publish": "true"}
        )
        assert made.status_code in (200, 201)
    for number in range(6):
        company, uma = people["acme" if number % 2 else "globex"]
        with in_company(company):
            data = {"amount": number, "note": company.slug}
            assert uma.post(TICKETS, {"ticket_definition": "shop", "data": data}).status_code == 201
            if number in (2, 3):
                calls.action_claim(task_id=TaskInstance.objects.latest("pk").pk, generation=1)
                ActionAttempt.objects.update(lease_until=timezone.now())
    outside.says(*[Said(body={"id": f"PO-{number}"}) for number in range(6)])
    assert [job.outcome for job in run_jobs()] == [Outcome.DONE] * 6
    assert [call.json()["amount"] for call in outside.calls] == list(range(6))
    assert len({call.headers["idempotency-key"] for call in outside.calls}) == 6
    for company, numbers in ((globex, (0, 2, 4)), (acme, (1, 3, 5))):
        with in_company(company):
            found = list(WorkflowInstance.objects.order_by("pk").values_list("status", "data"))
            values = [{"amount": n, "note": company.slug, "order": f"PO-{n}"} for n in numbers]
            assert found == [("COMPLETED", value) for value in values]
            assert ActionAttempt.objects.filter(status="SUCCEEDED").count() == 3
            assert ActionAttempt.objects.filter(status="ABANDONED").count() == 1


def test_a_job_that_fails_for_good_after_its_call_ends_nothing(publish, start, outside):
    """The call was heard, and its callback will come."""
    publish(document("shop", outside.url, task_type="ASYNC_ACTION"))
    start("shop")
    run_jobs()
    calls.action_lost(task_id=task().pk, generation=1)
    assert (task().status, run().status, Incident.objects.count()) == ("PENDING", "IN_PROGRESS", 0)


def test_a_job_that_fails_for_good_during_its_call(shop, outside):
    outside.says(Said(body={"id": "x"}))
    claimed = calls.action_claim(**shop)
    calls.action_lost(**shop)
    assert (task().status, attempts()) == ("ERROR", [(1, 1, "ABANDONED", "lost")])
    calls.action_record(claimed, send(claimed.call))
    assert (task().status, attempts()) == ("ERROR", [(1, 1, "LATE", "http_200")])
