"""What a completed run leads to: a call, or a run of another workflow; nothing waits for it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import History
from tests.jobs import run_jobs, waiting_jobs
from workflow_ops.models import ActionAttempt, EndAction, Incident, WebhookDelivery, WorkflowInstance
from workflow_ops.services import end_actions
from workflow_ops.services.attempts import send
from workflow_ops.tests.documents import EXECUTIONS, INCIDENTS, TICKETS, flow, refused
from workflow_ops.tests.outside import Said

FIELDS = [{"FieldName": "amount", "FieldType": "integer", "Required": True}]
THANK = flow("thank", ["write"], [], fields=[{"FieldName": "sum", "FieldType": "integer"}])
BODY = {"sum": {"$": {"var": "amount"}}, "ticket": {"$": {"var": "_ticket.number"}}}


def ending(kind, **action):
    """A workflow of one task; what it ends with."""
    made = flow("buy", ["pay"], [(None, "pay"), ("pay", None)], fields=FIELDS)
    made["workflow"].update(end_action_type=kind, end_action=action)
    made["tickets"][0]["fields"] = {"amount": None}
    return made


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish, neighbour):
    file_publish(ending("api_call", url=neighbour.url))
    file_publish(THANK)


@pytest.fixture
def buy(publish, start, done, outside):
    """`buy(url=…)`: a ticket that has just been completed."""

    def buy(**action):
        publish(ending("api_call", url=outside.url, **action))
        ticket = start("buy", amount=5)
        assert waiting_jobs() == []
        assert done(ticket, "pay")["ticket"]["status"] == "COMPLETED"
        return ticket

    return buy


def run():
    return WorkflowInstance.objects.get(workflow__key="buy")


def end():
    return EndAction.objects.get()


def attempts():
    rows = ActionAttempt.objects.order_by("pk")
    return [(row.generation, row.number, row.status, row.outcome) for row in rows]


def events():
    return list(History.objects.filter(subject_type="ticket").order_by("pk").values_list("event", flat=True))


def retries():
    """Run what is due, and the retries, as if their time had come."""
    run_jobs()
    while ActionAttempt.objects.filter(retry_at__gt=timezone.now()).update(retry_at=timezone.now()):
        run_jobs(now=timezone.now() + timedelta(days=1))


def test_the_call_is_made_when_the_run_is_completed(buy, outside, tom):
    ticket = buy(body=BODY)
    assert (outside.calls, waiting_jobs()) == ([], [{"run": run().pk, "generation": 1}])
    assert tom.get(f"{EXECUTIONS}{run().pk}/").json()["end_action"] == "PENDING"
    run_jobs()
    (call,) = outside.calls
    assert (call.method, call.path, call.json()) == ("POST", "/orders", {"sum": 5, "ticket": ticket["number"]})
    assert call.headers["content-type"] == "application/json"
    assert call.headers["x-request-id"] == f"{call.headers['idempotency-key']}-1"
    assert (run().status, attempts()) == ("COMPLETED", [(1, 1, "SUCCEEDED", "http_200")])
    assert tom.get(f"{EXECUTIONS}{run().pk}/").json()["end_action"] == "COMPLETED"
    assert events() == ["ticket.opened", "task.completed", "end_action.completed"]
    assert (waiting_jobs(), Incident.objects.count()) == ([], 0)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_its_method(buy, method):
    buy(method=method)
    claimed = end_actions.end_action_claim(run_id=run().pk, generation=1)
    assert (claimed.call.method, claimed.call.body) == (method, b"")
    assert "Content-Type" not in claimed.call.headers


def test_nothing_follows_a_run_that_is_not_completed(publish, start, uma, outside):
    publish(ending("api_call", url=outside.url))
    ticket = start("buy", amount=5)
    assert uma.post(f"{TICKETS}{ticket['id']}/cancel/").status_code == 200
    run_jobs()
    assert (EndAction.objects.count(), outside.calls) == (0, [])


def test_jobs_may_run_twice(buy, outside):
    buy()
    for _ in range(2):
        end_actions.end_action_go_on(run_id=run().pk, generation=1)
    assert len(outside.calls) == 1
    end_actions.end_action_go_on(run_id=999_999, generation=1)


def test_it_is_tried_again_with_the_same_key_and_body(buy, outside):
    outside.says(Said(503), Said(429), Said(200))
    buy(body=BODY)
    retries()
    assert [call.body for call in outside.calls] == [outside.calls[0].body] * 3
    assert len({call.headers["idempotency-key"] for call in outside.calls}) == 1
    assert [status for _, _, status, _ in attempts()] == ["FAILED", "FAILED", "SUCCEEDED"]
    assert events()[2:] == ["end_action.failed", "end_action.failed", "end_action.completed"]
    assert end().status == "COMPLETED"


def test_after_the_last_attempt_an_incident_says_so_and_the_run_stays_completed(buy, outside, tom, uma):
    outside.says(*[Said(500)] * 5)
    ticket = buy()
    retries()
    assert len(outside.calls) == 5
    stop = tom.get(INCIDENTS).json()["results"][0]
    assert (stop["kind"], stop["code"], stop["task"], stop["execution"]) == ("ACTION", "end_action", None, run().pk)
    assert stop["message"] == "The run is completed, but not its end action. The answer was 500."
    assert (run().status, end().status) == ("COMPLETED", "ERROR")
    told = uma.get(f"{TICKETS}{ticket['id']}/history/").json()["results"]
    assert (told[-1]["event"], told[-1]["detail"]) == ("end_action.stopped", {})
    assert waiting_jobs() == []


def test_a_retry_begins_anew(buy, outside, tom):
    outside.says(Said(404))
    buy()
    run_jobs()
    stop = Incident.objects.get()
    assert tom.post(f"{INCIDENTS}{stop.pk}/retry/").json()["status"] == "RESOLVED"
    run_jobs()
    assert attempts() == [(1, 1, "FAILED", "http_404"), (2, 1, "SUCCEEDED", "http_200")]
    first, second = (call.headers["idempotency-key"] for call in outside.calls)
    assert first != second
    assert (end().status, run().status) == ("COMPLETED", "COMPLETED")
    assert events()[-3:] == ["end_action.stopped", "incident.retried", "end_action.completed"]
    assert refused(tom.post(f"{INCIDENTS}{stop.pk}/retry/")) == (409, "resolved")


def test_it_may_be_skipped(buy, outside, tom):
    outside.says(Said(404))
    buy()
    run_jobs()
    stop = Incident.objects.get()
    assert refused(tom.post(f"{INCIDENTS}{stop.pk}/skip/", {"output": {"x": 1}}))[0] == 400
    assert tom.post(f"{INCIDENTS}{stop.pk}/skip/", {}).json()["status"] == "RESOLVED"
    end_actions.end_action_go_on(run_id=run().pk, generation=1)
    run_jobs()
    assert (end().status, run().status, len(outside.calls)) == ("SKIPPED", "COMPLETED", 1)


def test_a_worker_that_is_killed_during_the_call(buy, outside):
    buy()
    claimed = end_actions.end_action_claim(run_id=run().pk, generation=1)
    stale = send(claimed.call)
    ActionAttempt.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run_jobs()
    assert attempts() == [(1, 1, "ABANDONED", "lost"), (1, 2, "SUCCEEDED", "http_200")]
    end_actions.end_action_record(claimed, stale)
    assert attempts()[0][2] == "LATE"
    assert events()[-2:] == ["end_action.completed", "end_action.late"]
    assert len({call.headers["idempotency-key"] for call in outside.calls}) == 1


def test_a_result_that_comes_while_another_worker_calls_is_late(buy, outside):
    buy()
    first = end_actions.end_action_claim(run_id=run().pk, generation=1)
    ActionAttempt.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = end_actions.end_action_claim(run_id=run().pk, generation=1)
    end_actions.end_action_record(first, send(first.call))
    assert (attempts(), end().status) == ([(1, 1, "LATE", "http_200"), (1, 2, "RUNNING", "")], "PENDING")
    end_actions.end_action_record(second, send(second.call))
    assert (attempts()[1][2], end().status) == ("SUCCEEDED", "COMPLETED")


def test_what_was_recorded_is_not_recorded_again(buy, outside):
    """The connection broke when the record was committed, so that its worker tries again."""
    buy()
    claimed = end_actions.end_action_claim(run_id=run().pk, generation=1)
    reply = send(claimed.call)
    for _ in range(2):
        end_actions.end_action_record(claimed, reply)
    assert attempts() == [(1, 1, "SUCCEEDED", "http_200")]
    assert events()[-2:] == ["task.completed", "end_action.completed"]


def test_a_job_that_fails_for_good(buy, outside):
    buy()
    for _ in range(2):
        end_actions.end_action_lost(run_id=run().pk, generation=1)
    assert Incident.objects.get().message.endswith("It could not be done: the server's log says why.")
    run_jobs()
    assert (outside.calls, end().status) == ([], "ERROR")


def test_a_job_that_fails_for_good_while_the_next_attempt_waits_for_its_own(buy, outside):
    outside.says(Said(503))
    buy()
    run_jobs()
    end_actions.end_action_lost(run_id=run().pk, generation=1)
    assert (end().status, Incident.objects.count()) == ("PENDING", 0)
    retries()
    assert (end().status, len(outside.calls)) == ("COMPLETED", 2)


def test_a_call_whose_job_fails_for_good(buy):
    buy()
    end_actions.end_action_claim(run_id=run().pk, generation=1)
    end_actions.end_action_lost(run_id=run().pk, generation=1)
    assert (end().status, attempts()) == ("ERROR", [(1, 1, "ABANDONED", "lost")])


def test_a_body_that_can_not_be_made(publish_unchecked, start, done, outside):
    publish_unchecked(ending("api_call", url=outside.url, body={"x": {"$": {"/": [1, 0]}}}))
    done(start("buy", amount=1), "pay")
    run_jobs()
    assert (outside.calls, attempts(), run().status) == ([], [], "COMPLETED")
    assert "What to send can't be made" in Incident.objects.get().message


def test_webhooks_are_told_of_its_incident(buy, outside, api):
    outside.says(Said(404))
    webhook = {"url": outside.url, "events": ["incident.opened", "ticket.completed"]}
    assert api("admin").post("/api/webhooks/", webhook).status_code == 201
    buy()
    run_jobs()
    assert list(WebhookDelivery.objects.order_by("pk").values_list("event", flat=True)) == [
        "ticket.completed",
        "incident.opened",
    ]


# --- another workflow ---


@pytest.fixture
def pays(publish):
    """The workflow that the others end with."""
    return publish(THANK)


def test_another_workflow_is_run(pays, publish, start, done):
    publish(ending("workflow", workflow="thank", data={"sum": {"$": {"var": "amount"}}}))
    done(start("buy", amount=5), "pay")
    run_jobs()
    made = WorkflowInstance.objects.get(workflow__key="thank")
    assert (made.status, made.input, made.parent_id, made.parent_task_id) == ("IN_PROGRESS", {"sum": 5}, run().pk, None)
    assert (made.depth, made.created_by_id) == (1, run().created_by_id)
    assert (end().status, events()[-1]) == ("COMPLETED", "end_action.completed")
    end_actions.end_action_go_on(run_id=run().pk, generation=1)
    assert WorkflowInstance.objects.count() == 2
    assert ActionAttempt.objects.count() == 0


def test_another_workflow_that_does_not_start(pays, publish, start, done, tom, alice):
    publish(ending("workflow", workflow="thank", data={"sum": {"$": {"var": "amount"}}}))
    assert alice.post(f"/api/workflow/workflows/{pays}/archive/").status_code == 200
    done(start("buy", amount=5), "pay")
    run_jobs()
    stop = Incident.objects.get()
    assert stop.message.endswith('The workflow "thank" is archived: it starts no new runs.')
    assert (run().status, WorkflowInstance.objects.count()) == ("COMPLETED", 1)
    assert alice.post(f"/api/workflow/workflows/{pays}/activate/").status_code == 200
    assert tom.post(f"{INCIDENTS}{stop.pk}/retry/").status_code == 200
    run_jobs()
    assert (end().status, WorkflowInstance.objects.count()) == ("COMPLETED", 2)


def test_a_workflow_that_starts_itself_at_its_end_stops_ten_deep(publish, start, done, alice):
    compute = {
        "task_type": "SYNC_ACTION",
        "action": "compute",
        "output_transform": {"n": 1},
        "output_schema": {"type": "object", "properties": {"n": {"type": "integer"}}},
    }
    made = flow("buy", [("pay", compute)], [(None, "pay"), ("pay", None)])
    made["workflow"].update(end_action_type="workflow", end_action={"workflow": "buy"})
    publish(made)
    start("buy")
    run_jobs()
    runs = WorkflowInstance.objects.order_by("pk")
    assert list(runs.values_list("depth", "status")) == [(depth, "COMPLETED") for depth in range(11)]
    stop = Incident.objects.get()
    assert stop.instance_id == runs.last().pk
    assert stop.message.endswith('Runs have started one another 10 deep: "buy" is not run any deeper.')


def test_what_a_run_starts_at_its_end_does_not_end_with_it(pays, publish, start, done, tom):
    publish(ending("workflow", workflow="thank"))
    done(start("buy", amount=5), "pay")
    run_jobs()
    made = WorkflowInstance.objects.get(workflow__key="thank")
    assert tom.post(f"{EXECUTIONS}{made.pk}/cancel/").status_code == 200
    run_jobs()
    assert (run().status, Incident.objects.count()) == ("COMPLETED", 0)


@pytest.mark.parametrize("kind", ["tool_call", "email"])
def test_what_there_is_not_is_refused(alice, kind, acme_db):
    made = ending("none")
    made["workflow"].update(end_action_type=kind, end_action=None)
    answer = alice.post("/api/workflow/upload/", made)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["attr"] == "workflow.end_action_type"
    if kind == "tool_call":
        assert (error["code"], error["detail"]) == (
            "unsupported",
            "tool_call isn't available: no tools can be called yet",
        )
