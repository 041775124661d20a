import functools
from json import dumps, loads
from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from core.ids import new_id


class Migration(migrations.Migration):
    """Programs, terminals, delegation, and what two persons change about staff."""

    dependencies = [("identity", "0004_channels")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Delegation",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                (
                    "lender",
                    fields.ForeignKeyField(
                        "identity.Operator",
                        source_field="lender_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="lent",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "borrower",
                    fields.ForeignKeyField(
                        "identity.Operator",
                        source_field="borrower_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="borrowed",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "roles",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("from_on", fields.DateField()),
                ("until_on", fields.DateField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity_delegation",
                "app": "identity",
                "constraints": [
                    CheckConstraint(
                        check="until_on >= from_on", name="ck_identity_delegation_days"
                    ),
                    CheckConstraint(
                        check="lender_id <> borrower_id", name="ck_identity_delegation_self"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Roles that one operator lends another until a day. 岗位代理",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MachineClient",
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
                        related_name="machine_clients",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(unique=True, max_length=64)),
                (
                    "scopes",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "networks",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("daily_quota", fields.IntField()),
                ("token_subject", fields.UUIDField(default=uuid4, unique=True)),
                ("epoch", fields.IntField(default=0)),
                (
                    "disabled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "identity_machine_client",
                "app": "identity",
                "constraints": [
                    CheckConstraint(
                        check="daily_quota > 0", name="ck_identity_machine_client_quota"
                    )
                ],
                "pk_attr": "id",
                "table_description": (
                    "A program of an organisation, with what it may do and from where. 机构系统"
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MachineKey",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                (
                    "client",
                    fields.ForeignKeyField(
                        "identity.MachineClient",
                        source_field="client_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="keys",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("thumbprint", fields.CharField(unique=True, max_length=43)),
                (
                    "public_jwk",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity_machine_key",
                "app": "identity",
                "pk_attr": "id",
                "table_description": (
                    "A public key that proves a program to be itself; its name is its "
                    "thumbprint (RFC 7638)."
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MachineUsage",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                (
                    "client",
                    fields.ForeignKeyField(
                        "identity.MachineClient",
                        source_field="client_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="usage",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("on", fields.DateField()),
                ("used", fields.IntField()),
            ],
            options={
                "table": "identity_machine_usage",
                "app": "identity",
                "constraints": [
                    UniqueConstraint(
                        fields=("client_id", "on"), name="uq_identity_machine_usage_day"
                    )
                ],
                "pk_attr": "id",
                "table_description": "How many calls of a program counted on a day in China.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OidcFlow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                ("state_hash", fields.CharField(unique=True, max_length=64)),
                ("browser_hash", fields.CharField(max_length=64)),
                ("nonce", fields.CharField(max_length=64)),
                ("code_verifier_sealed", fields.BinaryField()),
                (
                    "expires_at",
                    fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False),
                ),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity_oidc_flow",
                "app": "identity",
                "pk_attr": "id",
                "table_description": (
                    "A sign-in that was sent to the identity service and has not come back. "
                    "统一认证登录"
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OperatorDevice",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                (
                    "operator",
                    fields.ForeignKeyField(
                        "identity.Operator",
                        source_field="operator_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="devices",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity_operator_device",
                "app": "identity",
                "pk_attr": "id",
                "table_description": (
                    "A browser in which an operator signed in before: strangers' wrong tries "
                    "are not its own."
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OperatorEnrolment",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                (
                    "operator",
                    fields.ForeignKeyField(
                        "identity.Operator",
                        source_field="operator_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="enrolments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code_hash", fields.CharField(unique=True, max_length=64)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity_operator_enrolment",
                "app": "identity",
                "pk_attr": "id",
                "table_description": (
                    "A code with which an operator sets password and authenticator, once. 启用码"
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StaffChange",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                ("kind", fields.CharField(max_length=32)),
                (
                    "arguments",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "proposer",
                    fields.ForeignKeyField(
                        "identity.Operator",
                        source_field="proposer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="changes_proposed",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("proposed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "decider",
                    fields.ForeignKeyField(
                        "identity.Operator",
                        source_field="decider_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="changes_decided",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("outcome", fields.CharField(null=True, max_length=16)),
                ("result", fields.CharField(null=True, max_length=64)),
            ],
            options={
                "table": "identity_staff_change",
                "app": "identity",
                "constraints": [
                    CheckConstraint(
                        check=(
                            "decider_id IS NULL OR decider_id <> proposer_id OR outcome = "
                            "'withdrawn'"
                        ),
                        name="ck_identity_staff_change_two",
                    )
                ],
                "pk_attr": "id",
                "table_description": (
                    "A change that two persons make: one asks, another says yes within a day. "
                    "双人复核"
                ),
            },
            bases=["Model"],
        ),
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
        ops.AddConstraint(
            model_name="Delegation",
            constraint=CheckConstraint(
                check="until_on >= from_on", name="ck_identity_delegation_days"
            ),
        ),
        ops.AddConstraint(
            model_name="Delegation",
            constraint=CheckConstraint(
                check="lender_id <> borrower_id", name="ck_identity_delegation_self"
            ),
        ),
        ops.AddConstraint(
            model_name="MachineClient",
            constraint=CheckConstraint(
                check="daily_quota > 0", name="ck_identity_machine_client_quota"
            ),
        ),
        ops.AddConstraint(
            model_name="MachineUsage",
            constraint=UniqueConstraint(
                fields=("client_id", "on"), name="uq_identity_machine_usage_day"
            ),
        ),
        ops.AddConstraint(
            model_name="StaffChange",
            constraint=CheckConstraint(
                check="decider_id IS NULL OR decider_id <> proposer_id OR outcome = 'withdrawn'",
                name="ck_identity_staff_change_two",
            ),
        ),
        ops.AddField(
            model_name="OperatorSession",
            name="delegation",
            field=fields.ForeignKeyField(
                "identity.Delegation",
                source_field="delegation_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="sessions",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="OperatorSession",
            name="proved_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
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
