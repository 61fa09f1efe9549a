from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Knows no company, user or ticket."""

    name = "core"
    verbose_name = "Record"
