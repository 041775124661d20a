from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Whose matter a message is about, where somebody else is told of it too."""

    dependencies = [("notifications", "0004_held")]

    operations = [
        ops.AddField(model_name="Message", name="for_party_id", field=fields.UUIDField(null=True)),
    ]
