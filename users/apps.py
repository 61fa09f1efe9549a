from django.apps import AppConfig


class UsersConfig(AppConfig):
    """People, their roles and tokens."""

    name = "users"
