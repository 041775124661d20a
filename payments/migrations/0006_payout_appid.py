from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """In which mini-program a payee is paid. None noted: the merchant's first, as until now."""

    dependencies = [("payments", "0005_unanswered_at")]

    operations = [
        ops.AddField(
            model_name="Disbursement",
            name="appid",
            field=fields.CharField(max_length=64, null=True),
        ),
    ]
