from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

_APPEND_ONLY = """
CREATE TRIGGER payments_posting_append_only BEFORE UPDATE OR DELETE ON payments_posting
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER payments_notice_append_only BEFORE UPDATE OR DELETE ON payments_notice
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
_NOT_APPEND_ONLY = """
DROP TRIGGER payments_posting_append_only ON payments_posting;
DROP TRIGGER payments_notice_append_only ON payments_notice;
"""


class Migration(migrations.Migration):
    """Tortoise 1.1 leaves Meta.constraints out of CREATE TABLE (tortoise/tortoise-orm#2272)."""

    dependencies = [("payments", "0001_initial"), ("core", "0002_queue_and_audit")]

    operations = [
        ops.AddConstraint(
            model_name="FeeOrder",
            constraint=CheckConstraint(check="amount_fen > 0", name="ck_payments_fee_order_amount"),
        ),
        ops.AddConstraint(
            model_name="FeeOrder",
            constraint=CheckConstraint(
                check="status <> 'paid' OR (trade_no IS NOT NULL AND paid_at IS NOT NULL)",
                name="ck_payments_fee_order_paid",
            ),
        ),
        ops.AddConstraint(
            model_name="PaymentAttempt",
            constraint=UniqueConstraint(
                fields=("order_id", "account_id"),
                name="uq_payments_attempt_live",
                condition="status IN ('requested', 'ready', 'unknown')",
            ),
        ),
        ops.AddConstraint(
            model_name="Posting",
            constraint=CheckConstraint(check="amount_fen <> 0", name="ck_payments_posting_amount"),
        ),
        ops.AddConstraint(
            model_name="Disbursement",
            constraint=CheckConstraint(
                check="amount_fen > 0", name="ck_payments_disbursement_amount"
            ),
        ),
        ops.RunSQL(_APPEND_ONLY, reverse_sql=_NOT_APPEND_ONLY),
    ]
