from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Companies, their hosts, plans and schemas."""

    name = "tenants"
