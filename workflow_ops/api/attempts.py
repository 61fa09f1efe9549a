"""/api/tasks/{task_id}/attempts/"""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers

from core.errors import not_found
from workflow_design.api.content import JSONObjectField
from workflow_design.api.serializers import AuditSerializer
from workflow_ops import calls
from workflow_ops.api.base import IsTicketAdmin, RunViewSet
from workflow_ops.models import ActionAttempt, AttemptStatus, TaskInstance


class AttemptSerializer(AuditSerializer):
    """One call that an action made."""

    task = serializers.IntegerField()
    generation = serializers.IntegerField(help_text="A person's retry begins a new one.")
    number = serializers.IntegerField(help_text="Within its generation, from 1.")
    status = serializers.ChoiceField(choices=AttemptStatus.choices)
    outcome = serializers.CharField(help_text="How it ended in a word: http_200, unreachable, lost. Empty: not yet.")
    error = serializers.CharField(help_text="Why it failed. Empty: it did not.")
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    retry_at = serializers.DateTimeField(allow_null=True, help_text="When the next one begins.")
    request = JSONObjectField(help_text="method, url, headers, body: shortened, without secrets.")
    response = JSONObjectField(allow_null=True, help_text="status, headers, body: shortened, without secrets.")


class AttemptViewSet(RunViewSet):
    """The calls that a task's action made, oldest first."""

    permission_classes = [IsTicketAdmin]
    rows = calls.ATTEMPT_ROWS
    serializer_class = AttemptSerializer
    orderings = {"id": "pk", "created_at": "started_at", "updated_at": "ended_at"}

    def get_queryset(self) -> QuerySet[ActionAttempt]:
        return calls.attempts_of(int(self.kwargs["task_id"]))

    def check_parent(self) -> None:
        if not TaskInstance.objects.filter(pk=int(self.kwargs["task_id"])).exists():
            raise not_found()
