from django.db import migrations

# key, name, workflows, agents, executions a month (None: no limit)
PLANS = [
    ("FREE", "Free", 0, 0, 0),
    ("STARTER", "Starter", 0, 0, 0),
    ("GROWTH", "Growth", 10, 5, 1000),
    ("ELITE", "Elite", None, None, None),
    ("ENTERPRISE", "Enterprise", None, None, None),
]


def add_plans(apps, schema_editor):
    Plan = apps.get_model("tenants", "Plan")
    Plan.objects.bulk_create(
        Plan(key=key, name=name, max_workflows=workflows, max_agents=agents, max_executions_per_month=executions)
        for key, name, workflows, agents, executions in PLANS
    )


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [migrations.RunPython(add_plans, migrations.RunPython.noop)]
