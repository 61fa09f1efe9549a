"""`manage.py migrate`: the same as `migrate_schemas`, for one schema alone is never up to date."""

from django.db.migrations.autodetector import MigrationAutodetector

from tenants.management.commands import migrate_schemas


class Command(migrate_schemas.Command):
    autodetector = MigrationAutodetector  # a system check compares it with makemigrations'
