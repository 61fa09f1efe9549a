from django.apps import AppConfig


class UsersConfig(AppConfig):
    """People, their roles and tokens."""

    name = "users"
    verbose_name = "People"

    def ready(self) -> None:
        from tenants import cleanup
        from users.services.cleanup import sign_ins_clear

        cleanup.in_companies.append(sign_ins_clear)
        cleanup.in_public.append(sign_ins_clear)
