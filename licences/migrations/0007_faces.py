from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from licences.showing_models import random_id


def _moment(*, null: bool = False) -> object:
    return fields.DatetimeField(null=null, auto_now=False, auto_now_add=False)


class Migration(migrations.Migration):
    """Links to pictures of licences: one use, a minute. No picture is kept."""

    dependencies = [("licences", "0006_showing")]

    operations = [
        ops.CreateModel(
            name="FaceLink",
            fields=[
                (
                    "id",
                    fields.UUIDField(
                        primary_key=True, default=random_id, unique=True, db_index=True
                    ),
                ),
                (
                    "licence",
                    fields.ForeignKeyField(
                        "licences.Licence",
                        source_field="licence_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="face_links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("session_id", fields.UUIDField()),
                ("form", fields.CharField(max_length=8)),
                ("purpose", fields.CharField(null=True, max_length=16)),
                ("used_for_sealed", fields.BinaryField(null=True)),
                ("made_at", _moment()),
                ("expires_at", _moment()),
                ("used_at", _moment(null=True)),
                ("used_from", fields.UUIDField(null=True)),
                ("fetches", fields.SmallIntField(default=0)),
            ],
            options={
                "table": "licences_face_link",
                "app": "licences",
                "indexes": [Index(fields=["expires_at"], name="ix_licences_face_link_expires")],
                "pk_attr": "id",
                "table_description": "A picture of a licence that may be fetched once, soon; "
                "it is never kept itself. 证照图片",
            },
            bases=["Model"],
        ),
    ]
