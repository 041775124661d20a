"""The invented city as its data files have it, read strictly: a misspelt key is refused."""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import yaml
from msgspec import Struct

from identity.kinds import DocumentType

CITY = Path(__file__).parent / "city"

FactValue = bool | int | str
T = TypeVar("T")


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


class City:
    """Every file of one city folder, each read when first asked for."""

    def __init__(self, folder: Path = CITY) -> None:
        self.folder = folder

    @cached_property
    def divisions(self) -> list[Division]:
        return self._rows("divisions", list[Division])

    @cached_property
    def people(self) -> list[PersonRow]:
        return self._rows("people", list[PersonRow])

    @cached_property
    def families(self) -> list[FamilyRow]:
        return self._rows("families", list[FamilyRow])

    @cached_property
    def enterprises(self) -> list[EnterpriseRow]:
        return self._rows("enterprises", list[EnterpriseRow])

    @cached_property
    def agencies(self) -> list[AgencyRow]:
        return self._rows("agencies", list[AgencyRow])

    @cached_property
    def merchants(self) -> list[MerchantRow]:
        return msgspec.convert(self.read("platforms")["agencies"], list[MerchantRow])

    @cached_property
    def wechat_appid(self) -> str:
        return str(self.read("platforms")["wechat"]["appid"])

    @cached_property
    def wechat_templates(self) -> dict[str, list[TemplateRow]]:
        """Those of each mini-program, by its appid."""
        wechat = self.read("platforms")["wechat"]
        return {
            app["appid"]: msgspec.convert(app["templates"], list[TemplateRow])
            for app in (wechat, *wechat.get("more_apps", ()))
        }

    @cached_property
    def fees(self) -> list[FeeRow]:
        return self._rows("fees", list[FeeRow])

    @cached_property
    def licence_types(self) -> list[LicenceTypeRow]:
        return self._rows("licence_types", list[LicenceTypeRow])

    @cached_property
    def licences(self) -> list[LicenceRow]:
        return self._rows("licences", list[LicenceRow])

    @cached_property
    def licence_registries(self) -> list[LicenceRegistryRow]:
        return self._rows("licence_registries", list[LicenceRegistryRow])

    @cached_property
    def operators(self) -> list[OperatorRow]:
        return self._rows("operators", list[OperatorRow])

    @cached_property
    def verifiers(self) -> list[VerifierRow]:
        return self._rows("verifiers", list[VerifierRow])

    @cached_property
    def facts(self) -> list[dict[str, Any]]:
        """The lines of the fact catalogue, as `facts.catalogue` reads them."""
        return list(self.read("facts"))

    @cached_property
    def policies(self) -> list[dict[str, Any]]:
        """The policies, as `proactive` reads them."""
        return list(self.read("policies"))

    def person(self, key: str) -> PersonRow:
        return next(row for row in self.people if row.key == key)

    def licence_type(self, licence_type: str) -> LicenceTypeRow:
        return next(row for row in self.licence_types if row.licence_type == licence_type)

    def licence_registry(self, name: str) -> LicenceRegistryRow:
        return next(row for row in self.licence_registries if row.name == name)

    def portrait(self, name: str) -> bytes:
        """A drawn picture of nobody, as JPEG."""
        return (self.folder / "portraits" / f"{name}.jpg").read_bytes()

    def agency(self, department: str) -> AgencyRow:
        return next(row for row in self.agencies if row.department == department)

    def fee_item(self, item: str) -> tuple[AgencyRow, FeeItemRow]:
        """A fee of the catalogue, with the department that may collect it."""
        return next(
            (agency, fee) for agency in self.agencies for fee in agency.fees if fee.item == item
        )

    def read(self, name: str) -> Any:
        """A file as it stands, for readers that check it themselves."""
        return yaml.safe_load((self.folder / f"{name}.yaml").read_text(encoding="utf-8"))

    def _rows(self, name: str, kind: type[T]) -> T:
        return msgspec.convert(self.read(name), kind)
