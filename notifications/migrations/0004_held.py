from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from notifications.models import DeliveryStatus


class Migration(migrations.Migration):
    """A delivery may be held; the column stays as it is, only its comment names one word more."""

    dependencies = [("notifications", "0003_pushes")]

    operations = [
        ops.AlterField(
            model_name="Delivery",
            name="status",
            field=fields.CharEnumField(
                default=DeliveryStatus.WAITING,
                description="WAITING: waiting\nHELD: held\nCLAIMED: claimed\nSENDING: sending\n"
                "SENT: sent\nUNKNOWN: unknown\nSUPPRESSED: suppressed\nFAILED: failed",
                enum_type=DeliveryStatus,
                max_length=16,
            ),
        ),
    ]
