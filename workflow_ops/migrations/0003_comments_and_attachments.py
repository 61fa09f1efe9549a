"""Comments and files of tickets, which never change."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION ticket_additions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Comments and attachments are append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END
$$;
CREATE TRIGGER comments_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ticket_comments
    FOR EACH STATEMENT EXECUTE FUNCTION ticket_additions_refuse_change();
CREATE TRIGGER attachments_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ticket_attachments
    FOR EACH STATEMENT EXECUTE FUNCTION ticket_additions_refuse_change();
-- Most files are compressed already: don't try it again.
ALTER TABLE ticket_attachments ALTER COLUMN content SET STORAGE EXTERNAL;
"""
BACKWARDS = """
DROP TRIGGER attachments_append_only ON ticket_attachments;
DROP TRIGGER comments_append_only ON ticket_comments;
DROP FUNCTION ticket_additions_refuse_change();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('workflow_ops', '0002_version_tasks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='workflowinstance',
            name='visible_fields',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), default=list, help_text='fields that the requester sees', size=None),
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('name', models.CharField(max_length=150)),
                ('content_type', models.CharField(help_text='what it is served as', max_length=100)),
                ('size', models.PositiveIntegerField(help_text='bytes')),
                ('sha256', models.BinaryField(max_length=32)),
                ('content', models.BinaryField()),
                ('created_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='%(class)ss', to='workflow_ops.ticket')),
            ],
            options={
                'db_table': 'ticket_attachments',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('text', models.TextField()),
                ('created_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='%(class)ss', to='workflow_ops.ticket')),
            ],
            options={
                'db_table': 'ticket_comments',
                'ordering': ['id'],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
