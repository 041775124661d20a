from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Each link of the audit chain says which suite of cryptography made it."""

    dependencies = [("core", "0002_queue_and_audit")]

    operations = [
        ops.AddField(model_name="AuditSeal", name="suite", field=fields.SmallIntField(default=1)),
    ]
