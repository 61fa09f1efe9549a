"""Every company has the role `everyone`; operators, in `public`, have no company roles."""

from django.db import migrations

# SQL, not Python: what is done in companies' schemas can then be repeated for the next one (tenants/building.py).
ADD_EVERYONE = """
INSERT INTO company_roles (name, description, created_at, updated_at)
SELECT 'everyone', 'Every person of the company.', now(), now() WHERE current_schema() <> 'public'
"""


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]

    operations = [migrations.RunSQL(ADD_EVERYONE, migrations.RunSQL.noop)]
