"""Companies, host names and plans for operators; the own company for its admins."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from core.admin import ServiceAdmin
from core.db import connection
from core.models import Actor, History
from tenants.models import Company
from tenants.operators import domain_add, domain_make_primary, domain_remove, plan_save
from tenants.services import company_change_plan, company_rename, company_resume, company_suspend


class OwnCompanyAdmin(ServiceAdmin):
    """The company itself, for its admins: the name is theirs to change."""

    history_subject = "company"
    fields = ("name", "slug", "uuid", "plan", "created_at")
    readonly_fields = ("slug", "uuid", "plan", "created_at")
    list_display = ("name", "slug", "plan")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(schema_name=connection.schema_name)

    def write(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Model:
        if "name" in values:
            company_rename(company=obj, name=values["name"], actor=actor)
        return obj


class CompanyAdmin(ServiceAdmin):
    """Companies. They are made by sign-up or by the command create_company."""

    history_subject = "company"
    fields = ("name", "slug", "uuid", "plan", "is_active", "created_at")
    readonly_fields = ("slug", "uuid", "created_at")
    list_display = ("name", "slug", "plan", "is_active", "created_at")
    list_filter = ("is_active", "plan")
    list_select_related = ("plan",)
    search_fields = ("name", "slug")
    ordering = ("slug",)
    actions = ("suspend", "resume")

    @admin.action(description="Suspend: nobody gets in, nothing runs", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Company]) -> None:
        """Shut the chosen companies."""
        for company in queryset:
            company_suspend(company=company, actor=Actor.of(request.user))
        messages.success(request, f"Suspended: {', '.join(company.slug for company in queryset)}.")

    @admin.action(description="Resume: open again", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Company]) -> None:
        """Open the chosen companies again."""
        for company in queryset:
            company_resume(company=company, actor=Actor.of(request.user))
        messages.success(request, f"Resumed: {', '.join(company.slug for company in queryset)}.")

    def write(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Model:
        if "name" in values:
            company_rename(company=obj, name=values["name"], actor=actor)
        if "plan" in values:
            company_change_plan(company=obj, plan_key=values["plan"].key, actor=actor)
        if "is_active" in values:
            (company_resume if values["is_active"] else company_suspend)(company=obj, actor=actor)
        return obj


class DomainAdmin(ServiceAdmin):
    """Host names of companies. One is primary: links in mails lead there."""

    may_add = True
    may_remove = True
    fields = ("tenant", "domain", "is_primary")
    list_display = ("domain", "tenant", "is_primary")
    list_select_related = ("tenant",)
    search_fields = ("domain", "tenant__slug")
    autocomplete_fields = ("tenant",)
    ordering = ("domain",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("tenant", "domain", *(("is_primary",) if obj.is_primary else ())) if obj else ()

    def history_of(self, obj: Any) -> QuerySet[History]:
        return History.objects.filter(subject_type="company", subject_id=obj.tenant_id).order_by("-id")

    def write(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Model:
        if obj.pk is None:
            return domain_add(
                company=values["tenant"], domain=values["domain"], is_primary=values["is_primary"], actor=actor
            )
        if values.get("is_primary"):
            domain_make_primary(domain=obj, actor=actor)
        return obj

    def remove(self, actor: Actor, obj: Any) -> None:
        domain_remove(domain=obj, actor=actor)


class PlanAdmin(ServiceAdmin):
    """What companies may use; an empty limit is no limit."""

    may_add = True
    fields = ("key", "name", "max_workflows", "max_agents", "max_executions_per_month")
    list_display = ("key", "name", "max_workflows", "max_agents", "max_executions_per_month")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("key",) if obj else ()

    def history_of(self, obj: Any) -> QuerySet[History]:
        return History.objects.filter(subject_type="plan", subject=obj.key).order_by("-id")

    def write(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Model:
        return plan_save(plan=obj, actor=actor)
