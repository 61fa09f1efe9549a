"""What exists on a company's host (and, but for pages, below /api/tenants/{slug or id}/)."""

from django.urls import include, path

from core.handlers import handler400, handler403, handler404, handler500
from core.health import Health, Ready
from ticketflower.admin import company_site
from users.api.urls import company_urls
from users.urls import page_urls

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

# Patterns are tried in order: what is called most comes first.
urlpatterns = [
    path("api/workflow/", include("workflow_design.api.urls")),
    path("api/", include("workflow_ops.api.urls")),
    path("api/", include(company_urls)),
    path("api/", include("ticketflower.docs")),
    path("admin/", company_site.urls),
    *page_urls,
    path("health/", Health.as_view()),
    path("ready/", Ready.as_view()),
]
