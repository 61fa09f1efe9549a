from django.db import migrations

# The function stands in each schema beside its table: a renamed or dropped schema takes it along.
FORWARDS = """
CREATE FUNCTION history_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The history is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_append_only', TABLE = TG_TABLE_NAME,
              SCHEMA = TG_TABLE_SCHEMA;
END
$$;
CREATE TRIGGER history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON history
    FOR EACH STATEMENT EXECUTE FUNCTION history_refuses_change();
"""
BACKWARDS = """
DROP TRIGGER history_append_only ON history;
DROP FUNCTION history_refuses_change();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
