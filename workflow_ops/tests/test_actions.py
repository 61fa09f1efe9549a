"""SYNC_ACTION: one call to a system outside, what it sends and what its answer comes to."""

import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import History
from tests.jobs import Outcome, run_jobs, waiting_jobs
from workflow_ops.models import ActionAttempt, Incident, TaskInstance, WorkflowInstance
from workflow_ops.tests.documents import INCIDENTS, TASKS, TICKETS, flow, form, refused
from workflow_ops.tests.outside import Said

FIELDS = [{"FieldName": "amount", "FieldType": "integer"}, {"FieldName": "note", "FieldType": "string"}]
CALL = {
    "task_type": "SYNC_ACTION",
    "input_schema": form([], amount={"type": "integer"}),
    "output_transform": {"order": {"$": {"var": "body.id"}}},
    "output_schema": form(["order"], order={"type": "string"}),
}
ONCE = {"retry_policy": {"max_attempts": 1}}
NOW = "the next attempt is due"


def document(key, url, *more_links, tasks=(), **values):
    """A workflow of one call."""
    call = ("call", {**CALL, "action_url": url, **values})
    made = flow(key, [call, *tasks], [(None, "call"), ("call", None), *more_links], fields=FIELDS)
    made["tickets"][0]["fields"] = {"amount": None, "note": None}
    return made


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish, neighbour):
    file_publish(document("shop", neighbour.url))


def run_retries():
    """Run what is due, and the retries, as if their time had come."""
    runs = run_jobs()
    while ActionAttempt.objects.filter(retry_at__gt=timezone.now()).update(retry_at=timezone.now()):
        runs += run_jobs(now=timezone.now() + timedelta(days=1))
    return runs


def attempts():
    rows = ActionAttempt.objects.order_by("pk")
    return [(row.generation, row.number, row.status, row.outcome) for row in rows]


def events():
    return list(History.objects.filter(subject_type="ticket").order_by("pk").values_list("event", flat=True))


def run():
    return WorkflowInstance.objects.get()


def task():
    return TaskInstance.objects.get(task__key="call")


def test_a_call_completes_its_task(publish, start, outside):
    outside.says(Said(body={"id": "PO-1"}))
    publish(document("shop", outside.url))
    ticket = start("shop", amount=5, note="quick")
    assert [open_task["status"] for open_task in ticket["open_tasks"]] == ["PENDING"]
    assert outside.calls == []
    assert waiting_jobs("actions.call") == [{"task": task().pk, "generation": 1}]
    assert [(done.job.name, done.outcome) for done in run_jobs()] == [("actions.call", Outcome.DONE)]
    assert (run().status, run().data) == ("COMPLETED", {"amount": 5, "note": "quick", "order": "PO-1"})
    assert (task().status, task().output) == ("COMPLETED", {"order": "PO-1"})
    assert attempts() == [(1, 1, "SUCCEEDED", "http_200")]
    assert events() == ["ticket.opened", "task.completed"]
    assert waiting_jobs() == []


def test_what_is_sent(publish, start, outside):
    outside.says(Said(body={"id": "x"}))
    publish(document("shop", outside.url + "?shelf=3"))
    start("shop", amount=5, note="not for the shop")
    run_jobs()
    (call,) = outside.calls
    assert (call.method, call.path, call.json()) == ("POST", "/orders?shelf=3", {"amount": 5})
    assert call.headers["content-type"] == "application/json"
    assert call.headers["user-agent"] == "TicketFlower"
    key = call.headers["idempotency-key"]
    assert str(uuid.UUID(key)) == key
    assert call.headers["x-request-id"] == f"{key}-1"
    assert not [name for name in call.headers if "callback" in name or name == "authorization"]


def test_an_input_transform_makes_the_body(publish, start, outside):
    outside.says(Said(body={"id": "x"}))
    body = {
        "sum": {"$": {"*": [{"var": "amount"}, 100]}},
        "ticket": {"$": {"var": "_ticket.number"}},
        "step": {"$": {"var": "_task.key"}},
    }
    publish(document("shop", outside.url, input_transform=body))
    ticket = start("shop", amount=5)
    run_jobs()
    assert outside.calls[0].json() == {"sum": 500, "ticket": ticket["number"], "step": "call"}


def test_what_an_output_transform_sees(publish, start, outside):
    seen = {
        "order": {
            "$": {
                "cat": [
                    {"var": "body.id"},
                    *("|", {"var": "status"}, "|", {"var": "headers.x-shop"}, "|", {"var": "_data.amount"}),
                    *("|", {"var": "_ticket.number"}, "|", {"var": "_task.key"}, "|", {"var": "_task.outcome"}),
                ]
            }
        }
    }
    outside.says(Said(201, {"id": "PO"}, {"X-Shop": "north"}))
    publish(document("shop", outside.url, output_transform=seen))
    number = start("shop", amount=5)["number"]
    run_jobs()
    assert run().data["order"] == f"PO|201|north|5|{number}|call|completed"


def test_without_an_output_transform_the_outputs_come_from_the_body(publish, start, outside):
    outside.says(Said(body={"order": "PO-7", "stock": 3}))
    publish(document("shop", outside.url, output_transform=None))
    start("shop")
    run_jobs()
    assert task().output == {"order": "PO-7"}


def test_text_is_a_body_too(publish, start, outside):
    outside.says(Said(body=b'{"id": NaN}'), Said(body=b"plain \xff", headers={"Content-Type": "text/plain"}))
    publish(document("shop", outside.url, output_transform={"order": {"$": {"var": "body"}}}))
    start("shop")
    start("shop")
    run_jobs()
    assert [row.output for row in TaskInstance.objects.order_by("pk")] == [
        {"order": '{"id": NaN}'},
        {"order": "plain �"},
    ]


@pytest.mark.parametrize("status", [500, 503, 408, 429])
def test_what_may_go_better_later_is_tried_again(publish, start, outside, status):
    outside.says(Said(status), Said(status), Said(body={"id": "third"}))
    publish(document("shop", outside.url))
    start("shop", amount=1)
    run_jobs()
    assert task().status == "PENDING"
    assert len(outside.calls) == 1
    run_retries()
    assert attempts() == [(1, n, "FAILED", f"http_{status}") for n in (1, 2)] + [(1, 3, "SUCCEEDED", "http_200")]
    assert (run().status, run().data["order"]) == ("COMPLETED", "third")
    assert len({call.headers["idempotency-key"] for call in outside.calls}) == 1
    assert len({call.body for call in outside.calls}) == 1
    assert [call.headers["x-request-id"][-2:] for call in outside.calls] == ["-1", "-2", "-3"]
    assert events() == ["ticket.opened", "action.failed", "action.failed", "task.completed"]


@pytest.mark.parametrize("status", [400, 404, 409, 422, 302])
def test_what_will_not_go_better_is_not(publish, start, outside, tom, status):
    outside.says(Said(status, headers={"Location": "/elsewhere"}))
    publish(document("shop", outside.url))
    start("shop")
    run_retries()
    assert attempts() == [(1, 1, "FAILED", f"http_{status}")]
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert (row["kind"], row["code"], row["task"]) == ("ACTION", "error", task().pk)
    assert row["message"] == f"Call: It failed. The answer was {status}."
    assert (task().status, run().status) == ("ERROR", "ERROR")
    assert len(outside.calls) == 1
    assert waiting_jobs() == []


def test_after_the_last_attempt_there_is_an_incident(publish, start, outside):
    outside.says(*[Said(500)] * 3)
    publish(document("shop", outside.url, retry_policy={"max_attempts": 3}))
    start("shop")
    run_retries()
    assert [number for _, number, _, _ in attempts()] == [1, 2, 3]
    assert Incident.objects.get().message == "Call: It failed. The answer was 500."


def test_an_error_transition_takes_the_place_of_an_incident(publish, start, outside):
    outside.says(Said(404))
    links = [("call", "mend", {"on_event": "error"}), ("mend", None)]
    publish(document("shop", outside.url, *links, tasks=["mend"]))
    start("shop")
    run_jobs()
    assert (task().status, run().status) == ("COMPLETED", "IN_PROGRESS")
    assert TaskInstance.objects.get(task__key="mend").status == "OPEN"
    assert not Incident.objects.exists()
    assert events()[-1] == "task.failed"


def test_nobody_there(publish, start, outside, settings):
    settings.ALLOWED_PRIVATE_HOSTS = []
    publish(document("shop", outside.url, **ONCE))
    start("shop")
    run_jobs()
    assert attempts() == [(1, 1, "FAILED", "unreachable")]
    assert Incident.objects.get().message == "Call: It failed. The address could not be reached."
    assert outside.calls == []


@pytest.mark.parametrize("exits", [[], [("call", "late", {"on_event": "timeout"}), ("late", None)]])
def test_a_call_that_takes_too_long(publish, start, outside, exits):
    """The answer comes when the test is over: nothing is slept for."""
    from threading import Event

    over = Event()
    outside.says(Said(before=lambda: over.wait(30)))
    publish(document("shop", outside.url, *exits, tasks=["late"] if exits else [], timeout_seconds=1, **ONCE))
    start("shop")
    run_jobs()
    over.set()
    # Tenants are told the same of what is blocked, closed and silent.
    assert attempts() == [(1, 1, "FAILED", "unreachable")]
    if exits:
        assert (task().status, TaskInstance.objects.get(task__key="late").status) == ("CANCELLED", "OPEN")
    else:
        assert Incident.objects.get().message == "Call: It failed. The address could not be reached."


def test_retries_wait_longer_and_longer(publish, start, outside):
    outside.says(*[Said(500)] * 4, Said(429, headers={"Retry-After": "40"}), Said(503, headers={"Retry-After": "999"}))
    policy = {"max_attempts": 7, "initial_seconds": 10, "multiplier": 2, "max_seconds": 60}
    publish(document("shop", outside.url, retry_policy=policy))
    start("shop")
    waits = []
    for _ in range(6):
        run_jobs(now=timezone.now() + timedelta(days=1))
        row = ActionAttempt.objects.latest("pk")
        waits.append((row.retry_at - row.ended_at).total_seconds())
        ActionAttempt.objects.filter(pk=row.pk).update(retry_at=timezone.now())
    for wait, most in zip(waits[:4], (10, 20, 40, 60), strict=True):
        assert 0.75 * most - 0.5 <= wait <= most + 0.5
    assert 45 - 0.5 <= waits[4] <= 60.5
    assert waits[5] == pytest.approx(60, abs=0.5)


def test_a_retry_waits_for_its_time_whoever_asks(publish, start, outside):
    outside.says(Said(500), Said(body={"id": "x"}))
    publish(document("shop", outside.url, retry_policy={"initial_seconds": 600, "max_seconds": 600}))
    start("shop")
    run_jobs()
    (again,) = run_jobs(now=timezone.now() + timedelta(days=1))
    assert again.outcome == Outcome.LATER
    assert 400 < again.seconds <= 600
    assert len(outside.calls) == 1


BAD = [
    (
        {"output_transform": {"order": {"$": {"*": [{"var": "body.id"}, 1e308, 1e308]}}}},
        "",
        "not_finite in output_transform",
    ),
    ({}, "The output is not what it must be: order ", 'output_transform gave {"order":null}'),
    (
        {"input_transform": {"n": {"$": {"*": [{"var": "amount"}, 1e308, 1e308]}}}},
        "What to send can't be made: ",
        "not_finite in input",
    ),
]


@pytest.mark.parametrize(("values", "cause", "trace"), BAD)
def test_transforms_that_fail(publish_unchecked, start, outside, tom, values, cause, trace):
    outside.says(Said(body={"id": 7} if values else {}))
    publish_unchecked(document("odd", outside.url, **values))
    start("odd", amount=10)
    run_retries()
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert (row["kind"], row["code"]) == ("ACTION", "error")
    assert row["message"].startswith(f"Call: It failed. {cause}")
    assert row["trace"].startswith(trace)
    assert len(outside.calls) == ("input_transform" not in values)
    assert (run().status, run().data) == ("ERROR", {"amount": 10})


def test_a_persons_retry_is_a_new_generation(publish, start, outside, tom):
    outside.says(Said(404), Said(body={"id": "second"}))
    publish(document("shop", outside.url))
    start("shop")
    run_jobs()
    incident = Incident.objects.get()
    assert tom.post(f"{INCIDENTS}{incident.pk}/retry/").status_code == 200
    assert (task().status, task().generation, run().status) == ("PENDING", 2, "IN_PROGRESS")
    run_jobs()
    assert attempts() == [(1, 1, "FAILED", "http_404"), (2, 1, "SUCCEEDED", "http_200")]
    first, second = (call.headers["idempotency-key"] for call in outside.calls)
    assert first != second
    assert (run().status, run().data) == ("COMPLETED", {"order": "second"})


def test_a_failed_call_is_skipped(publish, start, outside, tom):
    outside.says(Said(404))
    publish(document("shop", outside.url))
    start("shop")
    run_jobs()
    answer = tom.post(f"{INCIDENTS}{Incident.objects.get().pk}/skip/", {"output": {"order": "by phone"}})
    assert answer.status_code == 200
    assert (run().status, run().data) == ("COMPLETED", {"order": "by phone"})
    assert run_jobs() == []


def test_nobody_is_called_for_what_is_done_or_cancelled(publish, start, outside, tom, uma):
    publish(document("shop", outside.url))
    start("shop")
    assert tom.post(f"{TASKS}{task().pk}/complete/", {"output": {"order": "by hand"}}).status_code == 200
    ticket = start("shop")
    assert uma.post(f"{TICKETS}{ticket['id']}/cancel/").status_code == 200
    assert [done.outcome for done in run_jobs()] == [Outcome.DONE] * 2
    assert outside.calls == []
    assert attempts() == []


def test_people_do_not_take_what_is_called(publish, start, outside, will, tom):
    publish(document("shop", outside.url))
    start("shop")
    TaskInstance.objects.update(status="IN_PROGRESS")
    address = f"{TASKS}{task().pk}/"
    assert refused(tom.post(f"{address}release/")) == (409, "pending")
    assert refused(tom.post(f"{address}assign/", {"user": will.user.pk})) == (409, "pending")
    assert task().status == "IN_PROGRESS"


def test_one_key_for_one_task_of_one_company(publish, start, outside, acme, globex, in_company):
    from workflow_ops.services.calls import idempotency_key

    keys = set()
    for company in (acme, globex):
        with in_company(company):
            keys |= {idempotency_key(*about) for about in ((1, 1), (1, 2), (2, 1), (11, 1), (1, 11))}
            assert idempotency_key(1, 1) == idempotency_key(1, 1)
    assert len(keys) == 10
    assert all(re.fullmatch(r"[0-9a-f-]{36}", key) for key in keys)
