from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Sessions in which somebody acts for another, found by whom they act for."""

    dependencies = [("identity", "0010_logins")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX ix_identity_session_taken_up ON identity_session (party_id)"
            " WHERE ended_at IS NULL AND login_id <> id",
            reverse_sql="DROP INDEX ix_identity_session_taken_up",
        ),
    ]
