"""What a company's migrations may not be, if its schema is to be repeated: code, and what it does differs."""

from django.db import migrations


def tell_where(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("INSERT INTO places (name) SELECT current_schema()")


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.RunSQL("CREATE TABLE places (name text)"),
        migrations.RunPython(tell_where, migrations.RunPython.noop),
    ]
