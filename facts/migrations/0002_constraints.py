from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    """Tortoise 1.1 leaves Meta.constraints out of CREATE TABLE (tortoise/tortoise-orm#2272)."""

    dependencies = [("facts", "0001_initial")]

    operations = [
        ops.AddConstraint(
            model_name="FactValue",
            constraint=CheckConstraint(
                check="(plain IS NULL) <> (sealed IS NULL)", name="ck_facts_value_one_form"
            ),
        ),
    ]
