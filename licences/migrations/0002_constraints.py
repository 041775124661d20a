from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    """Tortoise 1.1 leaves Meta.constraints out of CREATE TABLE (tortoise/tortoise-orm#2272)."""

    dependencies = [("licences", "0001_initial")]

    operations = [
        ops.AddConstraint(
            model_name="Licence",
            constraint=CheckConstraint(
                check="valid_until IS NULL OR valid_until >= valid_from",
                name="ck_licences_licence_days",
            ),
        ),
        ops.AddConstraint(
            model_name="Verification",
            constraint=UniqueConstraint(
                fields=("presentation_id",),
                name="uq_licences_verification_once",
                condition="outcome <> 'already_used'",
            ),
        ),
    ]
