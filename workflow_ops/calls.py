"""What attempts and signing secrets look like in REST, and who sees them."""

from __future__ import annotations

from django.db.models import QuerySet

from core.rows import Rows
from workflow_ops.models import ActionAttempt, SigningSecret

ATTEMPT_ROWS = Rows(
    id="action_attempts.id",
    company=":company::text",
    task="action_attempts.task_instance_id",
    generation="action_attempts.generation",
    number="action_attempts.number",
    status="action_attempts.status",
    outcome="action_attempts.outcome",
    error="action_attempts.error",
    started_at="action_attempts.started_at",
    ended_at="action_attempts.ended_at",
    duration_ms="action_attempts.duration_ms",
    retry_at="action_attempts.retry_at",
    request="action_attempts.request",
    response="action_attempts.response",
    created_by="NULL::bigint",
    created_at="action_attempts.started_at",
    updated_at="coalesce(action_attempts.ended_at, action_attempts.started_at)",
)

SECRET_ROWS = Rows(
    id="signing_secrets.id",
    company=":company::text",
    number="signing_secrets.number",
    valid_until="signing_secrets.valid_until",
    created_by="signing_secrets.created_by_id",
    created_at="signing_secrets.created_at",
    updated_at="signing_secrets.updated_at",
)


def attempts_of(task_id: int) -> QuerySet[ActionAttempt]:
    """The calls that a task made."""
    return ActionAttempt.objects.filter(task_instance=task_id)


def signing_secrets() -> QuerySet[SigningSecret]:
    """The company's, whether they are good still or not."""
    return SigningSecret.objects.all()
