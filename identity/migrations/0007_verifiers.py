import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from core.ids import new_id


class Migration(migrations.Migration):
    """Verifiers who join by invitation, and terminals."""

    dependencies = [("identity", "0006_programs")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Terminal",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "identity.VerifierOrganisation",
                        source_field="organisation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="terminals",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=64)),
                ("code_hash", fields.CharField(unique=True, max_length=64)),
                ("code_expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("thumbprint", fields.CharField(null=True, unique=True, max_length=43)),
                (
                    "public_jwk",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "enrolled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity_terminal",
                "app": "identity",
                "pk_attr": "id",
                "table_description": (
                    "A device of a verifying organisation, known by the key that it made "
                    "itself. 核验终端"
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TerminalSession",
            fields=[
                (
                    "session",
                    fields.OneToOneField(
                        "identity.Session",
                        source_field="session_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="binding",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "terminal",
                    fields.ForeignKeyField(
                        "identity.Terminal",
                        source_field="terminal_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="bindings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "identity_terminal_session",
                "app": "identity",
                "pk_attr": "session_id",
                "table_description": (
                    "A verifier's session that is worth something at one device only."
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="VerifierInvitation",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "identity.VerifierOrganisation",
                        source_field="organisation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="invitations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code_hash", fields.CharField(unique=True, max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity_verifier_invitation",
                "app": "identity",
                "pk_attr": "id",
                "table_description": (
                    "A code with which one person joins a verifying organisation. 核验员邀请"
                ),
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Verifier",
            options={
                "table": "identity_verifier",
                "app": "identity",
                "constraints": [
                    CheckConstraint(
                        check=(
                            "(account_id IS NULL) = (login_name IS NOT NULL) AND (login_name "
                            "IS NULL) = (password_hash IS NULL)"
                        ),
                        name="ck_identity_verifier_how",
                    ),
                    UniqueConstraint(
                        fields=("organisation_id", "account_id"),
                        name="uq_identity_verifier_account",
                    ),
                ],
                "pk_attr": "id",
                "table_description": (
                    "Who checks licences for an organisation: by a login name, or by an "
                    "own account. 核验员"
                ),
            },
        ),
        ops.AlterField(
            model_name="Verifier",
            name="login_name",
            field=fields.CharField(null=True, unique=True, max_length=64),
        ),
        ops.AlterField(
            model_name="Verifier",
            name="password_hash",
            field=fields.CharField(null=True, max_length=128),
        ),
        ops.AddField(
            model_name="Verifier",
            name="account",
            field=fields.ForeignKeyField(
                "identity.Account",
                source_field="account_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="verifiers",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddConstraint(
            model_name="Verifier",
            constraint=CheckConstraint(
                check=(
                    "(account_id IS NULL) = (login_name IS NOT NULL) AND (login_name IS NULL) "
                    "= (password_hash IS NULL)"
                ),
                name="ck_identity_verifier_how",
            ),
        ),
        ops.AddConstraint(
            model_name="Verifier",
            constraint=UniqueConstraint(
                fields=("organisation_id", "account_id"), name="uq_identity_verifier_account"
            ),
        ),
        ops.AddField(
            model_name="VerifierOrganisation",
            name="terminals_only",
            field=fields.BooleanField(default=False),
        ),
    ]
