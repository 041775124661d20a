"""The tables of identity. Sealed columns are opened with table, column and row id: `core.sealing`.

A blind index is 16 bytes and kept as a UUID, which PostgreSQL indexes and Tortoise can filter.
"""

from datetime import date, datetime
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.acting_models import (
    ActingGrant,
    CounterCase,
    CounterCode,
    Invitation,
)
from identity.channel_models import AccountAlias, FaceCheck, OneTimeProof
from identity.kinds import (
    EntityStatus,
    Level,
    PartyKind,
    ProviderName,
    RealNameStatus,
    Sex,
)
from identity.machine_models import MachineClient, MachineKey, MachineUsage
from identity.office_models import (
    Delegation,
    OidcFlow,
    OperatorDevice,
    OperatorEnrolment,
    StaffChange,
)
from identity.person_models import (
    DataExport,
    Erasure,
    ErasureItem,
    IdDocument,
    IdentityClaim,
    LoginDevice,
    RegisterName,
)
from identity.phone_models import PhoneChallenge
from identity.staff_models import Operator, OperatorSession, Verifier, VerifierOrganisation
from identity.terminal_models import Terminal, TerminalSession, VerifierInvitation

__all__ = [
    "Account",
    "AccountAlias",
    "ActingGrant",
    "CounterCase",
    "CounterCode",
    "DataExport",
    "Delegation",
    "Erasure",
    "ErasureItem",
    "FaceCheck",
    "IdDocument",
    "IdentityClaim",
    "Invitation",
    "LegalEntity",
    "LoginDevice",
    "MachineClient",
    "MachineKey",
    "MachineUsage",
    "OidcFlow",
    "OneTimeProof",
    "Operator",
    "OperatorDevice",
    "OperatorEnrolment",
    "OperatorSession",
    "Party",
    "Person",
    "PhoneChallenge",
    "PhoneContact",
    "RefreshToken",
    "RegisterName",
    "Session",
    "StaffChange",
    "Terminal",
    "TerminalSession",
    "Verifier",
    "VerifierInvitation",
    "VerifierOrganisation",
]


class Party(Model):
    """Whoever can own something here: a natural person or a legal entity, with the same id. 主体"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.CharEnumField(PartyKind, max_length=16)

    class Meta:
        table = "identity_party"


class Person(Model):
    """A natural person, one row however many accounts. 自然人"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    party_id: UUID
    party: fields.OneToOneRelation[Party] = fields.OneToOneField(
        "identity.Party", related_name="person", on_delete=fields.RESTRICT
    )
    name_sealed = fields.BinaryField()
    id_number_sealed = fields.BinaryField()
    id_number_index = fields.UUIDField(unique=True)
    birth_date: date = fields.DateField()
    sex = fields.CharEnumField(Sex, max_length=8)
    division = fields.CharField(12, db_index=True)
    alive = fields.BooleanField(default=True)
    died_on: date | None = fields.DateField(null=True)
    real_name_status = fields.CharEnumField(
        RealNameStatus, default=RealNameStatus.UNCHECKED, max_length=16
    )
    real_name_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "identity_person"
        constraints = (
            CheckConstraint(check="party_id = id", name="ck_identity_person_party"),
            CheckConstraint(check="died_on IS NULL OR NOT alive", name="ck_identity_person_died"),
        )


class LegalEntity(Model):
    """An enterprise or organisation. Its name is public; its bank account is sealed. 法人"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    party_id: UUID
    party: fields.OneToOneRelation[Party] = fields.OneToOneField(
        "identity.Party", related_name="entity", on_delete=fields.RESTRICT
    )
    uscc = fields.CharField(18, unique=True)
    name = fields.CharField(128)
    legal_representative_id: UUID | None
    legal_representative: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "identity.Person",
        related_name="represented",
        null=True,
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    division = fields.CharField(12, db_index=True)
    status = fields.CharEnumField(EntityStatus, default=EntityStatus.ACTIVE, max_length=16)
    bank_account_sealed: bytes | None = fields.BinaryField(null=True)
    register_asked_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "identity_legal_entity"
        constraints = (
            CheckConstraint(check="party_id = id", name="ck_identity_legal_entity_party"),
        )


class Account(Model):
    """Someone as one app of a provider knows them; an openid is nobody outside its appid. 账号

    `epoch` rises whenever access tokens given out before must end; `token_subject` is what they
    call the account. `unionid` is a hint only. `face_at` is when a face was proved last.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    provider = fields.CharEnumField(ProviderName, max_length=16)
    appid = fields.CharField(64)
    subject = fields.CharField(128)
    token_subject = fields.UUIDField(unique=True, default=uuid4)
    unionid = fields.CharField(128, null=True, db_index=True)
    person_id: UUID | None
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "identity.Person",
        related_name="accounts",
        null=True,
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    level = fields.SmallIntField(default=int(Level.NONE))
    face_at: datetime | None = fields.DatetimeField(null=True)
    epoch = fields.IntField(default=0)
    disabled_at: datetime | None = fields.DatetimeField(null=True)
    elder_mode = fields.BooleanField(default=False)
    language = fields.CharField(8, default="zh-CN")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "identity_account"
        unique_together = (("provider", "appid", "subject"),)
        constraints = (
            CheckConstraint(check="level BETWEEN 0 AND 3", name="ck_identity_account_level"),
            CheckConstraint(
                check="level < 2 OR person_id IS NOT NULL", name="ck_identity_account_real_name"
            ),
        )


class PhoneContact(Model):
    """A number proved to be at an account's hand, until it ends; never an identity. 联系电话"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    account_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="phones", on_delete=fields.RESTRICT
    )
    phone_sealed = fields.BinaryField()
    phone_index = fields.UUIDField(db_index=True)
    verified_at = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "identity_phone_contact"
        constraints = (
            UniqueConstraint(
                fields=("account_id",),
                name="uq_identity_phone_contact_living",
                condition="ended_at IS NULL",
            ),
        )


class Session(Model):
    """A signed-in device of an account or of a verifier, acting for `party`. 会话

    A session taken up from another (to act for somebody) keeps its `login_id` and its end, and
    lasts no longer than the `grant` it rests on.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    login_id = fields.UUIDField(db_index=True)
    account_id: UUID | None
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account",
        related_name="sessions",
        null=True,
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    verifier_id: UUID | None
    verifier: fields.ForeignKeyNullableRelation[Verifier] = fields.ForeignKeyField(
        "identity.Verifier", related_name="sessions", null=True, on_delete=fields.RESTRICT
    )
    party_id: UUID | None
    party: fields.ForeignKeyNullableRelation[Party] = fields.ForeignKeyField(
        "identity.Party", related_name="sessions", null=True, on_delete=fields.RESTRICT
    )
    grant_id: UUID | None
    grant: fields.ForeignKeyNullableRelation[ActingGrant] = fields.ForeignKeyField(
        "identity.ActingGrant", related_name="sessions", null=True, on_delete=fields.RESTRICT
    )
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)
    ended_because = fields.CharField(32, null=True)

    class Meta:
        table = "identity_session"
        constraints = (
            CheckConstraint(
                check="(account_id IS NULL) <> (verifier_id IS NULL)",
                name="ck_identity_session_whose",
            ),
        )


class RefreshToken(Model):
    """One link of a session's chain. Only hashes are kept; the successor is sealed for a moment."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    session_id: UUID
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "identity.Session",
        related_name="refresh_tokens",
        on_delete=fields.CASCADE,
        db_index=True,
    )
    token_hash = fields.CharField(64, unique=True)
    issued_at = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True)
    successor_sealed: bytes | None = fields.BinaryField(null=True)

    class Meta:
        table = "identity_refresh_token"
        constraints = (
            UniqueConstraint(
                fields=("session_id",),
                name="uq_identity_refresh_token_living",
                condition="used_at IS NULL",
            ),
        )
