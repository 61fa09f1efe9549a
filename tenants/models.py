"""Companies (one PostgreSQL schema each), their hosts and plans; all of it in the `public` schema."""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django_tenants.models import DomainMixin, TenantMixin

SLUG = RegexValidator(
    r"\A[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?\Z",
    "Small letters, digits and hyphens, at most 50, no hyphen at either end.",
)


class Plan(models.Model):  # type: ignore[django-manager-missing] # django-tenants has no types
    """What a company may use; an empty limit means no limit. Operators edit these rows."""

    key = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=50)
    max_workflows = models.PositiveIntegerField(null=True, blank=True)
    max_agents = models.PositiveIntegerField(null=True, blank=True)
    max_executions_per_month = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        db_table = "plans"
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class Company(TenantMixin):
    """A tenant. `uuid` is what tokens carry; `slug` is its address; both never change."""

    # Schemas are made by `tenants.services`, from spares where there are any.
    auto_create_schema = False
    auto_drop_schema = False

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    slug = models.CharField(max_length=50, validators=[SLUG])
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="companies")
    is_active = models.BooleanField(default=True, help_text="off: suspended, nobody gets in, nothing runs")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "companies"
        verbose_name_plural = "companies"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                name="company_slug_unique",
                violation_error_message="A company with this slug exists already.",
            ),
            models.CheckConstraint(
                condition=models.Q(slug__regex=r"^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$") & models.Q(slug__regex="[a-z]"),
                name="company_slug_valid",
                violation_error_message="A slug has small letters, digits and hyphens, and at least one letter.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):
    """A host name of a company."""

    class Meta:
        db_table = "domains"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                Lower("domain"),
                name="domain_unique",
                violation_error_message="Another company has this host name.",
            )
        ]


class SpareSchema(models.Model):
    """A migrated schema that waits for a company: sign-up renames it."""

    schema_name = models.CharField(max_length=63, unique=True)
    migration_hash = models.CharField(max_length=64, help_text="of the migrations it was made with")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "spare_schemas"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.schema_name


class Attempt(models.Model):
    """How often something limited was tried in a window of time: exact over all server processes."""

    scope = models.CharField(max_length=40)
    key = models.CharField(max_length=128)
    window = models.BigIntegerField(help_text="number of the window since 1970")
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "attempts"
        constraints = [models.UniqueConstraint(fields=["scope", "key", "window"], name="attempt_unique")]

    def __str__(self) -> str:
        return f"{self.scope} {self.count}"


class Count(models.Model):
    """A number that only grows, over all processes: see `tenants.counters`."""

    metric = models.CharField(max_length=60)
    labels = models.JSONField(default=dict)
    value = models.BigIntegerField(default=0)

    class Meta:
        db_table = "counters"
        constraints = [models.UniqueConstraint(fields=["metric", "labels"], name="counter_unique")]

    def __str__(self) -> str:
        return f"{self.metric} {self.value}"
