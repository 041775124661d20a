"""The tables of showing and checking. Read as `licences.models`."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.ids import new_id
from licences.kinds import LicenceStatus, Outcome, Way

if TYPE_CHECKING:
    from licences.models import Licence

REQUEST_ID_LENGTH = 64
REFERENCE_LENGTH = 64


def random_id() -> UUID:
    """128 random bits: what a code stands for must not be in any order."""
    return UUID(bytes=secrets.token_bytes(16))


class Presentation(Model):
    """One showing: one code, good for one verification and a minute. 亮证

    Bound to the session it was shown in, and to the fields its holder consented to. `others` are
    the further licences of a set, each {"licence_id", "fields"}; none for most.
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
    others: list[dict[str, object]] | None = fields.JSONField(null=True)
    shown_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    replaced_at: datetime | None = fields.DatetimeField(null=True)
    verified_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "licences_presentation"
        indexes = [
            Index(fields=["session_id", "expires_at"], name="ix_licences_presentation_session")
        ]


class Verification(Model):
    """What somebody was told about one licence, kept for it, for the holder and for audit. 核验

    Of a set the first row carries the answer; the others name it in `set_id` and have no request
    id. `asked_id` is the verifier's own request that the holder agreed to; `basis_id` the consent
    or the legal basis under which a licence was taken for the matter `reference_no`.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    verification_no = fields.CharField(32, unique=True)
    licence_id: UUID
    licence: fields.ForeignKeyRelation[Licence] = fields.ForeignKeyField(
        "licences.Licence", related_name="verifications", on_delete=fields.RESTRICT
    )
    presentation_id: UUID | None
    presentation: fields.ForeignKeyNullableRelation[Presentation] = fields.ForeignKeyField(
        "licences.Presentation", related_name="verifications", null=True, on_delete=fields.RESTRICT
    )
    way = fields.CharEnumField(Way, default=Way.SHOWN, max_length=16)
    set_id: UUID | None = fields.UUIDField(null=True)
    asked_id: UUID | None = fields.UUIDField(null=True)
    basis_id: UUID | None = fields.UUIDField(null=True)
    reference_no = fields.CharField(REFERENCE_LENGTH, null=True)
    verifier_id = fields.UUIDField()
    request_id = fields.CharField(REQUEST_ID_LENGTH, null=True)
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
                name="uq_licences_verification_shown",
                condition="outcome <> 'already_used' AND set_id IS NULL",
            ),
            UniqueConstraint(
                fields=("asked_id",),
                name="uq_licences_verification_asked",
                condition="asked_id IS NOT NULL AND set_id IS NULL",
            ),
        )


class VerificationRequest(Model):
    """A verifier asks first: for which licences and fields, what for, until when. 核验请求

    Behind a code that the verifier shows and the holder scans. It is answered or refused once.
    `items` are {"licence_type", "fields"}.
    """

    id = fields.UUIDField(primary_key=True, default=random_id)
    verifier_id = fields.UUIDField()
    request_id = fields.CharField(REQUEST_ID_LENGTH)
    organisation_id = fields.UUIDField()
    organisation_name = fields.CharField(64)
    purpose = fields.CharField(128)
    reference_no = fields.CharField(REFERENCE_LENGTH, null=True)
    items: list[dict[str, object]] = fields.JSONField()
    asked_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    answered_at: datetime | None = fields.DatetimeField(null=True)
    refused_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "licences_verification_request"
        unique_together = (("verifier_id", "request_id"),)


class UseConsent(Model):
    """A holder lets one organisation take one licence, for its purpose, until a day. 用证授权"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    licence_id: UUID
    licence: fields.ForeignKeyRelation[Licence] = fields.ForeignKeyField(
        "licences.Licence", related_name="use_consents", on_delete=fields.RESTRICT
    )
    organisation_id = fields.UUIDField()
    organisation_name = fields.CharField(64)
    purpose = fields.CharField(128)
    fields_agreed: list[str] = fields.JSONField()
    given_by = fields.CharField(120)
    given_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    revoked_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "licences_use_consent"
        indexes = [Index(fields=["licence_id", "id"], name="ix_licences_use_consent_licence")]


class LegalBasis(Model):
    """The law under which an organisation takes a kind of licence without asking. 用证依据"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organisation_id = fields.UUIDField()
    licence_type_id = fields.CharField(32)
    fields_allowed: list[str] = fields.JSONField()
    citation = fields.CharField(256)
    registered_by = fields.CharField(120)
    registered_at = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "licences_legal_basis"
        unique_together = (("organisation_id", "licence_type_id", "citation"),)
