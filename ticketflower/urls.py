"""What exists on a company's host (and, but for pages, below /api/tenants/{slug or id}/)."""

from django.urls import include, path

urlpatterns = [
    path("api/workflow/", include("workflow_design.api.urls")),
]
