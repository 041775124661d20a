from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


def _reference(
    to: str, column: str, related_name: str, on_delete: OnDelete, **null: bool
) -> object:
    return fields.ForeignKeyField(
        to,
        source_field=column,
        db_index=True,
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=on_delete,
        **null,
    )


class Migration(migrations.Migration):
    """References that are searched by, and the successors that wait to be forgotten."""

    dependencies = [("identity", "0002_constraints")]

    operations = [
        ops.AlterField(
            model_name="Account",
            name="person",
            field=_reference(
                "identity.Person", "person_id", "accounts", OnDelete.RESTRICT, null=True
            ),
        ),
        ops.AlterField(
            model_name="LegalEntity",
            name="legal_representative",
            field=_reference(
                "identity.Person",
                "legal_representative_id",
                "represented",
                OnDelete.RESTRICT,
                null=True,
            ),
        ),
        ops.AlterField(
            model_name="RefreshToken",
            name="session",
            field=_reference("identity.Session", "session_id", "refresh_tokens", OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name="Session",
            name="account",
            field=_reference(
                "identity.Account", "account_id", "sessions", OnDelete.RESTRICT, null=True
            ),
        ),
        ops.RunSQL(
            "CREATE INDEX ix_identity_refresh_token_successor ON identity_refresh_token (used_at)"
            " WHERE successor_sealed IS NOT NULL",
            reverse_sql="DROP INDEX ix_identity_refresh_token_successor",
        ),
        ops.RunSQL(
            "CREATE INDEX ix_identity_session_living ON identity_session (expires_at)"
            " WHERE ended_at IS NULL",
            reverse_sql="DROP INDEX ix_identity_session_living",
        ),
    ]
