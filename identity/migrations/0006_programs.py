import functools
from json import dumps, loads
from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from core.ids import new_id


class Migration(migrations.Migration):
    """Programs of agencies: their keys, scopes and quotas."""

    dependencies = [("identity", "0005_staff")]

    initial = False

    operations = [
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
    ]
