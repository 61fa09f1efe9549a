"""What exists on a company's host (and, but for pages, below /api/tenants/{slug or id}/)."""

from django.urls import include, path

from users.api.urls import company_urls

urlpatterns = [
    path("api/", include(company_urls)),
    path("api/workflow/", include("workflow_design.api.urls")),
]
