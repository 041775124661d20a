from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The work list in the order in which it is claimed: at eight all that waited overnight is due
    at once, and was sorted anew for each batch."""

    dependencies = [("notifications", "0005_followers")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX ix_notifications_delivery_claim ON notifications_delivery"
            " (urgent DESC, due_at, id) WHERE status = 'waiting'",
            reverse_sql="DROP INDEX ix_notifications_delivery_claim",
        ),
    ]
