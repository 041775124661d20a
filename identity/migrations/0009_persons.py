from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from core.ids import new_id
from identity.kinds import ClaimKind, DocumentType, ExportStatus

_DATA_EXPORT_WAITING = UniqueConstraint(
    fields=("person_id",), name="uq_identity_data_export_waiting", condition="status = 'requested'"
)
_DATA_EXPORT_READY = CheckConstraint(
    check="status <> 'ready' OR (file_id IS NOT NULL AND expires_at IS NOT NULL)",
    name="ck_identity_data_export_ready",
)
_ERASURE_IN_FORCE = UniqueConstraint(
    fields=("person_id",), name="uq_identity_erasure_in_force", condition="returned_at IS NULL"
)
_CLAIM_OPEN = UniqueConstraint(
    fields=("kind", "account_id", "person_id"),
    name="uq_identity_claim_open",
    condition="settled_at IS NULL",
)


def _id() -> object:
    return fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)


def _moment(**null: bool) -> object:
    return fields.DatetimeField(auto_now=False, auto_now_add=False, **null)


class Migration(migrations.Migration):
    """Documents, conflicts, copies and erasure: one person across channels."""

    dependencies = [("identity", "0008_acting")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DataExport",
            fields=[
                ("id", _id()),
                (
                    "person",
                    fields.ForeignKeyField(
                        "identity.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="exports",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("client_id", fields.UUIDField()),
                (
                    "status",
                    fields.CharEnumField(
                        default=ExportStatus.REQUESTED,
                        description=(
                            "REQUESTED: requested\nREADY: ready\nEXPIRED: expired\nFAILED: failed"
                        ),
                        enum_type=ExportStatus,
                        max_length=16,
                    ),
                ),
                ("requested_by", fields.CharField(max_length=120)),
                ("requested_at", _moment()),
                ("file_id", fields.UUIDField(null=True)),
                ("ready_at", _moment(null=True)),
                ("expires_at", _moment(null=True)),
            ],
            options={
                "table": "identity_data_export",
                "app": "identity",
                "unique_together": (("person_id", "client_id"),),
                "constraints": [_DATA_EXPORT_WAITING, _DATA_EXPORT_READY],
                "pk_attr": "id",
                "table_description": (
                    "A copy of everything we have about a person, made for that p"
                    "erson. 个人信息副本"
                ),
            },
            bases=["Model"],
        ),
        ops.AddConstraint(model_name="DataExport", constraint=_DATA_EXPORT_WAITING),
        ops.AddConstraint(model_name="DataExport", constraint=_DATA_EXPORT_READY),
        ops.CreateModel(
            name="Erasure",
            fields=[
                ("id", _id()),
                (
                    "person",
                    fields.ForeignKeyField(
                        "identity.Person",
                        source_field="person_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="erasures",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("division", fields.CharField(max_length=12)),
                ("erased_at", _moment()),
                (
                    "returned_at",
                    _moment(null=True),
                ),
            ],
            options={
                "table": "identity_erasure",
                "app": "identity",
                "constraints": [_ERASURE_IN_FORCE],
                "indexes": [Index(fields=["division", "id"], name="ix_identity_erasure_division")],
                "pk_attr": "id",
                "table_description": (
                    "A person asked to be forgotten, and was, as far as the law lets us. 注销与删除"
                ),
            },
            bases=["Model"],
        ),
        ops.AddConstraint(model_name="Erasure", constraint=_ERASURE_IN_FORCE),
        ops.CreateModel(
            name="ErasureItem",
            fields=[
                ("id", _id()),
                (
                    "erasure",
                    fields.ForeignKeyField(
                        "identity.Erasure",
                        source_field="erasure_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("data_class", fields.CharField(max_length=32)),
                ("kept_until", fields.DateField(null=True)),
                ("erased_at", _moment(null=True)),
            ],
            options={
                "table": "identity_erasure_item",
                "app": "identity",
                "unique_together": (("erasure_id", "data_class"),),
                "pk_attr": "id",
                "table_description": (
                    "One class of data in an erasure: gone at once, or kept until"
                    " a day because of a law."
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdDocument",
            fields=[
                ("id", _id()),
                (
                    "person",
                    fields.ForeignKeyField(
                        "identity.Person",
                        source_field="person_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="documents",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "document_type",
                    fields.CharEnumField(
                        description=(
                            "RESIDENT_ID: resident_id\n"
                            "HMT_RESIDENCE: hmt_residence_permit\n"
                            "HM_TRAVEL: hm_travel_permit\n"
                            "TW_TRAVEL: tw_travel_permit\n"
                            "FOREIGN_RESIDENCE: foreign_permanent_residence"
                        ),
                        enum_type=DocumentType,
                        max_length=32,
                    ),
                ),
                ("number_sealed", fields.BinaryField()),
                ("number_index", fields.UUIDField(unique=True)),
                ("verified_at", _moment()),
            ],
            options={
                "table": "identity_id_document",
                "app": "identity",
                "pk_attr": "id",
                "table_description": (
                    "A further document of a person, beside the one in its row. A"
                    " number names one person. 证件"
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdentityClaim",
            fields=[
                ("id", _id()),
                (
                    "kind",
                    fields.CharEnumField(
                        description=(
                            "SECOND_PERSON: second_person\n"
                            "NAME_DIFFERS: name_differs\n"
                            "TWO_RECORDS: two_records"
                        ),
                        enum_type=ClaimKind,
                        max_length=24,
                    ),
                ),
                ("account_id", fields.UUIDField()),
                ("person_id", fields.UUIDField()),
                ("name_sealed", fields.BinaryField(null=True)),
                ("raised_at", _moment()),
                ("settled_at", _moment(null=True)),
                ("outcome", fields.CharField(null=True, max_length=16)),
            ],
            options={
                "table": "identity_claim",
                "app": "identity",
                "constraints": [_CLAIM_OPEN],
                "pk_attr": "id",
                "table_description": (
                    "What an account proved that does not fit what is known, unti"
                    "l a human settles it. 身份冲突"
                ),
            },
            bases=["Model"],
        ),
        ops.AddConstraint(model_name="IdentityClaim", constraint=_CLAIM_OPEN),
    ]
