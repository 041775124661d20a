from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """When an asking stayed without an answer: until it is settled nothing else is proved."""

    dependencies = [("payments", "0004_confirm_by")]

    operations = [
        ops.AddField(
            model_name="Disbursement",
            name="unanswered_at",
            field=fields.DatetimeField(null=True),
        ),
    ]
