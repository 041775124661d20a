"""The table of codes that were sent to phones. Read as `identity.models`."""

from datetime import datetime
from uuid import uuid4

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model


class PhoneChallenge(Model):
    """A code sent to a phone for who asked: only they know the id. 短信验证

    Neither number nor code is kept, only keyed digests of them. `tries` counts every guess.
    """

    id = fields.UUIDField(primary_key=True, default=uuid4)
    phone_index = fields.UUIDField()
    code_digest = fields.UUIDField()
    tries = fields.SmallIntField(default=0)
    asked_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)
    used_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_phone_challenge"
        constraints = (
            CheckConstraint(check="tries >= 0", name="ck_identity_phone_challenge_tries"),
        )
