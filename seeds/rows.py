"""The lines of the city's data files, read strictly: a misspelt key is refused."""

from datetime import date
from typing import Literal

from msgspec import Struct

from identity.kinds import DocumentType

FactValue = bool | int | str


class _Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of a file. Unknown keys are refused."""


class Division(_Row, frozen=True, kw_only=True):
    code: str
    name: str
    parent: str | None


class DatedFact(_Row, frozen=True, kw_only=True):
    """A value and the day it was true."""

    value: FactValue
    as_of: date


Facts = dict[str, FactValue | DatedFact]


class PersonRow(_Row, frozen=True, kw_only=True):
    key: str
    name: str
    id_number: str
    id_type: DocumentType = DocumentType.RESIDENT_ID
    papers: list[dict[str, str]] = []  # for the register alone, until the holder proves them
    sex: Literal["male", "female"]
    birth_date: date
    alive: bool
    division: str
    wechat: bool
    alipay: bool
    wechat_balance_fen: int
    alipay_balance_fen: int
    facts: Facts
    phone: str | None = None
    died_on: date | None = None


class FamilyRow(_Row, frozen=True, kw_only=True):
    person: str
    relation: Literal["spouse", "child", "guardian"]
    to: str
    since: date
    until: date | None = None


class AgentRow(_Row, frozen=True, kw_only=True):
    person: str
    scope: Literal["preparer", "confirmer"]
    until: date


class BankAccountRow(_Row, frozen=True, kw_only=True):
    account_no: str
    account_name: str
    bank_name: str


class EnterpriseRow(_Row, frozen=True, kw_only=True):
    key: str
    name: str
    uscc: str
    division: str
    legal_representative: str
    status: Literal["active", "suspended", "closed"]
    agents: list[AgentRow]
    bank: BankAccountRow
    facts: Facts


class FeeItemRow(_Row, frozen=True, kw_only=True):
    item: str
    title: str
    amount_fen: int | None


class AgencyRow(_Row, frozen=True, kw_only=True):
    department: str
    name: str
    division: str
    fees: list[FeeItemRow]


class MerchantRow(_Row, frozen=True, kw_only=True):
    """Which merchant number a department collects with at each platform."""

    department: str
    name: str
    mchid: str
    alipay_app_id: str


class TemplateRow(_Row, frozen=True, kw_only=True):
    id: str
    title: str
    kind: Literal["one_time", "long_term"]
    keys: list[str]


class FeeRow(_Row, frozen=True, kw_only=True):
    client_id: str
    payer: str
    item: str
    amount_fen: int


class LicenceFieldRow(_Row, frozen=True, kw_only=True):
    key: str
    label: str
    sensitive: bool


class LicenceTypeRow(_Row, frozen=True, kw_only=True):
    licence_type: str
    name: str
    issuer: str
    holder: Literal["person", "entity"]
    fields: list[LicenceFieldRow]
    type_code: str | None = None
    fresh_hours: int | None = None
    notice: str = ""
    high_stakes: bool = False


class LicenceRow(_Row, frozen=True, kw_only=True):
    licence_type: str
    holder: str
    number: str
    issued_on: date
    valid_until: date | None
    fields: dict[str, str]
    identifier: str
    registry: str = "linxi"
    portrait: str | None = None


class LicenceRegistryRow(_Row, frozen=True, kw_only=True):
    """Where licences are registered; one with a `region` belongs to another place."""

    name: str
    title: str
    division: str
    region: str
    region_name: str


class OperatorRow(_Row, frozen=True, kw_only=True):
    key: str
    person: str
    username: str
    password: str
    totp_secret: str
    roles: list[str]
    department: str
    division: str


class VerifierRow(_Row, frozen=True, kw_only=True):
    key: str
    organisation: str
    department: str
    division: str
    organisation_name: str
    name: str
    username: str
    password: str
    purpose: str
    licence_types: list[str]
    fields: list[str]


class HelperRow(_Row, frozen=True, kw_only=True):
    """Somebody who helps an elder, in what, and how the elder said yes; for a year."""

    person: str
    elder: str
    rights: list[Literal["view", "pay", "apply"]]
    consent: Literal["own_phone", "face", "counter"]


class MachineRow(_Row, frozen=True, kw_only=True):
    """A program of a verifying organisation. Its key is its own, and in no file."""

    key: str
    organisation: str
    name: str
    scopes: list[str]
    networks: list[str]
    daily_quota: int


class LegalBasisRow(_Row, frozen=True, kw_only=True):
    """The law under which an organisation takes a kind of licence without asking."""

    organisation: str
    licence_type: str
    fields: list[str]
    citation: str
