"""The table of licence faces. Read as `licences.models`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from licences.showing_models import random_id

if TYPE_CHECKING:
    from licences.models import Licence


class FaceLink(Model):
    """A picture of a licence that may be fetched once, soon; it is never kept itself. 证照图片

    `used_for` is the holder's own word, sealed; `used_from` a keyed hash of where it was fetched.
    """

    id = fields.UUIDField(primary_key=True, default=random_id)
    licence_id: UUID
    licence: fields.ForeignKeyRelation[Licence] = fields.ForeignKeyField(
        "licences.Licence", related_name="face_links", on_delete=fields.CASCADE
    )
    session_id = fields.UUIDField()
    form = fields.CharField(8)
    purpose = fields.CharField(16, null=True)
    used_for_sealed: bytes | None = fields.BinaryField(null=True)
    made_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True)
    used_from: UUID | None = fields.UUIDField(null=True)
    fetches = fields.SmallIntField(default=0)

    class Meta:
        table = "licences_face_link"
        indexes = [Index(fields=["expires_at"], name="ix_licences_face_link_expires")]
