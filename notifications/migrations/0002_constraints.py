from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    """Tortoise 1.1 leaves Meta.constraints out of CREATE TABLE (tortoise/tortoise-orm#2272)."""

    dependencies = [("notifications", "0001_initial")]

    operations = [
        ops.AddConstraint(
            model_name="Consent",
            constraint=CheckConstraint(
                check="spent BETWEEN 0 AND granted", name="ck_notifications_consent_left"
            ),
        ),
    ]
