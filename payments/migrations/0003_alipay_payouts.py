from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from payments.kinds import PayoutChannel


class Migration(migrations.Migration):
    """The column says which wallets there are; there is one more."""

    dependencies = [("payments", "0002_constraints")]

    operations = [
        ops.AlterField(
            model_name="Disbursement",
            name="channel",
            field=fields.CharEnumField(
                description="WECHAT: wechat_transfer\nALIPAY: alipay_transfer\nBANK: bank",
                enum_type=PayoutChannel,
                max_length=24,
            ),
        ),
    ]
