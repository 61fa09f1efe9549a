"""Foreign keys over two columns, which Django has no words for, and the view of who may open what."""

from django.db import migrations

LINKS = """
ALTER TABLE workflow_transitions
    ADD CONSTRAINT transition_from_own_task FOREIGN KEY (from_task_id, workflow_id)
        REFERENCES task_definitions (id, workflow_id) ON DELETE CASCADE,
    ADD CONSTRAINT transition_to_own_task FOREIGN KEY (to_task_id, workflow_id)
        REFERENCES task_definitions (id, workflow_id) ON DELETE CASCADE;
"""
NO_LINKS = """
ALTER TABLE workflow_transitions
    DROP CONSTRAINT transition_from_own_task, DROP CONSTRAINT transition_to_own_task;
"""

# A grant has no row of its own: its id is made of what it says, and is an integer that JavaScript can hold.
GRANTS = """
CREATE VIEW ticket_access AS
    SELECT hashtextextended(granted.role, ticket.id) & 9007199254740991 AS id,
           ticket.id AS ticket_definition_id, ticket.workflow_id, granted.role,
           ticket.created_by_id, ticket.created_at, ticket.updated_at
    FROM ticket_definitions ticket, unnest(ticket.company_role_access) AS granted (role);
"""


class Migration(migrations.Migration):
    dependencies = [("workflow_design", "0001_initial")]
    operations = [
        migrations.RunSQL(LINKS, NO_LINKS),
        migrations.RunSQL(GRANTS, "DROP VIEW ticket_access"),
    ]
