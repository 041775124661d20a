from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Until when a payee may take what waits in the wallet."""

    dependencies = [("payments", "0003_alipay_payouts")]

    operations = [
        ops.AddField(
            model_name="Disbursement",
            name="confirm_by",
            field=fields.DatetimeField(null=True),
        ),
    ]
