from django.db import migrations

# procrastinate writes down whenever a job's status changes, three times for each that is run, and deletes it all with
# the job. Nobody reads it here, and it took a third of what PostgreSQL does for a job.
EVENTS = {
    "status_events_update": (
        "AFTER UPDATE OF status ON procrastinate_jobs FOR EACH ROW",
        "procrastinate_trigger_function_status_events_update_v1",
    ),
    "status_events_insert": (
        "AFTER INSERT ON procrastinate_jobs FOR EACH ROW WHEN (new.status = 'todo'::procrastinate_job_status)",
        "procrastinate_trigger_function_status_events_insert_v1",
    ),
    "scheduled_events": (
        "AFTER UPDATE OR INSERT ON procrastinate_jobs FOR EACH ROW"
        " WHEN (new.scheduled_at IS NOT NULL AND new.status = 'todo'::procrastinate_job_status)",
        "procrastinate_trigger_function_scheduled_events_v1",
    ),
    "abort_requested_events": (
        "AFTER UPDATE OF abort_requested ON procrastinate_jobs FOR EACH ROW WHEN (new.abort_requested)",
        "procrastinate_trigger_abort_requested_events_procedure_v1",
    ),
}
DROP = "; ".join(
    [
        *(f"DROP TRIGGER IF EXISTS procrastinate_trigger_{name}_v1 ON procrastinate_jobs" for name in EVENTS),
        "DELETE FROM procrastinate_events",
    ]
)
CREATE = "; ".join(
    f"CREATE TRIGGER procrastinate_trigger_{name}_v1 {when} EXECUTE FUNCTION {function}()"
    for name, (when, function) in EVENTS.items()
)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_due_jobs")]

    operations = [migrations.RunSQL(DROP, CREATE)]
