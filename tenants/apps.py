from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tenants.rates import Rate


class TenantsConfig(AppConfig):
    """Companies, their hosts, plans and schemas."""

    name = "tenants"
    verbose_name = "Companies"

    def ready(self) -> None:
        for name in ("THROTTLE_COMPANY", "THROTTLE_BAD_PASSWORDS", "THROTTLE_SIGN_UP"):
            try:
                Rate.of(getattr(settings, name))
            except ValueError as error:
                raise ImproperlyConfigured(f"{name}: {error}") from None
