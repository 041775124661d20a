"""The tables of acting for somebody, and of the counter. Read as `identity.models`."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.kinds import ConsentWay, DocumentKind, GrantKind, InvitationKind, Scope

if TYPE_CHECKING:
    from identity.models import Account, Operator, Party, Person


class ActingGrant(Model):
    """Somebody may act for a party: a guardian, an agent it named, an elder's helper. 监护 / 委托

    Days are days in China and both count; without `until_on` it holds until revoked. `rights` are
    a helper's; the other scopes know theirs. `notified` says whether the party's notices reach the
    agent too. `given_by` is who represented the party then; `questioned_at`, when that ended.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.CharEnumField(GrantKind, max_length=16)
    agent_id: UUID
    agent: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="grants_held", on_delete=fields.RESTRICT
    )
    party_id: UUID
    party: fields.ForeignKeyRelation[Party] = fields.ForeignKeyField(
        "identity.Party", related_name="grants_given", on_delete=fields.RESTRICT, db_index=True
    )
    scope = fields.CharEnumField(Scope, max_length=16)
    rights: list[str] | None = fields.JSONField(null=True)
    notified = fields.BooleanField(default=True)
    given_by_id: UUID | None = fields.UUIDField(null=True)
    consent = fields.CharEnumField(ConsentWay, max_length=16, null=True)
    evidence = fields.CharField(64, null=True)
    from_on: date = fields.DateField()
    until_on: date | None = fields.DateField(null=True)
    questioned_at: datetime | None = fields.DatetimeField(null=True)
    revoked_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "identity_acting_grant"
        constraints = (
            CheckConstraint(
                check="until_on IS NULL OR until_on >= from_on",
                name="ck_identity_acting_grant_days",
            ),
            CheckConstraint(check="agent_id <> party_id", name="ck_identity_acting_grant_self"),
            CheckConstraint(
                check="kind <> 'helper' OR (until_on IS NOT NULL AND rights IS NOT NULL"
                " AND until_on <= from_on + 366)",
                name="ck_identity_acting_grant_helper",
            ),
            UniqueConstraint(
                fields=("agent_id", "party_id", "kind"),
                name="uq_identity_acting_grant_living",
                condition="revoked_at IS NULL",
            ),
        )


class Invitation(Model):
    """A link that makes one grant, once, for the person it is meant for. 邀请

    Only the hash of what is in the link is kept. Who is meant is known by name or phone, and the
    person who opens the link must be proved to be that. `party` is not known yet where somebody
    asks an elder to be allowed to help.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.CharEnumField(InvitationKind, max_length=16)
    inviter_id: UUID
    inviter: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="invitations", on_delete=fields.RESTRICT, db_index=True
    )
    party_id: UUID | None
    party: fields.ForeignKeyNullableRelation[Party] = fields.ForeignKeyField(
        "identity.Party",
        related_name="invitations",
        null=True,
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    scope = fields.CharEnumField(Scope, max_length=16)
    rights: list[str] | None = fields.JSONField(null=True)
    notified = fields.BooleanField(default=True)
    until_on: date = fields.DateField()
    token_hash = fields.CharField(64, unique=True)
    name_sealed: bytes | None = fields.BinaryField(null=True)
    phone_index: UUID | None = fields.UUIDField(null=True)
    expires_at = fields.DatetimeField()
    accepted_at: datetime | None = fields.DatetimeField(null=True)
    accepted_by_id: UUID | None = fields.UUIDField(null=True)
    grant_id: UUID | None = fields.UUIDField(null=True)
    withdrawn_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "identity_invitation"
        constraints = (
            CheckConstraint(
                check="name_sealed IS NOT NULL OR phone_index IS NOT NULL",
                name="ck_identity_invitation_meant",
            ),
            CheckConstraint(
                check="(kind = 'care') = (party_id IS NULL)", name="ck_identity_invitation_party"
            ),
            CheckConstraint(
                check="accepted_at IS NULL OR withdrawn_at IS NULL",
                name="ck_identity_invitation_end",
            ),
        )


class CounterCase(Model):
    """A person stands at a counter, and an officer who saw the document acts for them. 窗口代办

    It lasts half an hour at most and belongs to the officer who opened it. `evidence_id` is the
    file that shows who was there.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    operator_id: UUID
    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField(
        "identity.Operator", related_name="counter_cases", on_delete=fields.RESTRICT
    )
    person_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="counter_cases", on_delete=fields.RESTRICT, db_index=True
    )
    department = fields.CharField(32)
    division = fields.CharField(12)
    document = fields.CharEnumField(DocumentKind, max_length=24)
    evidence_id = fields.UUIDField()
    opened_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_counter_case"
        indexes = [Index(fields=["operator_id", "id"], name="ix_identity_counter_case_desk")]


class CounterCode(Model):
    """What an account shows at a counter to be proved the person's there: eight figures. 窗口码

    Only their keyed digest is kept, and one of an account at a time.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    account_id: UUID
    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "identity.Account", related_name="counter_code", on_delete=fields.CASCADE
    )
    code_index = fields.UUIDField(unique=True)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "identity_counter_code"
