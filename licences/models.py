"""The tables of licences. A blind index is 16 bytes and kept as a UUID, as in `identity.models`."""

from datetime import date, datetime
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.kinds import PartyKind
from identity.models import Party
from licences.face_models import FaceLink
from licences.kinds import LicenceStatus, Outcome, Way
from licences.registry_models import ExpiryWarning, HolderFetch, RegistryState, WalletMark
from licences.showing_models import (
    REQUEST_ID_LENGTH,
    LegalBasis,
    Presentation,
    UseConsent,
    Verification,
    VerificationRequest,
    random_id,
)
from licences.status_models import StatusEntry, StatusList

__all__ = [
    "REQUEST_ID_LENGTH",
    "ExpiryWarning",
    "FaceLink",
    "HolderFetch",
    "LegalBasis",
    "Licence",
    "LicenceStatus",
    "LicenceType",
    "Outcome",
    "Presentation",
    "RegistryState",
    "StatusEntry",
    "StatusList",
    "UseConsent",
    "Verification",
    "VerificationRequest",
    "WalletMark",
    "Way",
    "random_id",
]


class LicenceType(Model):
    """A kind of licence: who issues it, and the fields it carries. 证照类型

    `type_code` is what the rest of the country calls it (GB/T 36904); what a registry last said
    longer ago than `fresh_hours` is marked as stale, and `notice` stands under each licence.
    One of `high_stakes` is shown only to a verifier that asks first and says what for.
    """

    code = fields.CharField(32, primary_key=True)
    name = fields.CharField(64)
    department = fields.CharField(32)
    field_definitions: list[dict[str, object]] = fields.JSONField()
    holder_kind = fields.CharEnumField(PartyKind, default=PartyKind.PERSON, max_length=16)
    type_code = fields.CharField(21, null=True, unique=True)
    fresh_hours: int | None = fields.IntField(null=True)
    notice = fields.CharField(160, default="")
    high_stakes = fields.BooleanField(default=False)

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
    identifier = fields.CharField(128, null=True, unique=True)
    registry = fields.CharField(32, default="")
    region = fields.CharField(12, default="")
    region_name = fields.CharField(32, default="")
    portrait_id: UUID | None = fields.UUIDField(null=True)
    portrait_sha256 = fields.CharField(64, null=True)  # of the registry's own picture
    checked_at: datetime | None = fields.DatetimeField(null=True)
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
