"""Webhooks and their deliveries in the company's admin site, to look at."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin

from workflow_ops.admin import SHOWN, RunAdmin, pretty
from workflow_ops.models import Webhook, WebhookDelivery


class WebhookAdmin(RunAdmin):
    """Webhooks: addresses that are told what happens. Their secrets are shown to nobody."""

    history_subject = "webhook"
    list_display = ("name", "url", "told", "is_active", "created_by", "created_at")
    list_display_links = ("name",)
    list_filter = ("is_active",)
    list_select_related: ClassVar[Any] = ("created_by",)
    fields = (
        *("name", "url", "told", "is_active", "description", "previous_until", "failing_since"),
        *("paused_until", "created_by", "created_at", "deliveries"),
    )

    @admin.display(description="webhook", ordering="pk")
    def name(self, row: Webhook) -> str:
        """By its description, or its id."""
        return str(row)

    @admin.display(description="events")
    def told(self, row: Webhook) -> str:
        """What it is told."""
        return ", ".join(row.events)

    def deliveries(self, row: Webhook) -> str:
        """The latest."""
        latest = row.deliveries.order_by("-pk")[:SHOWN]
        return self.lines((self.link(one), one.get_status_display(), one.last_error or "-") for one in latest)


class DeliveryAdmin(RunAdmin):
    """Deliveries: one event told to one address."""

    list_display = ("name", "event", "webhook", "status", "attempts", "last_status", "created_at")
    list_display_links = ("name",)
    list_filter = ("status", "event")
    list_select_related: ClassVar[Any] = ("webhook",)
    fields = (
        *("name", "event", "to", "status", "attempts", "last_status", "last_error", "last_attempt_at"),
        *("next_attempt_at", "ended_at", "duration_ms", "created_at", "body", "sent", "answered"),
    )

    @admin.display(description="delivery", ordering="pk")
    def name(self, row: WebhookDelivery) -> str:
        """By its id."""
        return f"delivery {row.pk}"

    @admin.display(description="webhook")
    def to(self, row: WebhookDelivery) -> str:
        """Whom it is told."""
        return self.link(row.webhook)

    @admin.display(description="request")
    def sent(self, row: WebhookDelivery) -> str:
        """Of the last attempt."""
        return "-" if row.request is None else pretty(row.request)

    @admin.display(description="response")
    def answered(self, row: WebhookDelivery) -> str:
        """To the last attempt."""
        return "-" if row.response is None else pretty(row.response)


ADMINS: dict[type[Any], type[RunAdmin]] = {Webhook: WebhookAdmin, WebhookDelivery: DeliveryAdmin}
