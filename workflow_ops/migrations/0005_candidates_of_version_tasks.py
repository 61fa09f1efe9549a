"""Who may claim a task is said once, by its version, and no more in every row of a task."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

_MAKE = """
CREATE OR REPLACE FUNCTION workflow_version_tasks_make() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO workflow_version_tasks (version_id, index, key, title, {roles} form, edit_layout, display_layout)
    SELECT NEW.id, listed.place - 1, listed.task ->> 'key', listed.task ->> 'title', {given}
        listed.task -> 'output_schema', listed.task ->> 'edit_layout', listed.task ->> 'display_layout'
    FROM json_array_elements(NEW.document -> 'tasks') WITH ORDINALITY AS listed (task, place);
    RETURN NULL;
END $$;
"""
_ROLES = "ARRAY(SELECT json_array_elements_text(listed.task -> 'assignee_roles'))"
FORWARDS = f"""
{_MAKE.format(roles="roles,", given=f"{_ROLES},")}
UPDATE workflow_version_tasks made SET roles = {_ROLES}
FROM workflow_versions version, json_array_elements(version.document -> 'tasks') AS listed (task)
WHERE made.version_id = version.id AND made.key = listed.task ->> 'key';
"""
BACKWARDS = _MAKE.format(roles="", given="")


class Migration(migrations.Migration):
    dependencies = [("workflow_ops", "0004_turns_and_indexes")]
    operations = [
        migrations.AddField(
            "versiontask",
            "roles",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=100),
                default=list,
                help_text="candidates; empty: every worker",
                size=None,
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.AddIndex(
            "versiontask",
            django.contrib.postgres.indexes.GinIndex(fields=["roles"], name="version_task_roles"),
        ),
        migrations.RemoveIndex("taskinstance", "task_instance_roles"),
        migrations.RemoveIndex("taskinstance", "task_instance_undone"),
        migrations.RemoveField("taskinstance", "roles"),
        migrations.AddIndex(
            "taskinstance",
            models.Index(
                condition=models.Q(("status__in", ("OPEN", "IN_PROGRESS", "PENDING"))),
                fields=["status", "id"],
                include=("task", "assignee", "completed_by"),
                name="task_instance_inbox",
            ),
        ),
    ]
