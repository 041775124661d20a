"""The tables of those who serve: operators and verifiers. Read as `identity.models`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import new_id

if TYPE_CHECKING:
    from identity.models import Account, Person
    from identity.office_models import Delegation


class VerifierOrganisation(Model):
    """Who checks licences, which of their fields it may see, and what for. 核验方"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(64, unique=True)
    department = fields.CharField(32, db_index=True)
    division = fields.CharField(12, db_index=True)
    licence_types: list[str] = fields.JSONField()
    fields_allowed: list[str] = fields.JSONField()
    purpose = fields.CharField(128)
    terminals_only = fields.BooleanField(default=False)
    disabled_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "identity_verifier_organisation"


class Verifier(Model):
    """Who checks licences for an organisation: by a login name, or by an own account. 核验员"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organisation_id: UUID
    organisation: fields.ForeignKeyRelation[VerifierOrganisation] = fields.ForeignKeyField(
        "identity.VerifierOrganisation", related_name="verifiers", on_delete=fields.RESTRICT
    )
    login_name = fields.CharField(64, null=True, unique=True)
    password_hash = fields.CharField(128, null=True)
    account_id: UUID | None
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="verifiers", null=True, on_delete=fields.RESTRICT
    )
    token_subject = fields.UUIDField(unique=True, default=uuid4)
    epoch = fields.IntField(default=0)
    disabled_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "identity_verifier"
        constraints = (
            CheckConstraint(
                check="(account_id IS NULL) = (login_name IS NOT NULL)"
                " AND (login_name IS NULL) = (password_hash IS NULL)",
                name="ck_identity_verifier_how",
            ),
            UniqueConstraint(
                fields=("organisation_id", "account_id"), name="uq_identity_verifier_account"
            ),
        )


class Operator(Model):
    """Somebody who serves: a person with an office, roles and a second factor. 工作人员"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    person_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="operators", on_delete=fields.RESTRICT
    )
    login_name = fields.CharField(64, unique=True)
    department = fields.CharField(32, db_index=True)
    division = fields.CharField(12, db_index=True)
    roles: list[str] = fields.JSONField()
    password_hash = fields.CharField(128)
    totp_sealed = fields.BinaryField()
    totp_step = fields.BigIntField(default=0)
    disabled_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "identity_operator"


class OperatorSession(Model):
    """An operator's browser, by the hash of its cookie. It ends when idle. 工作会话

    `proved_at` is when a one-time code was last given in it; with a `delegation` it stands for the
    one who lent the roles.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    operator_id: UUID
    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField(
        "identity.Operator", related_name="sessions", on_delete=fields.RESTRICT
    )
    token_hash = fields.CharField(64, unique=True)
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    proved_at: datetime | None = fields.DatetimeField(null=True)
    delegation_id: UUID | None
    delegation: fields.ForeignKeyNullableRelation[Delegation] = fields.ForeignKeyField(
        "identity.Delegation", related_name="sessions", null=True, on_delete=fields.RESTRICT
    )
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_operator_session"
