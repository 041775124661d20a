"""People in any number, as valid rows: sealed by the vault, found by their blind indexes. 人口

Only what the measured routes read is made: party, person, account, licences, fee orders,
entitlements and messages. It goes in by COPY, with nothing checked twice: a small part of such
people is read back through the domain's own verbs by a test.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from benchmarks.documents import Document, Someone, documents_of
from benchmarks.numbering import Numbering
from core.clock import date_in_china
from core.ids import new_id
from core.sealing import Place, Vault
from licences.licence_fields import number_index, seal_number, seal_values

AREA, DIVISION = "330100", "330199001"  # an area code that no card carries
FIRST_DAY, DAYS, A_DAY = date(1930, 1, 1), 33_000, 999
LEAP = 7_919  # prime to DAYS: neighbours in number are of all ages, and no birthday comes twice
FEES, PAID, MESSAGES = 4, 1, 3

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红建国文辉海燕志"
_WEIGHTS, _CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]

COLUMNS: dict[str, tuple[str, ...]] = {
    "identity_party": ("id", "kind"),
    "identity_person": (
        *("id", "party_id", "name_sealed", "id_number_sealed", "id_number_index", "birth_date"),
        *("sex", "division", "alive", "real_name_status", "real_name_at", "created_at"),
    ),
    "identity_account": (
        *("id", "provider", "appid", "subject", "token_subject", "person_id", "level", "epoch"),
        *("elder_mode", "language", "created_at"),
    ),
    "licences_licence": (
        *("id", "holder_id", "licence_type_id", "number_sealed", "number_index", "values_sealed"),
        *("issuer", "department", "division", "valid_from", "valid_until", "status", "status_date"),
        *("registry_date", "identifier", "registry", "region", "region_name", "created_at"),
    ),
    "payments_fee_order": (
        *("id", "order_no", "payer_id", "agency_id", "agency_reference", "department", "division"),
        *("title", "amount_fen", "status", "deadline_at", "provider", "trade_no", "paid_at"),
        "created_at",
    ),
    "proactive_entitlement": (
        *("id", "policy_id", "version_id", "beneficiary_id", "department", "division", "period"),
        *("outcome", "status", "quantity", "decision_id", "reasons", "attempt", "deadline_on"),
        "created_at",
    ),
    "notifications_message": (
        *("id", "recipient_id", "kind", "about", "title", "text", "plain", "values", "created_at"),
        "read_at",
    ),
}


class LicenceKind(Struct, frozen=True):
    code: str
    department: str
    type_code: str


class Offer(Struct, frozen=True):
    """A published policy version that the population is entitled by."""

    policy_id: UUID
    version_id: UUID
    department: str
    division: str


class Collector(Struct, frozen=True):
    """An agency that fees are owed to."""

    id: UUID
    department: str
    division: str


class City(Struct, frozen=True):
    """What rows of the population refer to."""

    appid: str
    licences: dict[str, LicenceKind]
    agencies: list[Collector]
    offers: list[Offer]


class Population:
    """Makes everything about person after person. The same number is the same card number."""

    def __init__(self, city: City, *, vault: Vault, at: datetime) -> None:
        self._city = city
        self._vault = vault
        self._at = at
        self._today = date_in_china(at)
        self._numbered = {code: Numbering(kind.type_code) for code, kind in city.licences.items()}

    def rows(self, numbers: range) -> Rows:
        """The rows of these people, by table."""
        rows: Rows = {table: [] for table in COLUMNS}
        for number in numbers:
            self._add(number, rows)
        return rows

    def _add(self, number: int, rows: Rows) -> None:
        person_id = new_id()
        someone = Someone(number, _name(number), *id_number(number))
        rows["identity_party"].append((person_id, "person"))
        rows["identity_person"].append(self._person(someone, person_id))
        rows["identity_account"].append(self._account(number, person_id))
        rows["licences_licence"] += self._licences(someone, person_id)
        rows["payments_fee_order"] += self._fees(number, person_id)
        rows["proactive_entitlement"] += self._entitlements(person_id)
        rows["notifications_message"] += self._messages(number, person_id)

    def _person(self, someone: Someone, person_id: UUID) -> Row:
        text, seal = someone.id_number, self._vault.seal
        sealed = (
            seal(Place("identity_person", "name_sealed", person_id), someone.name),
            seal(Place("identity_person", "id_number_sealed", person_id), text),
        )
        index = UUID(bytes=self._vault.blind_index("identity_person.id_number", text))
        known = (someone.born, someone.sex, DIVISION, True, "confirmed", self._at, self._at)
        return (person_id, person_id, *sealed, index, *known)

    def _account(self, number: int, person_id: UUID) -> Row:
        known = ("wechat", self._city.appid, f"benchmark-{number:010d}", uuid4(), person_id)
        return (new_id(), *known, 2, 0, False, "zh-CN", self._at)

    def _licences(self, someone: Someone, person_id: UUID) -> Iterator[Row]:
        for document in documents_of(someone, today=self._today):
            yield self._licence(document, someone.number, person_id)

    def _licence(self, document: Document, number: int, person_id: UUID) -> Row:
        vault, today, licence_id = self._vault, self._today, new_id()
        kind = self._city.licences[document.kind]
        identifier = self._numbered[kind.code].identifier(f"BM{number:018d}")
        return (
            *(licence_id, person_id, kind.code, seal_number(document.number, licence_id, vault)),
            number_index(document.number, vault),
            seal_values(document.values, licence_id, vault),
            *("临溪市", kind.department, DIVISION, document.valid_from, document.valid_until),
            *(document.status, today, today, identifier, "", "", "", self._at),
        )

    def _fees(self, number: int, person_id: UUID) -> Iterator[Row]:
        at, ends = self._at, self._at + timedelta(days=30)
        for which in range(FEES):
            agency = self._city.agencies[which % len(self._city.agencies)]
            told = f"{number:010d}{which}"
            paid = ("paid", ends, "wechat", f"T{told}", at)
            yield (
                *(new_id(), f"F20260101B{told}", person_id, agency.id, f"benchmark-{told}"),
                *(agency.department, agency.division, "不动产登记费", 8000 + which),
                *(paid if which < PAID else ("open", ends, None, None, None)),
                at,
            )

    def _entitlements(self, person_id: UUID) -> Iterator[Row]:
        for offer in self._city.offers:
            yield (
                *(new_id(), offer.policy_id, offer.version_id, person_id, offer.department),
                *(offer.division, "2026", "eligible", "notified", 15000, new_id(), '["符合条件"]'),
                *(0, self._today + timedelta(days=60), self._at),
            )

    def _messages(self, number: int, person_id: UUID) -> Iterator[Row]:
        text = "您可以享受老年综合津贴，无需申请，将直接发放。"
        for which in range(MESSAGES):
            about = f"benchmark:{number}:{which}"
            read_at = self._at if which == 0 else None
            yield (
                *(new_id(), person_id, "entitlement_coming", about, "政策享受提醒", text, text),
                *("{}", self._at, read_at),
            )


def id_number(number: int) -> tuple[str, date, str]:
    """Card number, day of birth and sex; unlike for up to 33 million people."""
    born = FIRST_DAY + timedelta(days=number * LEAP % DAYS)
    order = number // DAYS % A_DAY + 1
    digits = f"{AREA}{born:%Y%m%d}{order:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return digits + _CHECKS[total % 11], born, "male" if order % 2 else "female"


def _name(number: int) -> str:
    length = len(_GIVEN)
    surname = _SURNAMES[number % len(_SURNAMES)]
    return surname + _GIVEN[number // 7 % length] + _GIVEN[number // 131 % length]
