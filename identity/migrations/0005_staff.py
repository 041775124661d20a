import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from core.ids import new_id


class Migration(migrations.Migration):
    """Delegation, other ways to sign in, and what two persons change about staff."""

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
    ]
