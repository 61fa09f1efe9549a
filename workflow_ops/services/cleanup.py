"""Rows of runs that have had their time.

By themselves, because what is cleared is registered when a process starts, and what made the rows is much to load.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tenants.cleanup import delete_in_batches
from workflow_ops.models import IdempotentAnswer, WebhookDelivery

ANSWERS_KEPT = timedelta(hours=24)
DELIVERIES_KEPT = timedelta(days=30)


def answers_clear() -> int:
    """Delete the answers that are not given again any more; how many."""
    return delete_in_batches(IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT))


def deliveries_clear() -> int:
    """Delete deliveries that ended DELIVERIES_KEPT ago; how many."""
    return delete_in_batches(WebhookDelivery.objects.filter(ended_at__lt=timezone.now() - DELIVERIES_KEPT))
