"""/api/webhooks/"""

from __future__ import annotations

from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from core.errors import not_found
from core.renderers import json_response
from core.serializers import StrictBooleanField, StrictCharField, StrictChoiceField
from users.permissions import IsAdmin
from workflow_design.api.content import JSONObjectField
from workflow_design.api.serializers import AuditSerializer
from workflow_ops import webhooks as selectors
from workflow_ops.api.base import RunViewSet
from workflow_ops.models import TEST_EVENT, DeliveryStatus, Webhook, WebhookDelivery, WebhookEvent
from workflow_ops.services import deliveries, webhooks

TOLD = [*WebhookEvent.choices, (TEST_EVENT, TEST_EVENT)]


class WebhookSerializer(AuditSerializer):
    """An address outside, and what it is told."""

    url = StrictCharField(max_length=2000, help_text="Absolute http(s) URL without user information.")
    events = serializers.ListField(
        child=StrictChoiceField(choices=WebhookEvent.choices), min_length=1, max_length=len(WebhookEvent)
    )
    is_active = StrictBooleanField(required=False, default=True)
    description = StrictCharField(max_length=255, required=False, allow_blank=True, default="")
    previous_secret_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Until when the secret before the present one signs too."
    )
    failing_since = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Since when it has taken nothing; null: it took the last message."
    )
    paused_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Until when nothing is sent, because it did not answer."
    )


class WebhookWithSecretSerializer(WebhookSerializer):
    """A webhook with its new secret, which is shown this once."""

    secret = serializers.CharField(read_only=True, help_text="whsec_…, as Standard Webhooks has it.")


class RotateSerializer(serializers.Serializer[Any]):
    """How a secret is replaced."""

    hours = serializers.IntegerField(
        required=False,
        default=webhooks.OVERLAP_HOURS,
        min_value=0,
        max_value=webhooks.MAX_OVERLAP_HOURS,
        help_text="For how long the present one signs too.",
    )


class WebhookDeliverySerializer(AuditSerializer):
    """One event, told to one address."""

    webhook = serializers.IntegerField()
    message_id = serializers.CharField(help_text="What `webhook-id` says, the same in every attempt.")
    event = serializers.ChoiceField(choices=TOLD)
    status = serializers.ChoiceField(choices=DeliveryStatus.choices)
    attempts = serializers.IntegerField(help_text="Since it was last begun.")
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    last_attempt_at = serializers.DateTimeField(allow_null=True)
    last_status = serializers.IntegerField(allow_null=True, help_text="Of the last answer; null: there was none.")
    last_error = serializers.CharField(help_text="Why the last attempt failed; empty: it did not.")
    duration_ms = serializers.IntegerField(allow_null=True, help_text="Of the last attempt.")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="null: PENDING.")


class OneWebhookDeliverySerializer(WebhookDeliverySerializer):
    """The same with what was sent and answered."""

    request = JSONObjectField(allow_null=True, help_text="method, url, headers, body: shortened, without secrets.")
    response = JSONObjectField(allow_null=True, help_text="headers, body: shortened, without secrets.")


@extend_schema_view(create=extend_schema(responses={201: WebhookWithSecretSerializer}))
class WebhookViewSet(RunViewSet):
    """Addresses outside that are told what happens, in signed messages (Standard Webhooks)."""

    permission_classes = [IsAdmin]
    rows = selectors.WEBHOOK_ROWS
    serializer_class = WebhookSerializer
    example = {"url": "https://crm.example/hooks/tickets", "events": ["ticket.created", "ticket.completed"]}

    def get_queryset(self) -> QuerySet[Webhook]:
        return selectors.webhooks()

    def create(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Subscribe an address; the answer holds the secret, which can't be read again."""
        webhook, secret = webhooks.webhook_create(user=self.user, **self.body(request))
        return self._with_secret(webhook.pk, secret, 201)

    def perform_update(self, pk: int, values: dict[str, Any], expected: int | None) -> None:
        webhooks.webhook_update(user=self.user, webhook_id=pk, **values)

    def perform_destroy(self, pk: int, expected: int | None) -> None:
        webhooks.webhook_delete(user=self.user, webhook_id=pk)

    @extend_schema(
        operation_id="rotate_webhook_secret", request=RotateSerializer, responses=WebhookWithSecretSerializer
    )
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, **kwargs: Any) -> HttpResponse:
        """A new secret signs from now on, and for some hours the old one too."""
        pk = self.seen(**kwargs)
        hours = self.object_body(request).get("hours", webhooks.OVERLAP_HOURS)
        secret = webhooks.webhook_rotate_secret(user=self.user, webhook_id=pk, hours=hours)
        return self._with_secret(pk, secret, 200)

    @extend_schema(operation_id="test_webhook", request=None, responses={201: OneWebhookDeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Send a `webhook.test` event; the answer is its delivery, which is on its way."""
        delivery = webhooks.webhook_test(user=self.user, webhook_id=self.seen(**kwargs))
        return one_delivery(delivery.webhook_id, delivery.pk, 201)

    def _with_secret(self, pk: int, secret: str, status: int) -> HttpResponse:
        found = self.rows.one(self.get_queryset().filter(pk=pk))
        if found is None:
            raise not_found()
        return json_response({**orjson.loads(found[0]), "secret": secret}, status=status)


class DeliveryFilter(FilterSet):
    """Narrows the list of deliveries."""

    status = ChoiceFilter(choices=DeliveryStatus.choices)
    event = ChoiceFilter(choices=TOLD)


@extend_schema_view(retrieve=extend_schema(responses=OneWebhookDeliverySerializer))
class WebhookDeliveryViewSet(RunViewSet):
    """What a webhook was told, and how that went; kept for 30 days."""

    resource = "delivery"
    permission_classes = [IsAdmin]
    rows = selectors.DELIVERY_ROWS
    serializer_class = WebhookDeliverySerializer
    filterset_class = DeliveryFilter

    @property
    def webhook_id(self) -> int:
        """As the address has it."""
        return int(self.kwargs["webhook_id"])

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        return selectors.deliveries_of(self.webhook_id)

    def check_parent(self) -> None:
        if not selectors.webhooks().filter(pk=self.webhook_id).exists():
            raise not_found()

    def retrieve(self, request: Request, **kwargs: Any) -> HttpResponse:
        """One delivery, with what was sent and answered last."""
        return one_delivery(self.webhook_id, int(kwargs["id"]))

    @extend_schema(operation_id="resend_webhook_delivery", request=None, responses=OneWebhookDeliverySerializer)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Tell it again, with the same `webhook-id`."""
        pk = self.seen(**kwargs)
        deliveries.delivery_resend(user=self.user, webhook_id=self.webhook_id, delivery_id=pk)
        return one_delivery(self.webhook_id, pk)


def one_delivery(webhook_id: int, pk: int, status: int = 200) -> HttpResponse:
    """A delivery with all that is kept of it."""
    found = selectors.ONE_DELIVERY_ROWS.one(selectors.deliveries_of(webhook_id).filter(pk=pk))
    if found is None:
        raise not_found()
    return HttpResponse(found[0].encode(), status=status, content_type="application/json")
