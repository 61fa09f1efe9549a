"""What exists on the public host."""

from django.urls import path

from core.handlers import handler400, handler403, handler404, handler500
from core.health import Health, Ready

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("health/", Health.as_view()),
    path("ready/", Ready.as_view()),
]
