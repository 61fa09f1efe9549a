"""Telling addresses outside: signed, again when it failed, never for a company that is suspended."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from core.http_client import UNREACHABLE
from core.models import Actor, History
from tenants.services import company_suspend
from tests.jobs import Outcome, run_jobs, waiting_jobs
from workflow_ops.models import Webhook, WebhookDelivery
from workflow_ops.services.cleanup import deliveries_clear
from workflow_ops.services.deliveries import (
    MAX_ATTEMPTS,
    Result,
    delivery_claim,
    delivery_record,
    delivery_send,
    wait_seconds,
)
from workflow_ops.tests.outside import Said

pytestmark = pytest.mark.usefixtures("desk")

WEBHOOKS = "/api/webhooks/"
LATER = timedelta(days=30)


@pytest.fixture
def ada(api):
    """Is the company's admin."""
    return api("admin")


@pytest.fixture
def hook(ada, acme_db, outside):
    """A webhook to the system outside, with its secret."""
    made = ada.post(WEBHOOKS, {"url": f"{outside.url}?key=k3y", "events": ["ticket.created"]})
    return made.json()


@pytest.fixture
def deliver(ada, hook):
    """`deliver()`: a delivery of `webhook.test`, attempted once; what the API says of it."""

    def deliver():
        made = ada.post(f"{WEBHOOKS}{hook['id']}/test/")
        assert (made.status_code, made.json()["status"], made.json()["attempts"]) == (201, "PENDING", 0)
        run_jobs()
        return made.json()["id"]

    return deliver


@pytest.fixture
def shown(ada, hook):
    """`shown(pk)`: the delivery as the API has it."""
    return lambda pk: ada.get(f"{WEBHOOKS}{hook['id']}/deliveries/{pk}/").json()


def test_a_signed_message(hook, ask, ada, outside):
    ticket = ask()
    (ran,) = run_jobs()
    assert (ran.job.name, ran.outcome) == ("webhooks.deliver", Outcome.DONE)
    (call,) = outside.calls
    message = Verifier(hook["secret"]).verify(call.body, call.headers)
    assert (message["type"], message["data"]["ticket"]["id"]) == ("ticket.created", ticket["id"])
    assert abs(timezone.datetime.fromisoformat(message["timestamp"]) - timezone.now()) < timedelta(minutes=1)
    assert (call.method, call.path, call.headers["content-type"]) == ("POST", "/orders?key=k3y", "application/json")
    with pytest.raises(WebhookVerificationError):
        Verifier(hook["secret"]).verify(call.body.replace(b"created", b"deleted"), call.headers)

    (row,) = ada.get(f"{WEBHOOKS}{hook['id']}/deliveries/").json()["results"]
    assert (row["status"], row["attempts"], row["last_status"], row["last_error"]) == ("DELIVERED", 1, 200, "")
    assert (row["message_id"], row["event"]) == (call.headers["webhook-id"], "ticket.created")
    assert row["next_attempt_at"] is None
    assert row["ended_at"] >= row["last_attempt_at"] >= row["created_at"]


def test_what_is_kept_has_no_secrets(deliver, shown, outside, hook):
    outside.says(Said(200, {"token": "t0ken", "ok": True}, {"Set-Cookie": "session=c00kie"}))
    row = shown(deliver())
    assert row["request"]["url"] == outside.url + "?key=********"
    assert row["request"]["headers"]["webhook-signature"] == "********"
    assert row["request"]["body"]["type"] == "webhook.test"
    assert row["response"]["body"] == {"token": "********", "ok": True}
    assert row["response"]["headers"]["set-cookie"] == "********"
    kept = json.dumps(row)
    for secret in ("k3y", "t0ken", "c00kie", hook["secret"], outside.calls[0].headers["webhook-signature"]):
        assert secret not in kept


def test_again_until_it_is_taken(deliver, shown, outside):
    outside.says(Said(500), Said(302, headers={"Location": outside.url}), Said(404))
    pk = deliver()
    row = shown(pk)
    assert (row["status"], row["attempts"], row["last_status"]) == ("PENDING", 1, 500)
    assert row["last_error"] == "The answer was 500."
    # Before its time nothing is sent.
    assert run_jobs() == []
    WebhookDelivery.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    assert [run.outcome for run in run_jobs(now=timezone.now() + LATER)] == [Outcome.LATER]
    assert len(outside.calls) == 1

    for attempt in (2, 3, 4):
        WebhookDelivery.objects.update(next_attempt_at=timezone.now())
        run_jobs(now=timezone.now() + LATER)
        assert shown(pk)["attempts"] == len(outside.calls) == attempt
    assert shown(pk)["status"] == "DELIVERED"
    assert len({call.headers["webhook-id"] for call in outside.calls}) == 1
    assert len({call.body for call in outside.calls}) == 1
    assert waiting_jobs() == []


def test_given_up_in_the_end(deliver, shown, outside):
    outside.says(*[Said(503)] * (MAX_ATTEMPTS + 5))
    pk = deliver()
    waits = []
    while shown(pk)["status"] == "PENDING":
        row = WebhookDelivery.objects.get(pk=pk)
        waits.append((row.next_attempt_at - row.updated_at).total_seconds())
        WebhookDelivery.objects.update(next_attempt_at=timezone.now())
        run_jobs(now=timezone.now() + LATER)
    row = shown(pk)
    assert (row["status"], row["attempts"], row["last_error"]) == ("FAILED", MAX_ATTEMPTS, "The answer was 503.")
    assert len(outside.calls) == MAX_ATTEMPTS
    assert waiting_jobs() == []
    assert all(later > 2 * sooner for sooner, later in pairwise(waits))
    assert 0.75 * 10 - 1 <= waits[0] <= 10
    assert 20 <= sum(waits) / 3600 <= 28


def test_waits_are_left_to_chance():
    assert len({wait_seconds(3) for _ in range(20)}) > 1


def test_addresses_inside_are_not_called(deliver, shown, outside, settings):
    settings.ALLOWED_PRIVATE_HOSTS = []
    row = shown(deliver())
    assert (row["status"], row["last_status"], row["last_error"]) == ("PENDING", None, UNREACHABLE)
    assert row["response"] is None
    assert outside.calls == []


def test_both_secrets_sign_while_they_overlap(deliver, hook, ada, outside):
    new = ada.post(f"{WEBHOOKS}{hook['id']}/rotate-secret/", {"hours": 1}).json()["secret"]
    deliver()
    for secret in (hook["secret"], new):
        Verifier(secret).verify(outside.calls[0].body, outside.calls[0].headers)
    Webhook.objects.update(previous_until=timezone.now())
    deliver()
    Verifier(new).verify(outside.calls[1].body, outside.calls[1].headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(hook["secret"]).verify(outside.calls[1].body, outside.calls[1].headers)


def test_resending(deliver, shown, hook, ada, outside):
    outside.says(Said(500))
    pk = deliver()
    resend = f"{WEBHOOKS}{hook['id']}/deliveries/{pk}/resend/"
    again = ada.post(resend).json()
    assert (again["status"], again["attempts"], again["next_attempt_at"]) == ("PENDING", 0, None)
    run_jobs()
    assert (shown(pk)["status"], shown(pk)["attempts"]) == ("DELIVERED", 1)
    # The first round's job comes to its end without a call.
    run_jobs(now=timezone.now() + LATER)
    assert (len(outside.calls), waiting_jobs()) == (2, [])
    assert ada.post(resend).status_code == 200
    run_jobs()
    assert len(outside.calls) == 3
    assert len({(call.headers["webhook-id"], call.body) for call in outside.calls}) == 1
    assert History.objects.filter(event="webhook.resent").count() == 2


def test_only_the_latest_round_goes_on(deliver, shown, hook, ada, outside):
    outside.says(Said(500), Said(500))
    pk = deliver()
    ada.post(f"{WEBHOOKS}{hook['id']}/deliveries/{pk}/resend/")
    run_jobs()
    WebhookDelivery.objects.update(next_attempt_at=timezone.now())
    assert len(waiting_jobs()) == 2
    assert [run.outcome for run in run_jobs(now=timezone.now() + LATER)] == [Outcome.DONE, Outcome.DONE]
    assert (shown(pk)["status"], shown(pk)["attempts"], len(outside.calls)) == ("DELIVERED", 2, 3)


def test_resending_what_is_not_there(deliver, hook, ada, outside):
    pk = deliver()
    other = ada.post(WEBHOOKS, {"url": outside.url, "events": ["ticket.created"]}).json()["id"]
    assert ada.post(f"{WEBHOOKS}{other}/deliveries/{pk}/resend/").status_code == 404
    assert ada.get(f"{WEBHOOKS}{other}/deliveries/{pk}/").status_code == 404
    assert ada.get(f"{WEBHOOKS}{other}/deliveries/").json()["count"] == 0
    assert ada.get(f"{WEBHOOKS}999999/deliveries/").status_code == 404
    assert len(outside.calls) == 1


def test_switched_off(deliver, shown, hook, ada, outside):
    outside.says(Said(500))
    pk = deliver()
    one = f"{WEBHOOKS}{hook['id']}/"
    ada.patch(one, {"is_active": False})
    WebhookDelivery.objects.update(next_attempt_at=timezone.now())
    run_jobs(now=timezone.now() + LATER)
    assert (shown(pk)["status"], shown(pk)["last_error"]) == ("FAILED", "The webhook was switched off.")
    for call in (f"{one}test/", f"{one}deliveries/{pk}/resend/"):
        assert (ada.post(call).status_code, ada.post(call).json()["errors"][0]["code"]) == (409, "not_active")
    assert len(outside.calls) == 1


def test_an_address_that_is_gone(deliver, shown, hook, ada, outside):
    outside.says(Said(410))
    assert shown(deliver())["status"] == "FAILED"
    assert ada.get(f"{WEBHOOKS}{hook['id']}/").json()["is_active"] is False
    entry = History.objects.get(event="webhook.switched_off")
    assert (entry.actor, entry.detail) == ("system", {"status": 410})


def test_an_address_that_says_nothing_is_left_alone(deliver, shown, hook, ada, ask, outside, settings):
    settings.ALLOWED_PRIVATE_HOSTS = []
    first = deliver()
    one = f"{WEBHOOKS}{hook['id']}/"
    webhook = Webhook.objects.get()
    assert webhook.failing_since is not None
    assert timedelta(seconds=9) < webhook.paused_until - webhook.failing_since < timedelta(seconds=11)
    # What happens meanwhile waits, without an attempt; what a person asks for does not.
    settings.ALLOWED_PRIVATE_HOSTS = [outside.host]
    ask()
    assert [run.outcome for run in run_jobs()] == [Outcome.LATER]
    assert outside.calls == []
    assert WebhookDelivery.objects.get(event="ticket.created").attempts == 0
    assert ada.post(f"{one}deliveries/{first}/resend/").status_code == 200
    run_jobs()
    assert shown(first)["status"] == "DELIVERED"
    assert [ada.get(one).json()[name] for name in ("failing_since", "paused_until")] == [None, None]
    run_jobs(now=timezone.now() + LATER)
    assert [json.loads(call.body)["type"] for call in outside.calls] == ["webhook.test", "ticket.created"]


def test_pauses_grow_and_end_with_an_answer(deliver, outside, settings):
    settings.ALLOWED_PRIVATE_HOSTS = []
    for minutes, pause in ((3, 3), (60, 10)):
        Webhook.objects.update(failing_since=timezone.now() - timedelta(minutes=minutes), paused_until=None)
        deliver()
        paused = Webhook.objects.get().paused_until - timezone.now()
        assert timedelta(minutes=pause - 1) < paused < timedelta(minutes=pause, seconds=5)
    settings.ALLOWED_PRIVATE_HOSTS = [outside.host]
    outside.says(Said(500))
    deliver()
    webhook = Webhook.objects.get()
    assert (webhook.failing_since is None, webhook.paused_until) == (False, None)


@pytest.mark.parametrize(("days", "active"), [(4, True), (6, False)])
def test_an_address_that_fails_for_days(days, active, deliver, hook, ada, outside):
    outside.says(Said(500), Said(200))
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=days))
    deliver()
    one = f"{WEBHOOKS}{hook['id']}/"
    assert ada.get(one).json()["is_active"] is active
    assert History.objects.filter(event="webhook.switched_off").count() == (0 if active else 1)
    if not active:
        again = ada.patch(one, {"is_active": True}).json()
        assert (again["is_active"], again["failing_since"]) == (True, None)
    deliver()
    assert ada.get(one).json()["failing_since"] is None


def test_removed_while_it_waits(hook, ada, outside):
    ada.post(f"{WEBHOOKS}{hook['id']}/test/")
    ada.delete(f"{WEBHOOKS}{hook['id']}/")
    assert [run.outcome for run in run_jobs()] == [Outcome.DONE]
    assert outside.calls == []


def test_a_secret_that_can_not_be_opened(hook, ada, shown, outside):
    pk = ada.post(f"{WEBHOOKS}{hook['id']}/test/").json()["id"]
    Webhook.objects.update(sealed="broken")
    run_jobs()
    assert shown(pk)["last_error"] == "The webhook's secret can't be opened: make a new one."
    assert (shown(pk)["status"], outside.calls) == ("FAILED", [])


def test_a_suspended_companys_jobs_are_parked(hook, ada, acme, outside):
    ada.post(f"{WEBHOOKS}{hook['id']}/test/")
    company_suspend(company=acme, actor=Actor())
    assert [run.outcome for run in run_jobs()] == [Outcome.PARKED]
    assert (outside.calls, len(waiting_jobs())) == ([], 1)


def test_one_worker_at_a_time(hook, ada, outside, shown):
    """A second one waits for as long as the first may take; what the first then says too late is not written."""
    pk = ada.post(f"{WEBHOOKS}{hook['id']}/test/").json()["id"]
    first = delivery_claim(delivery_id=pk, round=1)
    assert [run.outcome for run in run_jobs()] == [Outcome.LATER]
    WebhookDelivery.objects.update(next_attempt_at=timezone.now())
    second = delivery_claim(delivery_id=pk, round=1)
    assert delivery_record(second, delivery_send(second)) is None
    assert delivery_record(first, Result("The answer was 500.", 500)) is None
    assert (shown(pk)["status"], shown(pk)["attempts"], shown(pk)["last_status"]) == ("DELIVERED", 2, 200)


def test_old_ones_are_cleared(deliver, outside):
    old, young = deliver(), deliver()
    WebhookDelivery.objects.filter(pk=old).update(ended_at=timezone.now() - timedelta(days=31))
    assert deliveries_clear() == 1
    assert list(WebhookDelivery.objects.values_list("pk", flat=True)) == [young]


def test_filters(deliver, hook, ada, outside):
    outside.says(Said(500))
    failed, fine = deliver(), deliver()
    listed = f"{WEBHOOKS}{hook['id']}/deliveries/"

    def found(**query):
        return [row["id"] for row in ada.get(listed, query).json()["results"]]

    assert (found(), found(ordering="-id")) == ([failed, fine], [fine, failed])
    assert (found(status="DELIVERED"), found(status="PENDING"), found(event="ticket.created")) == ([fine], [failed], [])
    assert ada.get(listed, {"status": "LOST"}).status_code == 400
