from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Tortoise forgets the key of a table whose key is a relation; this says it again."""

    dependencies = [("identity", "0011_taken_up")]

    operations = [
        ops.AlterModelOptions(
            name="TerminalSession",
            options={
                "table": "identity_terminal_session",
                "app": "identity",
                "pk_attr": "session_id",
                "table_description": (
                    "A verifier's session that is worth something at one device only."
                ),
            },
        ),
    ]
