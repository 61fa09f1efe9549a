"""A table for tests of what knows no table of ours: rows with a revision, a unique name and a reference."""

from __future__ import annotations

from django.db import connection, models


class Thing(models.Model):
    """Its table is made by `make_things`, for the time of a test's transaction."""

    name = models.CharField(max_length=20)
    size = models.IntegerField(default=0)
    revision = models.IntegerField(default=1)
    part_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "core"
        db_table = "test_things"
        managed = False
        constraints = [
            models.UniqueConstraint(
                fields=["name"], name="test_thing_name_unique", violation_error_message="There is such a thing."
            ),
            models.CheckConstraint(condition=models.Q(size__gte=0), name="test_thing_size_positive"),
        ]


def make_things() -> None:
    """Make the table, in the connection's schema."""
    with connection.schema_editor() as editor:
        editor.create_model(Thing)
