"""How an address does: one that says nothing is left alone for a while, so that its messages don't hold up workers; one
that has taken nothing for days is told nothing any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.models import Actor
from workflow_ops.models import Webhook
from workflow_ops.services.webhooks import note

# After an attempt without an answer nothing is sent for as long as the address has been failing, within these bounds.
LEAST_PAUSE = timedelta(seconds=10)
MOST_PAUSE = timedelta(minutes=10)
SWITCH_OFF_AFTER = timedelta(days=5)
GONE = 410


@transaction.atomic
def webhook_heard(*, webhook_id: int, taken: bool, status: int | None) -> None:
    """Remember what an attempt came to: whether the message was taken, and the answer's status (None: no answer)."""
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=webhook_id, is_active=True).first()
    if webhook is None:
        return
    now = timezone.now()
    if taken:
        webhook.failing_since = webhook.paused_until = None
    else:
        webhook.failing_since = webhook.failing_since or now
        webhook.paused_until = None if status else now + _pause(now - webhook.failing_since)
        _switch_off(webhook, status, now)
    webhook.save(update_fields=["failing_since", "paused_until", "is_active", "updated_at"])


def _pause(failing: timedelta) -> timedelta:
    return min(max(failing, LEAST_PAUSE), MOST_PAUSE)


def _switch_off(webhook: Webhook, status: int | None, now: datetime) -> None:
    """Where the other side says that nobody is there, or nothing was taken for too long."""
    assert webhook.failing_since is not None
    why: dict[str, Any]
    if status == GONE:
        why = {"status": status}
    elif now - webhook.failing_since > SWITCH_OFF_AFTER:
        why = {"failing_since": webhook.failing_since.isoformat()}
    else:
        return
    webhook.is_active, webhook.updated_at = False, now
    note(Actor(), webhook, "switched_off", **why)
