from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The answers that wait to be forgotten are few, among all the checks there ever were."""

    dependencies = [("licences", "0003_status_date")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX ix_licences_verification_answer ON licences_verification (verified_at)"
            " WHERE answer_sealed IS NOT NULL",
            reverse_sql="DROP INDEX ix_licences_verification_answer",
        ),
    ]
