"""The tables of licences. A blind index is 16 bytes and kept as a UUID, as in `identity.models`."""

import secrets
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.models import Party

REQUEST_ID_LENGTH = 64


class LicenceStatus(StrEnum):
    """What a registry says of a licence, and what the calendar adds to it."""

    VALID = "valid"  # 有效
    NOT_YET_VALID = "not_yet_valid"  # 未生效
    EXPIRED = "expired"  # 已过期
    SUSPENDED = "suspended"  # 已暂扣
    REVOKED = "revoked"  # 已注销


class Outcome(StrEnum):
    """What a verifier was told about a code."""

    VALID = "valid"  # 有效
    INVALID = "invalid"  # 证照无效
    ALREADY_USED = "already_used"  # 二维码已使用


def random_id() -> UUID:
    """128 random bits: what a code stands for must not be in any order."""
    return UUID(bytes=secrets.token_bytes(16))


class LicenceType(Model):
    """A kind of licence: who issues it, and the fields it carries. 证照类型"""

    code = fields.CharField(32, primary_key=True)
    name = fields.CharField(64)
    department = fields.CharField(32)
    field_definitions: list[dict[str, object]] = fields.JSONField()

    class Meta:
        table = "licences_licence_type"


class Licence(Model):
    """A licence issued to a holder, as its registry had it on `registry_date`. 证照

    Number and fields are sealed; the number is found again by its blind index. `status_date` is the
    registry's day of the status alone; none while it has said nothing but that there is a licence.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    holder_id: UUID
    holder: fields.ForeignKeyRelation[Party] = fields.ForeignKeyField(
        "identity.Party", related_name="licences", on_delete=fields.RESTRICT
    )
    licence_type_id: str
    licence_type: fields.ForeignKeyRelation[LicenceType] = fields.ForeignKeyField(
        "licences.LicenceType", related_name="licences", on_delete=fields.RESTRICT
    )
    number_sealed = fields.BinaryField()
    number_index = fields.UUIDField()
    values_sealed = fields.BinaryField()
    issuer = fields.CharField(64)
    department = fields.CharField(32)
    division = fields.CharField(12)
    valid_from: date = fields.DateField()
    valid_until: date | None = fields.DateField(null=True)
    status = fields.CharEnumField(LicenceStatus, default=LicenceStatus.VALID, max_length=16)
    status_date: date | None = fields.DateField(null=True)
    registry_date: date = fields.DateField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "licences_licence"
        unique_together = (("licence_type", "number_index"),)
        indexes = [
            Index(fields=["holder_id"], name="ix_licences_licence_holder"),
            Index(fields=["department", "division"], name="ix_licences_licence_scope"),
        ]
        constraints = (
            CheckConstraint(
                check="valid_until IS NULL OR valid_until >= valid_from",
                name="ck_licences_licence_days",
            ),
        )

    def status_on(self, day: date) -> LicenceStatus:
        """The registry's word, and for a valid licence the calendar's. Both end days count."""
        if self.status is not LicenceStatus.VALID:
            return self.status
        if day < self.valid_from:
            return LicenceStatus.NOT_YET_VALID
        if self.valid_until is not None and day > self.valid_until:
            return LicenceStatus.EXPIRED
        return LicenceStatus.VALID


class Presentation(Model):
    """One showing of one licence: one code, good for one verification and a minute. 亮证

    Bound to the session it was shown in, and to the fields its holder consented to.
    """

    id = fields.UUIDField(primary_key=True, default=random_id)
    licence_id: UUID
    licence: fields.ForeignKeyRelation[Licence] = fields.ForeignKeyField(
        "licences.Licence", related_name="presentations", on_delete=fields.RESTRICT
    )
    session_id = fields.UUIDField()
    shown_by = fields.CharField(120)
    fallback_no = fields.CharField(16, unique=True)
    consented_fields: list[str] = fields.JSONField()
    shown_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    replaced_at: datetime | None = fields.DatetimeField(null=True)
    verified_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "licences_presentation"
        indexes = [
            Index(
                fields=["licence_id", "session_id", "expires_at"],
                name="ix_licences_presentation_living",
            )
        ]


class Verification(Model):
    """What one verifier was told about one code, kept for it, for the holder and for audit. 核验"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    verification_no = fields.CharField(32, unique=True)
    licence_id: UUID
    licence: fields.ForeignKeyRelation[Licence] = fields.ForeignKeyField(
        "licences.Licence", related_name="verifications", on_delete=fields.RESTRICT
    )
    presentation_id: UUID
    presentation: fields.ForeignKeyRelation[Presentation] = fields.ForeignKeyField(
        "licences.Presentation", related_name="verifications", on_delete=fields.RESTRICT
    )
    verifier_id = fields.UUIDField()
    request_id = fields.CharField(REQUEST_ID_LENGTH)
    organisation_id = fields.UUIDField()
    organisation_name = fields.CharField(64)
    purpose = fields.CharField(128)
    outcome = fields.CharEnumField(Outcome, max_length=16)
    reason = fields.CharEnumField(LicenceStatus, max_length=16, null=True)
    fields_shown: list[str] = fields.JSONField()
    answer_sealed: bytes | None = fields.BinaryField(null=True)
    verified_at = fields.DatetimeField()

    class Meta:
        table = "licences_verification"
        unique_together = (("verifier_id", "request_id"),)
        indexes = [
            Index(fields=["licence_id", "id"], name="ix_licences_verification_history"),
            Index(fields=["presentation_id"], name="ix_licences_verification_shown"),
        ]
        constraints = (
            UniqueConstraint(
                fields=("presentation_id",),
                name="uq_licences_verification_once",
                condition="outcome <> 'already_used'",
            ),
        )
