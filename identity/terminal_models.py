"""The tables of how verifiers join, and of the devices they work at. Read as `identity.models`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from core.ids import new_id
from identity.staff_models import VerifierOrganisation

if TYPE_CHECKING:
    from identity.models import Session


class VerifierInvitation(Model):
    """A code with which one person joins a verifying organisation. 核验员邀请"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organisation_id: UUID
    organisation: fields.ForeignKeyRelation[VerifierOrganisation] = fields.ForeignKeyField(
        "identity.VerifierOrganisation", related_name="invitations", on_delete=fields.RESTRICT
    )
    code_hash = fields.CharField(64, unique=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_verifier_invitation"


class Terminal(Model):
    """A device of a verifying organisation, known by the key that it made itself. 核验终端

    Until the device shows up with its key there is only the digest of the code it is to bring.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    organisation_id: UUID
    organisation: fields.ForeignKeyRelation[VerifierOrganisation] = fields.ForeignKeyField(
        "identity.VerifierOrganisation", related_name="terminals", on_delete=fields.RESTRICT
    )
    name = fields.CharField(64)
    code_hash = fields.CharField(64, unique=True)
    code_expires_at = fields.DatetimeField()
    thumbprint = fields.CharField(43, null=True, unique=True)
    public_jwk: dict[str, str] | None = fields.JSONField(null=True)
    created_at = fields.DatetimeField()
    enrolled_at: datetime | None = fields.DatetimeField(null=True)
    revoked_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_terminal"


class TerminalSession(Model):
    """A verifier's session that is worth something at one device only."""

    session_id: UUID
    session: fields.OneToOneRelation[Session] = fields.OneToOneField(
        "identity.Session",
        related_name="binding",
        primary_key=True,
        on_delete=fields.CASCADE,
    )
    terminal_id: UUID
    terminal: fields.ForeignKeyRelation[Terminal] = fields.ForeignKeyField(
        "identity.Terminal", related_name="bindings", on_delete=fields.RESTRICT, db_index=True
    )

    class Meta:
        table = "identity_terminal_session"
