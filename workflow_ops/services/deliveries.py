"""Deliveries of webhooks, by worker processes: claim, commit, call, record; again later, until it is given up."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import backoff, http_client
from core.errors import conflict, not_found
from core.models import Actor
from core.redaction import redact_url, summary
from core.sealing import SealBroken, unseal
from tenants.jobs import Later
from users.models import User
from workflow_ops import jobs
from workflow_ops.models import TEST_EVENT, DeliveryStatus, Webhook, WebhookDelivery
from workflow_ops.services.signing import signature
from workflow_ops.services.webhook_health import GONE, webhook_heard
from workflow_ops.services.webhooks import message_id, note

CALL_SECONDS = 15
# How long after the end of its call a worker may take to record it.
LEASE_SECONDS = CALL_SECONDS + 30
# 10 s, 30 s, 90 s … 18 h: with what is left to chance, about a day in all.
MAX_ATTEMPTS = 10
FIRST_DELAY_SECONDS = 10
DELAY_FACTOR = 3


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt that is this worker's to make."""

    webhook: int
    failing: bool
    delivery: int
    round: int
    number: int
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt came to. `error` is empty when the other side has taken the message."""

    error: str
    status: int | None = None
    duration_ms: int | None = None
    response: dict[str, Any] | None = field(default=None)


def delivery_go_on(*, delivery_id: int, round: int) -> None:
    """Make the next attempt of a delivery, if there is one to be made. Outside of any transaction. Raises Later."""
    claimed = delivery_claim(delivery_id=delivery_id, round=round)
    if claimed is None:
        return
    result = delivery_send(claimed)
    wait = delivery_record(claimed, result)
    if result.error or claimed.failing:
        # After the delivery's transaction: whoever removes a webhook locks it first, and then its deliveries.
        webhook_heard(webhook_id=claimed.webhook, taken=not result.error, status=result.status)
    if wait is not None:
        raise Later(wait)


@transaction.atomic
def delivery_claim(*, delivery_id: int, round: int) -> Claimed | None:
    """The next attempt, counted; None when there is none. Raises Later before its time."""
    found = WebhookDelivery.objects.select_related("webhook").select_for_update(of=("self",))
    delivery = found.filter(pk=delivery_id, round=round, status=DeliveryStatus.PENDING).first()
    if delivery is None:
        return None
    now = timezone.now()
    if delivery.next_attempt_at is not None and delivery.next_attempt_at > now:
        raise Later((delivery.next_attempt_at - now).total_seconds())
    webhook = delivery.webhook
    if not webhook.is_active:
        _give_up(delivery, "The webhook was switched off.")
        return None
    by_hand = delivery.attempts == 0 and (delivery.round > 1 or delivery.event == TEST_EVENT)
    if webhook.paused_until is not None and webhook.paused_until > now and not by_hand:
        raise Later((webhook.paused_until - now).total_seconds() * random.uniform(1, 1.25))  # noqa: S311
    if delivery.attempts >= MAX_ATTEMPTS:
        _give_up(delivery, "The worker that made the last attempt was lost.")
        return None
    try:
        secrets = _secrets(webhook)
    except SealBroken:
        _give_up(delivery, "The webhook's secret can't be opened: make a new one.")
        return None
    body = delivery.body.encode()
    headers = _headers(delivery, secrets, body)
    delivery.attempts += 1
    delivery.last_attempt_at = now
    delivery.next_attempt_at = now + timedelta(seconds=LEASE_SECONDS)
    delivery.request = {"method": "POST", "url": redact_url(webhook.url), **summary(headers, body)}
    _save(delivery, "attempts", "last_attempt_at", "next_attempt_at", "request")
    return Claimed(
        webhook.pk, webhook.failing_since is not None, delivery.pk, round, delivery.attempts, webhook.url, headers, body
    )


def delivery_send(claimed: Claimed) -> Result:
    """Make the call; never fails."""
    try:
        answer = http_client.send("POST", claimed.url, headers=claimed.headers, body=claimed.body, seconds=CALL_SECONDS)
    except http_client.CallFailed as failed:
        return Result(failed.message, duration_ms=failed.duration_ms)
    error = "" if 200 <= answer.status < 300 else f"The answer was {answer.status}."
    return Result(error, answer.status, answer.duration_ms, summary(answer.headers, answer.body))


@transaction.atomic
def delivery_record(claimed: Claimed, result: Result) -> float | None:
    """Write what an attempt came to; seconds until the next, None when there is none. What is late is not written."""
    found = WebhookDelivery.objects.select_for_update()
    mine = {"round": claimed.round, "attempts": claimed.number, "status": DeliveryStatus.PENDING}
    delivery = found.filter(pk=claimed.delivery, **mine).first()
    if delivery is None:
        return None
    delivery.last_status, delivery.last_error = result.status, result.error
    delivery.duration_ms, delivery.response = result.duration_ms, result.response
    wait = None
    if not result.error:
        _end(delivery, DeliveryStatus.DELIVERED)
    elif result.status == GONE or delivery.attempts >= MAX_ATTEMPTS:
        _end(delivery, DeliveryStatus.FAILED)
    else:
        wait = wait_seconds(delivery.attempts)
        delivery.next_attempt_at = timezone.now() + timedelta(seconds=wait)
    _save(delivery, "last_status", "last_error", "duration_ms", "response", "status", "next_attempt_at", "ended_at")
    return wait


@transaction.atomic
def delivery_lost(*, delivery_id: int, round: int) -> None:
    """Give up a delivery whose job has failed for good."""
    pending = Q(round=round, status=DeliveryStatus.PENDING)
    delivery = WebhookDelivery.objects.select_for_update().filter(pending, pk=delivery_id).first()
    if delivery is not None:
        _give_up(delivery, "The attempts broke off.")


@transaction.atomic
def delivery_resend(*, user: User, webhook_id: int, delivery_id: int) -> None:
    """Begin a delivery anew, at once, with the same `webhook-id` and body. 404, 409 (the webhook is switched off)."""
    found = WebhookDelivery.objects.select_related("webhook").select_for_update(of=("self",))
    delivery = found.filter(pk=delivery_id, webhook=webhook_id).first()
    if delivery is None:
        raise not_found()
    if not delivery.webhook.is_active:
        raise conflict("This webhook is switched off.", code="not_active")
    delivery.status, delivery.round, delivery.attempts = DeliveryStatus.PENDING, delivery.round + 1, 0
    delivery.next_attempt_at = delivery.ended_at = None
    _save(delivery, "status", "round", "attempts", "next_attempt_at", "ended_at")
    # A job of an earlier round finds nothing to do.
    jobs.deliver.enqueue(delivery=delivery.pk, round=delivery.round)
    note(Actor.of(user), delivery.webhook, "resent", delivery=delivery.pk, event=delivery.event)


def wait_seconds(attempts: int) -> float:
    """From the end of an attempt to the next."""
    return backoff.seconds(attempts, first=FIRST_DELAY_SECONDS, factor=DELAY_FACTOR, most=math.inf)


def _secrets(webhook: Webhook) -> list[str]:
    """What signs now, newest first. Raises SealBroken."""
    secrets = [unseal(webhook.sealed)]
    if webhook.previous_until is not None and webhook.previous_until > timezone.now():
        secrets.append(unseal(webhook.previous_sealed))
    return secrets


def _headers(delivery: WebhookDelivery, secrets: list[str], body: bytes) -> dict[str, str]:
    message, timestamp = message_id(delivery.message), int(timezone.now().timestamp())
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message, timestamp, body) for secret in secrets),
    }


def _give_up(delivery: WebhookDelivery, why: str) -> None:
    delivery.last_error = why
    _end(delivery, DeliveryStatus.FAILED)
    _save(delivery, "last_error", "status", "next_attempt_at", "ended_at")


def _end(delivery: WebhookDelivery, status: DeliveryStatus) -> None:
    delivery.status, delivery.next_attempt_at, delivery.ended_at = status, None, timezone.now()


def _save(delivery: WebhookDelivery, *names: str) -> None:
    delivery.updated_at = timezone.now()
    delivery.save(update_fields=[*names, "updated_at"])
