"""Every company has the role `everyone`; operators, in `public`, have no company roles."""

from typing import Any

from django.db import migrations


def add_everyone(apps: Any, schema_editor: Any) -> None:
    """Make the row that access is granted to."""
    if schema_editor.connection.schema_name != "public":
        apps.get_model("users", "CompanyRole").objects.create(
            name="everyone", description="Every person of the company."
        )


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]

    operations = [migrations.RunPython(add_everyone, migrations.RunPython.noop)]
