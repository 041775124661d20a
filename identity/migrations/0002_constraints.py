from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    """Tortoise 1.1 leaves Meta.constraints out of CREATE TABLE (tortoise/tortoise-orm#2272)."""

    dependencies = [("identity", "0001_initial")]

    operations = [
        ops.AddConstraint(
            model_name="Person",
            constraint=CheckConstraint(check="party_id = id", name="ck_identity_person_party"),
        ),
        ops.AddConstraint(
            model_name="Person",
            constraint=CheckConstraint(
                check="died_on IS NULL OR NOT alive", name="ck_identity_person_died"
            ),
        ),
        ops.AddConstraint(
            model_name="LegalEntity",
            constraint=CheckConstraint(
                check="party_id = id", name="ck_identity_legal_entity_party"
            ),
        ),
        ops.AddConstraint(
            model_name="Account",
            constraint=CheckConstraint(
                check="level BETWEEN 0 AND 3", name="ck_identity_account_level"
            ),
        ),
        ops.AddConstraint(
            model_name="Account",
            constraint=CheckConstraint(
                check="level < 2 OR person_id IS NOT NULL", name="ck_identity_account_real_name"
            ),
        ),
        ops.AddConstraint(
            model_name="PhoneContact",
            constraint=UniqueConstraint(
                fields=("account_id",),
                name="uq_identity_phone_contact_living",
                condition="ended_at IS NULL",
            ),
        ),
        ops.AddConstraint(
            model_name="ActingGrant",
            constraint=CheckConstraint(
                check="until_on IS NULL OR until_on >= from_on",
                name="ck_identity_acting_grant_days",
            ),
        ),
        ops.AddConstraint(
            model_name="ActingGrant",
            constraint=CheckConstraint(
                check="agent_id <> party_id", name="ck_identity_acting_grant_self"
            ),
        ),
        ops.AddConstraint(
            model_name="ActingGrant",
            constraint=UniqueConstraint(
                fields=("agent_id", "party_id", "kind"),
                name="uq_identity_acting_grant_living",
                condition="revoked_at IS NULL",
            ),
        ),
        ops.AddConstraint(
            model_name="Session",
            constraint=CheckConstraint(
                check="(account_id IS NULL) <> (verifier_id IS NULL)",
                name="ck_identity_session_whose",
            ),
        ),
        ops.AddConstraint(
            model_name="RefreshToken",
            constraint=UniqueConstraint(
                fields=("session_id",),
                name="uq_identity_refresh_token_living",
                condition="used_at IS NULL",
            ),
        ),
    ]
