"""What is kept of calls to the outside: attempts, callbacks, and the secrets that callbacks are signed with."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.fields import OrderedJSONField


class AttemptStatus(models.TextChoices):
    """Of one call. RUNNING: a worker has it until its lease is over. KEPT: answered while the run was on hold."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    KEPT = "KEPT"
    ABANDONED = "ABANDONED"
    LATE = "LATE"


class EndStatus(models.TextChoices):
    """Of an end action. ERROR: an incident says why. SKIPPED: a person let it be."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


class EndAction(models.Model):
    """What a run does when it is COMPLETED, as its workflow's `end_action` says. Locked by the run's row."""

    instance = models.OneToOneField(
        "workflow_ops.WorkflowInstance", on_delete=models.CASCADE, related_name="end_action"
    )
    status = models.CharField(max_length=9, choices=EndStatus.choices, default=EndStatus.PENDING)
    generation = models.PositiveIntegerField(default=1, help_text="a person's retry begins it anew")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "end_actions"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"end of {self.instance}"


class ActionAttempt(models.Model):
    """One call that a task's action, or the end action of a run, made or is making: written before the call, ended
    after it.

    A `generation` is what one opening, or one retry by a person, leads to: its attempts send the same body under the
    same Idempotency-Key.
    """

    task_instance = models.ForeignKey(
        "workflow_ops.TaskInstance", null=True, on_delete=models.CASCADE, related_name="attempts", db_index=False
    )
    end_action = models.ForeignKey(
        EndAction, null=True, on_delete=models.CASCADE, related_name="attempts", db_index=False
    )
    generation = models.PositiveIntegerField()
    number = models.PositiveIntegerField(help_text="within its generation, from 1")
    status = models.CharField(max_length=9, choices=AttemptStatus.choices, default=AttemptStatus.RUNNING)
    outcome = models.CharField(max_length=60, blank=True, default="", help_text="how it ended, in a word")
    error = models.TextField(blank=True, default="", help_text="why it failed, in a sentence")
    request = OrderedJSONField(help_text="what was sent, shortened, without secrets")
    body = models.TextField(null=True, help_text="what its generation sends; the first attempt has it")
    response = OrderedJSONField(null=True, help_text="what came back, shortened, without secrets")
    kept = OrderedJSONField(null=True, help_text="the whole answer, until the run is resumed")
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(help_text="until when nobody else calls")
    ended_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    retry_at = models.DateTimeField(null=True, help_text="when the next attempt begins")

    class Meta:
        db_table = "action_attempts"
        verbose_name = "attempt"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task_instance", "generation", "number"], name="action_attempt_number"),
            models.UniqueConstraint(
                fields=["task_instance", "generation"],
                condition=models.Q(status="RUNNING"),
                name="action_attempt_one_running",
            ),
            models.UniqueConstraint(
                fields=["end_action", "generation", "number"],
                condition=models.Q(end_action__isnull=False),
                name="action_attempt_number_at_end",
            ),
            models.CheckConstraint(
                condition=models.Q(task_instance__isnull=True) ^ models.Q(end_action__isnull=True),
                name="action_attempt_of_one",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) ^ ~models.Q(status="RUNNING"),
                name="action_attempt_ended_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["started_at", "status"], name="action_attempt_started"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.generation}.{self.number}"


class CallbackStatus(models.TextChoices):
    """Of a callback. KEPT: it came before the call's own answer, or while the run was on hold."""

    KEPT = "KEPT"
    USED = "USED"
    LATE = "LATE"


class Callback(models.Model):
    """What the other side of an ASYNC_ACTION sent, each delivery once."""

    task_instance = models.ForeignKey(
        "workflow_ops.TaskInstance", on_delete=models.CASCADE, related_name="callbacks", db_index=False
    )
    generation = models.PositiveIntegerField()
    delivery = models.CharField(max_length=255, help_text="its webhook-id")
    status = models.CharField(max_length=4, choices=CallbackStatus.choices)
    content = OrderedJSONField(help_text="body, status and headers, as an output_transform sees them")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "callbacks"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["task_instance", "delivery"], name="callback_once")]

    def __str__(self) -> str:
        return self.delivery


class SigningSecret(models.Model):
    """What callbacks, and calls to subscribers, are signed with. The newest signs; older ones are good for a time."""

    number = models.PositiveIntegerField()
    sealed = models.TextField(help_text="the secret, encrypted")
    valid_until = models.DateTimeField(null=True, help_text="empty: it is the one that signs")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "signing_secrets"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                name="signing_secret_number",
                violation_error_message="Somebody else has just made a new secret.",
            )
        ]

    def __str__(self) -> str:
        return f"signing secret {self.number}"
