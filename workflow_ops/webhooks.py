"""What webhooks and their deliveries look like in REST."""

from __future__ import annotations

from django.db.models import QuerySet

from core.rows import Rows
from workflow_ops.models import Webhook, WebhookDelivery

WEBHOOK_ROWS = Rows(
    id="webhooks.id",
    company=":company::text",
    url="webhooks.url",
    events="webhooks.events",
    is_active="webhooks.is_active",
    description="webhooks.description",
    previous_secret_until="webhooks.previous_until",  # noqa: S106 # no secret, but its end
    failing_since="webhooks.failing_since",
    paused_until="webhooks.paused_until",
    created_by="webhooks.created_by_id",
    created_at="webhooks.created_at",
    updated_at="webhooks.updated_at",
)

_DELIVERY = {
    "id": "webhook_deliveries.id",
    "company": ":company::text",
    "webhook": "webhook_deliveries.webhook_id",
    "message_id": "'msg_' || replace(webhook_deliveries.message::text, '-', '')",
    "event": "webhook_deliveries.event",
    "status": "webhook_deliveries.status",
    "attempts": "webhook_deliveries.attempts",
    "next_attempt_at": "webhook_deliveries.next_attempt_at",
    "last_attempt_at": "webhook_deliveries.last_attempt_at",
    "last_status": "webhook_deliveries.last_status",
    "last_error": "webhook_deliveries.last_error",
    "duration_ms": "webhook_deliveries.duration_ms",
    "ended_at": "webhook_deliveries.ended_at",
    "created_by": "NULL::bigint",
    "created_at": "webhook_deliveries.created_at",
    "updated_at": "webhook_deliveries.updated_at",
}
DELIVERY_ROWS = Rows(**_DELIVERY)
ONE_DELIVERY_ROWS = Rows(**_DELIVERY, request="webhook_deliveries.request", response="webhook_deliveries.response")


def webhooks() -> QuerySet[Webhook]:
    """The company's."""
    return Webhook.objects.all()


def deliveries_of(webhook_id: int) -> QuerySet[WebhookDelivery]:
    """What a webhook was told, or is being told."""
    return WebhookDelivery.objects.filter(webhook=webhook_id)
