from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_plans")]

    operations = [
        migrations.CreateModel(
            name="Count",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("metric", models.CharField(max_length=60)),
                ("labels", models.JSONField(default=dict)),
                ("value", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "counters",
                "constraints": [models.UniqueConstraint(fields=("metric", "labels"), name="counter_unique")],
            },
        )
    ]
