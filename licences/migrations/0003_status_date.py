from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """What a registry says of a status is as old as that word, not as what it says of the rest."""

    dependencies = [("licences", "0002_constraints")]

    operations = [
        ops.AddField(
            model_name="Licence",
            name="status_date",
            field=fields.DateField(null=True),
        ),
    ]
