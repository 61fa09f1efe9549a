from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.utils.module_loading import autodiscover_modules


class TicketFlowerConfig(AppConfig):
    """The project as an app: its commands and templates."""

    name = "ticketflower"
    default = True

    def ready(self) -> None:
        autodiscover_modules("jobs")


class AdminConfig(SimpleAdminConfig):
    """Django's admin, without loading every app's pages in every process: `ticketflower.admin` says what is shown."""

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_sites, checks.Tags.admin)


def _check_sites(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Django's check of all sites; with ours, which are made when the URLs are loaded."""
    import_module("ticketflower.admin")
    found: list[checks.CheckMessage] = check_admin_app(app_configs, **options)
    return found
