from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Keys of jobs are forgotten by age."""

    dependencies = [("core", "0003_suites")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX ix_core_job_key_created ON core_job_key (created_at)",
            reverse_sql="DROP INDEX ix_core_job_key_created",
        ),
    ]
