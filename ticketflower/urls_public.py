"""What exists on the public host."""

from django.urls import include, path

from core.handlers import handler400, handler403, handler404, handler500
from core.health import Health, Ready
from ticketflower import metrics
from ticketflower.admin import platform_site
from users.api.urls import public_urls

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("api/", include(public_urls)),
    path("api/", include("ticketflower.docs")),
    path("admin/", platform_site.urls),
    path("health/", Health.as_view()),
    path("ready/", Ready.as_view()),
    path("metrics", metrics.view),
]
