"""The tables of programs that call us as themselves. Read as `identity.models`."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.staff_models import VerifierOrganisation


class MachineClient(Model):
    """A program of an organisation, with what it may do and from where. 机构系统"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organisation_id: UUID
    organisation: fields.ForeignKeyRelation[VerifierOrganisation] = fields.ForeignKeyField(
        "identity.VerifierOrganisation", related_name="machine_clients", on_delete=fields.RESTRICT
    )
    name = fields.CharField(64, unique=True)
    scopes: list[str] = fields.JSONField()
    networks: list[str] = fields.JSONField()
    daily_quota = fields.IntField()
    token_subject = fields.UUIDField(unique=True, default=uuid4)
    epoch = fields.IntField(default=0)
    disabled_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "identity_machine_client"
        constraints = (
            CheckConstraint(check="daily_quota > 0", name="ck_identity_machine_client_quota"),
        )


class MachineKey(Model):
    """A public key that proves a program to be itself; its name is its thumbprint (RFC 7638)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    client_id: UUID
    client: fields.ForeignKeyRelation[MachineClient] = fields.ForeignKeyField(
        "identity.MachineClient", related_name="keys", on_delete=fields.RESTRICT, db_index=True
    )
    thumbprint = fields.CharField(43, unique=True)
    public_jwk: dict[str, str] = fields.JSONField()
    created_at = fields.DatetimeField()
    revoked_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_machine_key"


class MachineUsage(Model):
    """How many calls of a program counted on a day in China."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    client_id: UUID
    client: fields.ForeignKeyRelation[MachineClient] = fields.ForeignKeyField(
        "identity.MachineClient", related_name="usage", on_delete=fields.RESTRICT
    )
    on: date = fields.DateField()
    used = fields.IntField()

    class Meta:
        table = "identity_machine_usage"
        constraints = (
            UniqueConstraint(fields=("client_id", "on"), name="uq_identity_machine_usage_day"),
        )
