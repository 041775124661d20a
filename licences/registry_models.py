"""What we know of the registries we ask, and of what is on a holder's screen. `licences.models`."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.ids import new_id

if TYPE_CHECKING:
    from licences.models import Licence


class RegistryState(Model):
    """How far we have read one registry's list of changes, and since when it does not answer.

    All that it told up to `synced_at` is here: what it did not name until then had not changed.
    """

    name = fields.CharField(32, primary_key=True)
    cursor = fields.CharField(64, default="")
    synced_at: datetime | None = fields.DatetimeField(null=True)
    next_at = fields.DatetimeField()
    tries = fields.SmallIntField(default=0)
    failing_since: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "licences_registry_state"


class HolderFetch(Model):
    """What one registry has of one holder is to be asked for, again and again. 按人取证"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    registry = fields.CharField(32)
    holder_id = fields.UUIDField()
    next_at = fields.DatetimeField()
    tries = fields.SmallIntField(default=0)
    fetched_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "licences_holder_fetch"
        unique_together = (("holder_id", "registry"),)
        indexes = [Index(fields=["next_at"], name="ix_licences_holder_fetch_due")]


class WalletMark(Model):
    """How one person has a licence lie in the wallet. None: where all others lie. 卡包排列"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    person_id = fields.UUIDField()
    licence_id: UUID
    licence: fields.ForeignKeyRelation[Licence] = fields.ForeignKeyField(
        "licences.Licence", related_name="marks", on_delete=fields.CASCADE, db_index=True
    )
    pinned = fields.BooleanField(default=False)
    hidden = fields.BooleanField(default=False)
    position: int | None = fields.SmallIntField(null=True)

    class Meta:
        table = "licences_wallet_mark"
        unique_together = (("person_id", "licence"),)


class ExpiryWarning(Model):
    """A holder was told that a licence ends so many days from then; told once. 到期提醒"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    licence_id: UUID
    licence: fields.ForeignKeyRelation[Licence] = fields.ForeignKeyField(
        "licences.Licence", related_name="expiry_warnings", on_delete=fields.CASCADE
    )
    valid_until: date = fields.DateField()
    days = fields.SmallIntField()
    warned_at = fields.DatetimeField()

    class Meta:
        table = "licences_expiry_warning"
        unique_together = (("licence", "valid_until", "days"),)
