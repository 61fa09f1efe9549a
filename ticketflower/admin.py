"""The two admin sites: each company's own, on its host, and the platform's, on the public host."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from core.admin import HistoryAdmin, Site
from core.db import connection
from core.models import History
from tenants.admin import DomainAdmin, OwnCompanyAdmin, PlanAdmin
from tenants.job_admin import JobAdmin
from tenants.models import Company, Domain, Plan
from users.admin import CompanyRoleAdmin, OperatorAdmin, PersonAdmin, is_company_admin, is_operator
from users.forms import OwnPasswordForm, SignInForm
from users.models import CompanyRole, User
from workflow_design.admin import ADMINS as DEFINITIONS
from workflow_ops.admin import ADMINS as RUNS
from workflow_ops.admin_webhooks import ADMINS as WEBHOOKS
from workflow_ops.platform import CompanyWithNumbersAdmin


class TicketFlowerSite(Site):
    """Signing in and changing one's password by the rules of the API."""

    login_form = SignInForm

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        request.current_app = self.name
        return PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            template_name="registration/password_change_form.html",
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )(request)


class CompanySite(TicketFlowerSite):
    """A company's admins see this company, and nothing else."""

    index_title = "Company"

    @property
    def site_header(self) -> str:  # type: ignore[override]
        return getattr(connection.tenant, "name", "")

    @property
    def site_title(self) -> str:  # type: ignore[override]
        return self.site_header

    def has_permission(self, request: HttpRequest) -> bool:
        return is_company_admin(request.user)


class PlatformSite(TicketFlowerSite):
    """Operators see companies, host names and plans; of what companies do, numbers alone."""

    site_header = "TicketFlower platform"
    site_title = "TicketFlower platform"
    index_title = "Platform"

    def has_permission(self, request: HttpRequest) -> bool:
        return is_operator(request.user)


# Each has its own URL configuration, so both go by the name that Django's templates know.
company_site = CompanySite()
company_site.register(Company, OwnCompanyAdmin)
company_site.register(User, PersonAdmin)
company_site.register(CompanyRole, CompanyRoleAdmin)
company_site.register(History, HistoryAdmin)
for model, model_admin in {**DEFINITIONS, **RUNS, **WEBHOOKS}.items():
    company_site.register(model, model_admin)

platform_site = PlatformSite()
platform_site.register(Company, CompanyWithNumbersAdmin)
platform_site.register(Domain, DomainAdmin)
platform_site.register(Plan, PlanAdmin)
platform_site.register(User, OperatorAdmin)
platform_site.register(History, HistoryAdmin)
platform_site.register(ProcrastinateJob, JobAdmin)
