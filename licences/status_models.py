"""The tables behind status lists. Read as `licences.models`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.ids import new_id
from licences.kinds import EntryKind

if TYPE_CHECKING:
    from licences.models import Licence


class StatusList(Model):
    """One signed list of bits, as it was last made. 状态名单

    From `seed` come the decoys: what stands at places that belong to nobody.
    """

    id = fields.IntField(primary_key=True)
    size = fields.IntField()
    seed = fields.BinaryField()
    token = fields.TextField(default="")
    built_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "licences_status_list"


class StatusEntry(Model):
    """The place of one licence in a list, for its offline codes or for one credential. 名单位置

    A credential's place is its own, so that two of them do not tell of one licence; it also knows
    which key the credential is bound to, and whether its holder took it back.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    status_list_id: int
    status_list: fields.ForeignKeyRelation[StatusList] = fields.ForeignKeyField(
        "licences.StatusList", related_name="entries", on_delete=fields.RESTRICT
    )
    position = fields.IntField()
    licence_id: UUID
    licence: fields.ForeignKeyRelation[Licence] = fields.ForeignKeyField(
        "licences.Licence", related_name="status_entries", on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(EntryKind, max_length=16)
    key_thumbprint = fields.CharField(43, null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    revoked_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "licences_status_entry"
        unique_together = (("status_list", "position"),)
        indexes = [Index(fields=["licence_id", "id"], name="ix_licences_status_entry_licence")]
