from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    """Tortoise 1.1 leaves Meta.constraints out of CREATE TABLE (tortoise/tortoise-orm#2272)."""

    dependencies = [("proactive", "0001_initial")]

    operations = [
        ops.AddConstraint(
            model_name="PolicyVersion",
            constraint=CheckConstraint(
                check="delivery = 'info' OR budget_fen >= 0", name="ck_proactive_version_budget"
            ),
        ),
        ops.AddConstraint(
            model_name="PolicyVersion",
            constraint=UniqueConstraint(
                fields=("policy_id",),
                name="uq_proactive_version_published",
                condition="status = 'published'",
            ),
        ),
        ops.AddConstraint(
            model_name="Budget",
            constraint=CheckConstraint(
                check="reserved_fen >= 0 AND spent_fen >= 0", name="ck_proactive_budget_parts"
            ),
        ),
        ops.AddConstraint(
            model_name="Budget",
            constraint=CheckConstraint(
                check="reserved_fen + spent_fen <= total_fen", name="ck_proactive_budget_total"
            ),
        ),
        ops.AddConstraint(
            model_name="Entitlement",
            constraint=CheckConstraint(
                check="outcome <> 'eligible' OR quantity > 0",
                name="ck_proactive_entitlement_quantity",
            ),
        ),
    ]
