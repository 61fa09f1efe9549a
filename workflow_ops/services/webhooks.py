"""Webhooks: addresses that a company's admins subscribe to events, and the telling.

What happens is told by rows: deliveries and their jobs are written in the transaction of the change, so that nothing
that happened goes untold and nothing is told that was undone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from django.utils import timezone

from core.db import connection
from core.errors import Fault, Refused, conflict, invalid, not_found
from core.models import Actor, record
from core.redaction import redact_url
from core.sealing import seal
from users.models import User
from workflow_design.kernel.shape import url_problem
from workflow_ops import jobs
from workflow_ops.models import (
    TEST_EVENT,
    InstanceStatus,
    TaskStatus,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
)
from workflow_ops.services.signing import PREFIX, new_key

if TYPE_CHECKING:
    from workflow_ops.services.follow_up import Written

MAX_WEBHOOKS = 20
OVERLAP_HOURS = 24
MAX_OVERLAP_HOURS = 24 * 30

Told = tuple[WebhookEvent, dict[str, Any]]


# --- Subscribing ---


@transaction.atomic
def webhook_create(
    *, user: User, url: str, events: Sequence[str], is_active: bool = True, description: str = ""
) -> tuple[Webhook, str]:
    """A new webhook and its secret, which can't be read again. 400 for a bad address, 409 when there are too many."""
    _check_url(url)
    # Whoever else adds one at this moment waits here, and is then counted.
    list(Webhook.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    if Webhook.objects.count() >= MAX_WEBHOOKS:
        raise conflict(f"A company has at most {MAX_WEBHOOKS} webhooks.", code="too_many")
    secret = PREFIX + new_key()
    webhook = Webhook.objects.create(
        url=url,
        events=_in_order(events),
        is_active=is_active,
        description=description,
        sealed=seal(secret),
        created_by=user,
    )
    note(Actor.of(user), webhook, "created", **_shown(webhook))
    return webhook, secret


@transaction.atomic
def webhook_update(*, user: User, webhook_id: int, **values: Any) -> None:
    """Change `url`, `events`, `is_active`, `description`. 400, 404."""
    webhook = locked(webhook_id)
    before = _shown(webhook)
    if "url" in values:
        _check_url(values["url"])
    if "events" in values:
        values["events"] = _in_order(values["events"])
    changed = {name: value for name, value in values.items() if getattr(webhook, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(webhook, name, value)
    if changed.keys() & {"url", "is_active"}:
        webhook.failing_since = webhook.paused_until = None
    webhook.updated_at = timezone.now()
    webhook.save(update_fields=[*changed, "failing_since", "paused_until", "updated_at"])
    after = _shown(webhook)
    note(Actor.of(user), webhook, "changed", **{name: [before[name], after[name]] for name in changed})


@transaction.atomic
def webhook_delete(*, user: User, webhook_id: int) -> None:
    """Remove a webhook with its deliveries: what is still to be told is not. 404."""
    webhook = locked(webhook_id, to_delete=True)
    note(Actor.of(user), webhook, "deleted", **_shown(webhook))
    webhook.delete()


@transaction.atomic
def webhook_rotate_secret(*, user: User, webhook_id: int, hours: Any = OVERLAP_HOURS) -> str:
    """The new secret, which can't be read again. For `hours` more the old one signs too. 400, 404."""
    if type(hours) is not int or not 0 <= hours <= MAX_OVERLAP_HOURS:
        raise Refused([Fault("out_of_range", f"must be a whole number from 0 to {MAX_OVERLAP_HOURS}", "hours")])
    webhook = locked(webhook_id)
    secret, now = PREFIX + new_key(), timezone.now()
    webhook.previous_sealed = webhook.sealed if hours else ""
    webhook.previous_until = now + timedelta(hours=hours) if hours else None
    webhook.sealed = seal(secret)
    webhook.updated_at = now
    webhook.save(update_fields=["sealed", "previous_sealed", "previous_until", "updated_at"])
    note(Actor.of(user), webhook, "secret_rotated", hours=hours)
    return secret


@transaction.atomic
def webhook_test(*, user: User, webhook_id: int) -> WebhookDelivery:
    """A delivery of `webhook.test`, on its way. 404, 409 when the webhook is switched off."""
    webhook = locked(webhook_id)
    if not webhook.is_active:
        raise conflict("This webhook is switched off.", code="not_active")
    body = _body(TEST_EVENT, timezone.now(), {"webhook": {"id": webhook.pk}})
    delivery = WebhookDelivery.objects.create(webhook=webhook, event=TEST_EVENT, body=body)
    jobs.deliver.enqueue(delivery=delivery.pk, round=delivery.round)
    note(Actor.of(user), webhook, "tested")
    return delivery


def locked(webhook_id: int, *, to_delete: bool = False) -> Webhook:
    """The webhook, locked until the transaction ends; it may be told things, unless it is `to_delete`. 404."""
    webhook = Webhook.objects.select_for_update(no_key=not to_delete).filter(pk=webhook_id).first()
    if webhook is None:
        raise not_found()
    return webhook


def _check_url(url: str) -> None:
    if problem := url_problem(url):
        raise invalid(f"The address {problem}.", attr="url", code="bad_url")


def _in_order(events: Sequence[str]) -> list[str]:
    """Each once, in the order in which they are listed."""
    return [event for event in WebhookEvent.values if event in events]


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "url": redact_url(webhook.url),
        "events": list(webhook.events),
        "is_active": webhook.is_active,
        "description": webhook.description,
    }


def note(actor: Actor, webhook: Webhook, what: str, **detail: Any) -> None:
    """Append to the webhook's history, in the caller's transaction."""
    record(
        actor=actor,
        event=f"webhook.{what}",
        subject_type="webhook",
        subject_id=webhook.pk,
        subject=str(webhook),
        detail=detail,
    )


# --- Telling ---


def announce(written: Written) -> None:
    """A delivery, and its job, for everything in a step that a webhook wants told. In the step's transaction."""
    now = timezone.now()
    rows = []
    for event, data in _told(written):
        webhooks = [pk for pk, events in written.wanted if event in events]
        if webhooks:
            rows.append({"event": event, "webhooks": webhooks, "body": _body(event, now, data)})
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_DELIVERIES, [orjson.dumps(rows).decode()])
            made = cursor.fetchall()
        jobs.deliver.enqueue_many([{"delivery": pk, "round": 1} for (pk,) in sorted(made)])


# A webhook may be removed at this moment: it is held first, so that what happens to it never stops a ticket.
_DELIVERIES = """
WITH told AS (
    SELECT x.event, x.body, w.id::bigint AS webhook, e.place AS place, w.place AS subplace
    FROM json_array_elements(%s::json) WITH ORDINALITY AS e (value, place)
    CROSS JOIN LATERAL json_to_record(e.value) AS x (event text, body text, webhooks json)
    CROSS JOIN LATERAL json_array_elements_text(x.webhooks) WITH ORDINALITY AS w (id, place)
), held AS MATERIALIZED (
    SELECT id FROM webhooks WHERE id IN (SELECT webhook FROM told) ORDER BY id FOR KEY SHARE
)
INSERT INTO webhook_deliveries (webhook_id, message, event, body, status, round, attempts, last_error, created_at,
                                updated_at)
SELECT held.id, gen_random_uuid(), told.event, told.body, 'PENDING', 1, 0, '', now(), now()
FROM told JOIN held ON held.id = told.webhook ORDER BY told.place, told.subplace
RETURNING id
"""


def _told(written: Written) -> Iterator[Told]:
    """What happened in a step, in the order of its telling."""
    about = _about(written)
    if written.run.ticket is not None and written.event.name == "started":
        yield WebhookEvent.TICKET_CREATED, about
    yield from _tasks_told(written, about)
    numbers = {row.number: row.key for row in written.opened}
    if written.work is not None:
        numbers[written.work.number] = written.work.key
    for pk, number in written.incidents:
        incident = {"id": pk, "status": "NEW", "task": numbers.get(number)}
        yield WebhookEvent.INCIDENT_OPENED, {**about, "incident": incident}
    if written.run.ticket is not None and written.status != written.run.status:
        if written.status == InstanceStatus.COMPLETED:
            yield WebhookEvent.TICKET_COMPLETED, about
        elif written.status == InstanceStatus.CANCELLED:
            yield WebhookEvent.TICKET_CANCELLED, about


def _tasks_told(written: Written, about: dict[str, Any]) -> Iterator[Told]:
    work = written.work
    if work is not None and written.work_status == TaskStatus.COMPLETED:
        task = _task(work.id, work.number, work.key, TaskStatus.COMPLETED)
        yield WebhookEvent.TASK_COMPLETED, {**about, "task": task}
    begun = {row.id for row in written.begun}
    rows = written.opened if written.again is None else (*written.opened, written.again)
    for row in rows:
        task = _task(row.id, row.number, row.key, row.status)
        if row.id in begun:
            yield WebhookEvent.TASK_OPENED, {**about, "task": task}
        elif row.status == TaskStatus.COMPLETED:  # it only computed
            yield WebhookEvent.TASK_COMPLETED, {**about, "task": task}


def _about(written: Written) -> dict[str, Any]:
    """The run that it happened to, as every message has it."""
    run = written.run
    ticket = None
    if run.ticket is not None:
        ticket = {"id": run.ticket["id"], "number": run.ticket["number"], "status": written.status}
    return {
        "ticket": ticket,
        "execution": {"id": run.id, "status": written.status},
        "workflow": {"key": run.version.bundle["workflow"]["key"], "version": run.version.number},
    }


def _task(pk: int, number: int, key: str, status: str) -> dict[str, Any]:
    return {"id": pk, "number": number, "key": key, "status": status}


def _body(event: str, at: datetime, data: dict[str, Any]) -> str:
    return orjson.dumps({"type": event, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z).decode()


def message_id(message: uuid.UUID) -> str:
    """What `webhook-id` says."""
    return f"msg_{message.hex}"
