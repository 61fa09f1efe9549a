"""`manage.py migrate`: the same as `migrate_schemas`, for one schema alone is never up to date."""

from tenants.management.commands.migrate_schemas import Command

__all__ = ["Command"]
