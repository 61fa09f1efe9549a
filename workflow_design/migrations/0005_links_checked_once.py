"""The workflow of a transition that has a task is checked with the task; only one without any needs a check of its own."""

import django.db.models.deletion
from django.db import migrations, models

ALONE = """
ALTER TABLE workflow_transitions
    ADD COLUMN workflow_alone bigint GENERATED ALWAYS AS
        (CASE WHEN from_task_id IS NULL AND to_task_id IS NULL THEN workflow_id END) STORED,
    ADD CONSTRAINT transition_of_workflow FOREIGN KEY (workflow_alone)
        REFERENCES workflow_definitions (id) DEFERRABLE INITIALLY DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("workflow_design", "0004_versions_never_change")]
    operations = [
        migrations.RunSQL(ALONE, "ALTER TABLE workflow_transitions DROP COLUMN workflow_alone"),
        migrations.AlterField(
            model_name="workflowtransition",
            name="workflow",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="transitions",
                to="workflow_design.workflowdefinition",
            ),
        ),
    ]
