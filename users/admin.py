"""People and roles in the admin sites, through the same services as the API."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest

from core.admin import RefusableForm, ServiceAdmin
from core.db import connection
from core.models import Actor
from users.models import EVERYONE, CompanyRole, SystemRole, User
from users.selectors import search_people
from users.services.people import person_create, person_update
from users.services.roles import role_create, role_delete, role_update


class BasePersonForm(RefusableForm):
    """An address and names."""

    def clean_email(self) -> str:
        """In lower case, as addresses are kept: else every other spelling would count as changed."""
        return self.cleaned_data["email"].lower()


class PersonForm(BasePersonForm):
    """A person of the company."""

    system_roles = forms.MultipleChoiceField(
        choices=SystemRole.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    company_roles = forms.ModelMultipleChoiceField(
        CompanyRole.objects.exclude(name=EVERYONE).order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "columns"}),
        help_text="Everybody has the role “everyone” besides.",
    )
    force = forms.BooleanField(
        required=False, label="Do it all the same", help_text="Tasks may be left that nobody can do."
    )


class SystemRoleFilter(admin.SimpleListFilter):
    """People with a system role."""

    title = "system role"
    parameter_name = "system_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return SystemRole.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(system_roles__contains=[self.value()]) if self.value() else queryset


class CompanyRoleFilter(admin.SimpleListFilter):
    """People with a company role."""

    title = "company role"
    parameter_name = "company_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(role.pk, role.name) for role in CompanyRole.objects.exclude(name=EVERYONE).order_by("name")[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(company_roles=self.value()) if str(self.value() or "").isdecimal() else queryset


class OperatorAdmin(ServiceAdmin):
    """Operators, on the public host. They are made with the command create_operator."""

    form: Any = BasePersonForm
    history_subject = "user"
    fields: ClassVar[Any] = ("email", "first_name", "last_name", "is_active", "last_login")
    readonly_fields = ("last_login",)
    list_display: Any = ("email", "name", "is_active", "last_login")
    list_filter: ClassVar[Any] = ("is_active",)
    search_fields = ("email",)
    search_help_text = "Beginnings of words of the address and the names"
    ordering = ("email",)

    @admin.display(ordering="last_name")
    def name(self, user: User) -> str:
        """First and last."""
        return f"{user.first_name} {user.last_name}".strip()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        return (search_people(queryset, search_term) if search_term.strip() else queryset), False

    def write(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Model:
        return person_update(actor=actor, pk=obj.pk, **values)


class PersonAdmin(OperatorAdmin):
    """People of the company: invited, changed and switched off, never deleted."""

    form = PersonForm
    may_add = True
    fields = ("email", "first_name", "last_name", "system_roles", "company_roles", "is_active", "last_login")
    list_display = ("email", "name", "roles", "is_active", "last_login")
    list_filter = ("is_active", SystemRoleFilter, CompanyRoleFilter)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """`force` only for who has been told that tasks would be left."""
        refusal = getattr(request, "refusal", None)
        told = refusal is not None and refusal.faults[0].code == "nobody_left"
        return (*self.fields, "force") if told or "force" in request.POST else self.fields

    @admin.display(description="system roles")
    def roles(self, user: User) -> str:
        """As people call them."""
        return ", ".join(SystemRole(role).label for role in user.system_roles)

    def write(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Model:
        if "company_roles" in values:
            values["company_roles"] = [role.name for role in values["company_roles"]]
        if obj.pk is None:
            values.pop("force", None)
            return person_create(actor=actor, **values)
        return super().write(actor, obj, values)


class CompanyRoleAdmin(ServiceAdmin):
    """Roles that the company makes up."""

    may_add = True
    may_remove = True
    history_subject = "company_role"
    fields = ("name", "description")
    list_display = ("name", "description", "held_by")
    search_fields = ("name",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(people=Count("users"))

    @admin.display(description="people")
    def held_by(self, role: CompanyRole) -> str:
        """How many have it."""
        return "everybody" if role.name == EVERYONE else str(role.people)  # type: ignore[attr-defined]

    def write(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Model:
        if obj.pk is None:
            return role_create(actor=actor, **values)
        return role_update(actor=actor, pk=obj.pk, **values)

    def remove(self, actor: Actor, obj: Any) -> None:
        role_delete(actor=actor, pk=obj.pk)


def is_company_admin(user: Any) -> bool:
    """Whether the session's person may enter the admin site of the connection's company."""
    return (
        getattr(connection.tenant, "uuid", None) is not None
        and isinstance(user, User)
        and user.is_active
        and user.has_role(SystemRole.ADMIN)
    )


def is_operator(user: Any) -> bool:
    """Whether the session's person may enter the admin site of the platform."""
    return connection.schema_name == "public" and isinstance(user, User) and user.is_active
