from django.db import migrations

# procrastinate's own index has waiting jobs by priority and id: looking for one that is due goes through all that are
# not due yet, and every open task with a due time has one.
DUE = """
CREATE INDEX tenants_jobs_due ON procrastinate_jobs (priority, (COALESCE(scheduled_at, '-infinity'::timestamptz)), id)
    WHERE status = 'todo';
CREATE INDEX tenants_jobs_lock ON procrastinate_jobs (lock)
    WHERE lock IS NOT NULL AND status IN ('todo', 'doing');
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_counters"), ("procrastinate", "0041_post_retry_failed_job")]

    operations = [migrations.RunSQL(DUE, "DROP INDEX tenants_jobs_due; DROP INDEX tenants_jobs_lock")]
