"""The tables of what channels tell about accounts. Read as `identity.models`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.kinds import ProviderName

if TYPE_CHECKING:
    from identity.models import Account, Person


class OneTimeProof(Model):
    """The digest of something that may count once: a login code, a phone payload.

    Without `forget_after` it is kept for ever, because the thing itself has no end.
    """

    digest = fields.CharField(64, primary_key=True)
    used_at = fields.DatetimeField()
    forget_after: datetime | None = fields.DatetimeField(null=True, db_index=True)

    class Meta:
        table = "identity_one_time_proof"


class AccountAlias(Model):
    """Another name that a provider has for an account in one app: Alipay's user_id beside open_id.

    The account's own `subject` is the name we use; a login under either is a login to it. 账号别名
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    account_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="aliases", on_delete=fields.RESTRICT, db_index=True
    )
    provider = fields.CharEnumField(ProviderName, max_length=16)
    appid = fields.CharField(64)
    subject = fields.CharField(128)
    learned_at = fields.DatetimeField()

    class Meta:
        table = "identity_account_alias"
        unique_together = (("provider", "appid", "subject"),)


class FaceCheck(Model):
    """Whether the face before an account's phone is that person's, as the platform says. 人脸核身

    `number` is ours, `handle` the platform's: with it the client starts the camera. `purpose` says
    what a pass is for; it is spent once, where it is for more than a level.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    account_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="face_checks", on_delete=fields.RESTRICT, db_index=True
    )
    person_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="face_checks", on_delete=fields.RESTRICT, db_index=True
    )
    purpose = fields.CharField(96)
    number = fields.CharField(32, unique=True)
    handle = fields.CharField(256, null=True)
    started_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)
    passed_at: datetime | None = fields.DatetimeField(null=True)
    spent_at: datetime | None = fields.DatetimeField(null=True)
    reason = fields.CharField(32, default="")

    class Meta:
        table = "identity_face_check"
        constraints = (
            CheckConstraint(
                check="spent_at IS NULL OR passed_at IS NOT NULL",
                name="ck_identity_face_check_spent",
            ),
        )
