"""/api/signing-secrets/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from users.permissions import IsAdmin
from workflow_design.api.serializers import AuditSerializer
from workflow_ops import calls
from workflow_ops.api.base import RunViewSet
from workflow_ops.models import SigningSecret
from workflow_ops.services.signing import MAX_OVERLAP_HOURS, OVERLAP_HOURS, secret_rotate


class SigningSecretSerializer(AuditSerializer):
    """What callbacks are signed with. Nobody is shown its value: each call carries a secret made from it."""

    number = serializers.IntegerField(read_only=True)
    valid_until = serializers.DateTimeField(read_only=True, allow_null=True, help_text="null: the one that signs.")
    hours = serializers.IntegerField(
        write_only=True,
        required=False,
        default=OVERLAP_HOURS,
        min_value=0,
        max_value=MAX_OVERLAP_HOURS,
        help_text="For how long the present one stays good.",
    )


class SigningSecretViewSet(RunViewSet):
    """The company's signing secrets. Making a new one replaces the present one, which stays good for a time."""

    permission_classes = [IsAdmin]
    rows = calls.SECRET_ROWS
    serializer_class = SigningSecretSerializer
    example = {"hours": 24}

    def get_queryset(self) -> QuerySet[SigningSecret]:
        return calls.signing_secrets()

    def create(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Rotate: a new secret signs from now on."""
        made = secret_rotate(user=self.user, hours=self.object_body(request).get("hours", OVERLAP_HOURS))
        return self.answer(made.pk, status=201)
