"""The tables of how operators are made, changed and stood in for. Read as `identity.models`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.staff_models import Operator


class StaffChange(Model):
    """A change that two persons make: one asks, another says yes within a day. 双人复核"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.CharField(32)
    arguments: dict[str, Any] = fields.JSONField()
    proposer_id: UUID
    proposer: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField(
        "identity.Operator", related_name="changes_proposed", on_delete=fields.RESTRICT
    )
    proposed_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    decider_id: UUID | None
    decider: fields.ForeignKeyNullableRelation[Operator] = fields.ForeignKeyField(
        "identity.Operator", related_name="changes_decided", null=True, on_delete=fields.RESTRICT
    )
    decided_at: datetime | None = fields.DatetimeField(null=True)
    outcome = fields.CharField(16, null=True)
    result = fields.CharField(64, null=True)

    class Meta:
        table = "identity_staff_change"
        constraints = (
            CheckConstraint(
                check="decider_id IS NULL OR decider_id <> proposer_id OR outcome = 'withdrawn'",
                name="ck_identity_staff_change_two",
            ),
        )


class OperatorEnrolment(Model):
    """A code with which an operator sets password and authenticator, once. 启用码"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    operator_id: UUID
    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField(
        "identity.Operator", related_name="enrolments", on_delete=fields.RESTRICT, db_index=True
    )
    code_hash = fields.CharField(64, unique=True)
    expires_at = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "identity_operator_enrolment"


class OperatorDevice(Model):
    """A browser in which an operator signed in before: strangers' wrong tries are not its own."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    operator_id: UUID
    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField(
        "identity.Operator", related_name="devices", on_delete=fields.RESTRICT, db_index=True
    )
    token_hash = fields.CharField(64, unique=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "identity_operator_device"


class Delegation(Model):
    """Roles that one operator lends another until a day. 岗位代理"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    lender_id: UUID
    lender: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField(
        "identity.Operator", related_name="lent", on_delete=fields.RESTRICT, db_index=True
    )
    borrower_id: UUID
    borrower: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField(
        "identity.Operator", related_name="borrowed", on_delete=fields.RESTRICT, db_index=True
    )
    roles: list[str] = fields.JSONField()
    from_on: date = fields.DateField()
    until_on: date = fields.DateField()
    created_at = fields.DatetimeField()
    revoked_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_delegation"
        constraints = (
            CheckConstraint(check="until_on >= from_on", name="ck_identity_delegation_days"),
            CheckConstraint(check="lender_id <> borrower_id", name="ck_identity_delegation_self"),
        )


class OidcFlow(Model):
    """A sign-in that was sent to the identity service and has not come back. 统一认证登录"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    state_hash = fields.CharField(64, unique=True)
    browser_hash = fields.CharField(64)
    nonce = fields.CharField(64)
    code_verifier_sealed = fields.BinaryField()
    expires_at = fields.DatetimeField(db_index=True)
    used_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_oidc_flow"
