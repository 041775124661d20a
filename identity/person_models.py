"""The tables about a person as a whole: documents, devices, exports, erasure. Read as
`identity.models`."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.kinds import ClaimKind, DocumentType, ExportStatus

if TYPE_CHECKING:
    from identity.models import Account, Person


class IdDocument(Model):
    """A further document of a person, beside the one in its row. A number names one person. 证件"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    person_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="documents", on_delete=fields.RESTRICT, db_index=True
    )
    document_type = fields.CharEnumField(DocumentType, max_length=32)
    number_sealed = fields.BinaryField()
    number_index = fields.UUIDField(unique=True)
    verified_at = fields.DatetimeField()

    class Meta:
        table = "identity_id_document"


class RegisterName(Model):
    """What the population register calls a person, by a keyed hash: the same for all documents."""

    ref_index = fields.UUIDField(primary_key=True)
    person_id: UUID
    person: fields.OneToOneRelation[Person] = fields.OneToOneField(
        "identity.Person", related_name="register_name", on_delete=fields.RESTRICT
    )

    class Meta:
        table = "identity_register_name"


class IdentityClaim(Model):
    """What an account proved that does not fit what is known, until a human settles it. 身份冲突

    `person` is who the account or the number belonged to then; a new name waits here, sealed.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.CharEnumField(ClaimKind, max_length=24)
    account_id = fields.UUIDField()
    person_id = fields.UUIDField()
    name_sealed: bytes | None = fields.BinaryField(null=True)
    raised_at = fields.DatetimeField()
    settled_at: datetime | None = fields.DatetimeField(null=True)
    outcome = fields.CharField(16, null=True)

    class Meta:
        table = "identity_claim"
        constraints = (
            UniqueConstraint(
                fields=("kind", "account_id", "person_id"),
                name="uq_identity_claim_open",
                condition="settled_at IS NULL",
            ),
        )


class LoginDevice(Model):
    """On what a login happened, and when it was last seen, to the hour. 登录设备

    `device_index` is the hash of what the client calls its device, or of the account without that.
    """

    login_id = fields.UUIDField(primary_key=True)
    account_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="devices", on_delete=fields.RESTRICT, db_index=True
    )
    device_index = fields.CharField(64)
    name = fields.CharField(40, default="")
    platform = fields.CharField(16, default="")
    signed_in_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()

    class Meta:
        table = "identity_login_device"


class DataExport(Model):
    """A copy of everything we have about a person, made for that person. 个人信息副本"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    person_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="exports", on_delete=fields.RESTRICT
    )
    client_id = fields.UUIDField()
    status = fields.CharEnumField(ExportStatus, default=ExportStatus.REQUESTED, max_length=16)
    requested_by = fields.CharField(120)
    requested_at = fields.DatetimeField()
    file_id: UUID | None = fields.UUIDField(null=True)
    ready_at: datetime | None = fields.DatetimeField(null=True)
    expires_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_data_export"
        unique_together = (("person_id", "client_id"),)
        constraints = (
            UniqueConstraint(
                fields=("person_id",),
                name="uq_identity_data_export_waiting",
                condition="status = 'requested'",
            ),
            CheckConstraint(
                check="status <> 'ready' OR (file_id IS NOT NULL AND expires_at IS NOT NULL)",
                name="ck_identity_data_export_ready",
            ),
        )


class Erasure(Model):
    """A person asked to be forgotten, and was, as far as the law lets us. 注销与删除

    The row outlives what was erased, as the proof that it was; it names the person by id only.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    person_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="erasures", on_delete=fields.RESTRICT, db_index=True
    )
    division = fields.CharField(12)
    erased_at = fields.DatetimeField()
    returned_at: datetime | None = fields.DatetimeField(null=True)
    items: fields.ReverseRelation[ErasureItem]

    class Meta:
        table = "identity_erasure"
        indexes = [Index(fields=["division", "id"], name="ix_identity_erasure_division")]
        constraints = (
            UniqueConstraint(
                fields=("person_id",),
                name="uq_identity_erasure_in_force",
                condition="returned_at IS NULL",
            ),
        )


class ErasureItem(Model):
    """One class of data in an erasure: gone at once, or kept until a day because of a law."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    erasure_id: UUID
    erasure: fields.ForeignKeyRelation[Erasure] = fields.ForeignKeyField(
        "identity.Erasure", related_name="items", on_delete=fields.RESTRICT, db_index=True
    )
    data_class = fields.CharField(32)
    kept_until: date | None = fields.DateField(null=True)
    erased_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_erasure_item"
        unique_together = (("erasure_id", "data_class"),)
