from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TicketFlowerConfig(AppConfig):
    """The project as an app: its commands and templates."""

    name = "ticketflower"

    def ready(self) -> None:
        autodiscover_modules("jobs")
