from django.apps import AppConfig


class TicketFlowerConfig(AppConfig):
    """The project as an app: its commands and templates."""

    name = "ticketflower"
