from django.apps import AppConfig


class UsersConfig(AppConfig):
    """People, their roles and tokens."""

    name = "users"
    verbose_name = "People"

    def ready(self) -> None:
        from users import schema  # noqa: F401 - tells drf-spectacular how people sign in
