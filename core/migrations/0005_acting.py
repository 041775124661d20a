from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Who acted for whom is found from both sides. Only entries about acting are in the indexes."""

    dependencies = [("core", "0004_keys_end")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX ix_core_audit_entry_acted_for ON core_audit_entry"
            " (split_part(actor, ' for ', 2), id) WHERE actor LIKE '% for %'",
            reverse_sql="DROP INDEX ix_core_audit_entry_acted_for",
        ),
        ops.RunSQL(
            "CREATE INDEX ix_core_audit_entry_acted_by ON core_audit_entry"
            " (split_part(actor, ' for ', 1), id) WHERE actor LIKE '% for %'",
            reverse_sql="DROP INDEX ix_core_audit_entry_acted_by",
        ),
    ]
