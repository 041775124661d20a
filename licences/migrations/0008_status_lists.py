from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.ids import new_id
from licences.kinds import EntryKind


def _moment(*, null: bool = False) -> object:
    return fields.DatetimeField(null=null, auto_now=False, auto_now_add=False)


def _key(to: str, column: str, related_name: str) -> object:
    return fields.ForeignKeyField(
        to,
        source_field=column,
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=OnDelete.RESTRICT,
    )


class Migration(migrations.Migration):
    """Signed lists of what is suspended or revoked, and who has which place in them."""

    dependencies = [("licences", "0007_faces")]

    operations = [
        ops.CreateModel(
            name="StatusList",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("size", fields.IntField()),
                ("seed", fields.BinaryField()),
                ("token", fields.TextField(default="", unique=False)),
                ("built_at", _moment(null=True)),
                ("created_at", _moment()),
            ],
            options={
                "table": "licences_status_list",
                "app": "licences",
                "pk_attr": "id",
                "table_description": "One signed list of bits, as it was last made. 状态名单",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StatusEntry",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                (
                    "status_list",
                    _key("licences.StatusList", "status_list_id", "entries"),
                ),
                ("position", fields.IntField()),
                ("licence", _key("licences.Licence", "licence_id", "status_entries")),
                (
                    "kind",
                    fields.CharEnumField(
                        description="OFFLINE: offline\nCREDENTIAL: credential",
                        enum_type=EntryKind,
                        max_length=16,
                    ),
                ),
                ("key_thumbprint", fields.CharField(null=True, max_length=43)),
                ("created_at", _moment()),
                ("expires_at", _moment()),
                ("revoked_at", _moment(null=True)),
            ],
            options={
                "table": "licences_status_entry",
                "app": "licences",
                "unique_together": (("status_list", "position"),),
                "indexes": [
                    Index(fields=["licence_id", "id"], name="ix_licences_status_entry_licence")
                ],
                "pk_attr": "id",
                "table_description": "The place of one licence in a list, for its offline codes "
                "or for one credential. 名单位置",
            },
            bases=["Model"],
        ),
    ]
