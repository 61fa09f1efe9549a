"""What SQL may do to a published version: nothing, but for deleting it with its workflow."""

from django.db import migrations

# The function stands in each schema beside its table: a renamed or dropped schema takes it along. Which schema that is
# it asks its trigger, for the search path is the caller's.
FORWARDS = """
ALTER TABLE workflow_versions
    ADD CONSTRAINT version_of_workflow FOREIGN KEY (workflow_id) REFERENCES workflow_definitions (id)
        ON DELETE CASCADE;
CREATE FUNCTION version_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    goes_with_its_workflow boolean;
BEGIN
    IF TG_OP = 'DELETE' THEN
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I.workflow_definitions WHERE id = $1)', TG_TABLE_SCHEMA)
            INTO goes_with_its_workflow USING OLD.workflow_id;
        IF goes_with_its_workflow THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'A published version never changes: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'version_immutable', TABLE = TG_TABLE_NAME,
              SCHEMA = TG_TABLE_SCHEMA;
END
$$;
CREATE TRIGGER version_immutable BEFORE UPDATE OR TRUNCATE ON workflow_versions
    FOR EACH STATEMENT EXECUTE FUNCTION version_refuses_change();
CREATE TRIGGER version_kept BEFORE DELETE ON workflow_versions
    FOR EACH ROW EXECUTE FUNCTION version_refuses_change();
"""
BACKWARDS = """
DROP TRIGGER version_kept ON workflow_versions;
DROP TRIGGER version_immutable ON workflow_versions;
DROP FUNCTION version_refuses_change();
ALTER TABLE workflow_versions DROP CONSTRAINT version_of_workflow;
"""


class Migration(migrations.Migration):
    dependencies = [("workflow_design", "0003_workflowversion")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
