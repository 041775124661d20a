from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Portraits are drawn anew when they come; of the registry's own its digest is kept."""

    dependencies = [("licences", "0008_status_lists")]

    operations = [
        ops.AddField(
            model_name="Licence",
            name="portrait_sha256",
            field=fields.CharField(null=True, max_length=64),
        ),
    ]
