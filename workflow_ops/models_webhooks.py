"""Addresses outside that a company wants told what happens, and what was told to them."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from core.fields import OrderedJSONField
from core.models import BaseModel


class WebhookEvent(models.TextChoices):
    """What can be told."""

    TICKET_CREATED = "ticket.created"
    TICKET_COMPLETED = "ticket.completed"
    TICKET_CANCELLED = "ticket.cancelled"
    TASK_OPENED = "task.opened"
    TASK_COMPLETED = "task.completed"
    INCIDENT_OPENED = "incident.opened"


# Told on request alone.
TEST_EVENT = "webhook.test"


class Webhook(BaseModel):
    """An address, and the events that it is told."""

    url = models.CharField(max_length=2000)
    events = ArrayField(models.CharField(max_length=30))
    is_active = models.BooleanField(default=True)
    description = models.CharField(max_length=255, blank=True, default="")
    sealed = models.TextField(help_text="the secret that signs, encrypted")
    previous_sealed = models.TextField(blank=True, default="", help_text="the one before, encrypted")
    previous_until = models.DateTimeField(null=True, help_text="until when the one before signs too")
    failing_since = models.DateTimeField(null=True, help_text="since when it has taken nothing")
    paused_until = models.DateTimeField(null=True, help_text="until when nothing is sent: it did not answer")

    class Meta:
        db_table = "webhooks"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.description or f"webhook {self.pk}"


class DeliveryStatus(models.TextChoices):
    """Of a delivery. PENDING: the first attempt, or another one, is still to come."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class WebhookDelivery(models.Model):
    """One event, told to one address. Written in the transaction in which it happened; it keeps its last attempt."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    message = models.UUIDField(default=uuid.uuid4, help_text="its webhook-id, the same for every attempt")
    event = models.CharField(max_length=30)
    body = models.TextField(help_text="what is sent and signed, byte for byte")
    status = models.CharField(max_length=9, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING)
    round = models.PositiveIntegerField(default=1, help_text="a person's resend begins the next one")
    attempts = models.PositiveIntegerField(default=0, help_text="of its round")
    next_attempt_at = models.DateTimeField(null=True, help_text="while an attempt runs: when it is given up for lost")
    last_attempt_at = models.DateTimeField(null=True)
    last_status = models.PositiveIntegerField(null=True, help_text="of the last answer")
    last_error = models.TextField(blank=True, default="", help_text="why the last attempt failed")
    duration_ms = models.PositiveIntegerField(null=True, help_text="of the last attempt")
    request = OrderedJSONField(null=True, help_text="of the last attempt, shortened, without secrets")
    response = OrderedJSONField(null=True, help_text="of the last attempt, shortened, without secrets")
    ended_at = models.DateTimeField(null=True, help_text="since when it is no longer PENDING")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "webhook_deliveries"
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) ^ ~models.Q(status="PENDING"),
                name="webhook_delivery_ended_has_time",
            )
        ]
        indexes = [
            models.Index(fields=["webhook", "id"], name="webhook_delivery_webhook"),
            models.Index(fields=["ended_at"], name="webhook_delivery_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message}"
