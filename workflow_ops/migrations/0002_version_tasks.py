"""Rows of a version's tasks, made with the version and deleted with it."""

from django.db import migrations

FORWARDS = """
ALTER TABLE workflow_version_tasks ADD CONSTRAINT version_task_of_version
    FOREIGN KEY (version_id) REFERENCES workflow_versions (id) ON DELETE CASCADE;

CREATE FUNCTION workflow_version_tasks_make() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO workflow_version_tasks (version_id, index, key, title, form, edit_layout, display_layout)
    SELECT NEW.id, listed.place - 1, listed.task ->> 'key', listed.task ->> 'title', listed.task -> 'output_schema',
        listed.task ->> 'edit_layout', listed.task ->> 'display_layout'
    FROM json_array_elements(NEW.document -> 'tasks') WITH ORDINALITY AS listed (task, place);
    RETURN NULL;
END $$;

CREATE TRIGGER workflow_versions_tasks AFTER INSERT ON workflow_versions
    FOR EACH ROW EXECUTE FUNCTION workflow_version_tasks_make();

-- Versions that were published before there were runs.
INSERT INTO workflow_version_tasks (version_id, index, key, title, form, edit_layout, display_layout)
SELECT version.id, listed.place - 1, listed.task ->> 'key', listed.task ->> 'title', listed.task -> 'output_schema',
    listed.task ->> 'edit_layout', listed.task ->> 'display_layout'
FROM workflow_versions version, json_array_elements(version.document -> 'tasks') WITH ORDINALITY AS listed (task, place);
"""
BACKWARDS = """
DROP TRIGGER workflow_versions_tasks ON workflow_versions;
DROP FUNCTION workflow_version_tasks_make();
ALTER TABLE workflow_version_tasks DROP CONSTRAINT version_task_of_version;
"""


class Migration(migrations.Migration):
    dependencies = [("workflow_ops", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
