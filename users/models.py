"""People, their roles, and the families of their tokens.

The same tables stand in every company's schema, for its people, and in `public`, where every active person is a
platform operator.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

EVERYONE = "everyone"


class SystemRole(models.TextChoices):
    """The fixed roles."""

    ADMIN = "admin", "Company admin"
    USER = "user", "User"
    TICKET_ADMIN = "ticket_admin", "Ticket admin"
    TASK_WORKER = "task_worker", "Task worker"
    WORKFLOW_CREATOR = "workflow_creator", "Workflow creator"


# What people are searched by: the words of their address and names. Addresses are cut at their marks, for PostgreSQL
# takes a whole address for one word.
WORDS = SearchVector(
    models.Func("email", models.Value("@.-_+"), models.Value("     "), function="translate"),
    "first_name",
    "last_name",
    config="simple",
)


class UserManager(BaseUserManager["User"]):
    """Addresses are kept in lower case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class CompanyRole(models.Model):
    """A name that the company makes up: opens ticket types, makes task candidates."""

    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, default="")
    created_by = models.ForeignKey("User", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "company_roles"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="company_role_name_unique",
                violation_error_message="This role exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class User(AbstractBaseUser):
    """A person of one company (or, in `public`, an operator). Permissions come from roles."""

    email = models.EmailField(max_length=254, verbose_name="email address")
    first_name = models.CharField(max_length=100, blank=True, default="")
    last_name = models.CharField(max_length=100, blank=True, default="")
    is_active = models.BooleanField(default=True)
    system_roles = ArrayField(models.CharField(max_length=20, choices=SystemRole.choices), default=list, blank=True)
    # Everybody has `everyone` besides; it is not stored.
    company_roles = models.ManyToManyField(CompanyRole, related_name="users", blank=True, db_table="user_company_roles")
    created_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "users"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="Somebody with this email address exists already.",
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=models.Q(system_roles__contained_by=SystemRole.values), name="user_system_roles_known"
            ),
        ]
        indexes = [GinIndex(WORDS, name="user_words")]

    def __str__(self) -> str:
        return self.email

    def has_role(self, *roles: str) -> bool:
        """Whether the person has one of these system roles."""
        return any(role in self.system_roles for role in roles)

    # Who may enter the admin sites and what they show there is decided by the sites, not by permission rows.
    @property
    def is_staff(self) -> bool:
        return self.is_active

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class TokenFamily(models.Model):
    """One sign-in. Every refresh token and every access token that came of it die with it (`revoked_at`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "token_families"
        verbose_name_plural = "token families"

    def __str__(self) -> str:
        return f"{self.id}"


class RefreshToken(models.Model):
    """A refresh token that was handed out; it is good until it is used once: then `rotated_at` is set."""

    jti = models.UUIDField(primary_key=True, editable=False)
    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="tokens")
    expires_at = models.DateTimeField(db_index=True)
    rotated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "refresh_tokens"

    def __str__(self) -> str:
        return f"{self.jti}"
