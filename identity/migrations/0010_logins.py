from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


def _moment(**null: bool) -> object:
    return fields.DatetimeField(auto_now=False, auto_now_add=False, **null)


class Migration(migrations.Migration):
    """Devices of logins, and what the population register calls a person."""

    dependencies = [("identity", "0009_persons")]

    initial = False

    operations = [
        ops.CreateModel(
            name="LoginDevice",
            fields=[
                (
                    "login_id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "identity.Account",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="devices",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("device_index", fields.CharField(max_length=64)),
                ("name", fields.CharField(default="", max_length=40)),
                ("platform", fields.CharField(default="", max_length=16)),
                ("signed_in_at", _moment()),
                ("seen_at", _moment()),
            ],
            options={
                "table": "identity_login_device",
                "app": "identity",
                "pk_attr": "login_id",
                "table_description": (
                    "On what a login happened, and when it was last seen, to the hour. 登录设备"
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RegisterName",
            fields=[
                (
                    "ref_index",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                (
                    "person",
                    fields.OneToOneField(
                        "identity.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="register_name",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "identity_register_name",
                "app": "identity",
                "pk_attr": "ref_index",
                "table_description": (
                    "What the population register calls a person, by a keyed hash"
                    ": the same for all documents."
                ),
            },
            bases=["Model"],
        ),
    ]
