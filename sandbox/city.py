"""The invented city as the outside world knows it, from the same files as the seeds."""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from sandbox.city_licences import (
    LicenceKind,
    LicenceRegistry,
    RegisteredLicence,
    read_licences,
)
from sandbox.texts import read_texts


class Paper(Struct, frozen=True):
    """A further document of somebody. 证件"""

    id_type: str
    id_number: str


class Person(Struct, frozen=True):
    """A resident: what the register knows, and what is in their phone.

    `papers` are what they have beside the document of `id_type`; `birth_date` and `sex` are asked
    for where its number does not tell.
    """

    key: str
    name: str
    id_number: str
    id_type: str = "resident_id"
    papers: list[Paper] = []
    birth_date: str = ""
    sex: str = ""
    alive: bool = True
    phone: str = ""
    wechat: bool = False
    alipay: bool = False
    wechat_balance_fen: int = 0
    alipay_balance_fen: int = 0

    def all_papers(self) -> list[Paper]:
        return [Paper(self.id_type, self.id_number.upper()), *self.papers]


class BankAccount(Struct, frozen=True):
    account_no: str
    account_name: str
    bank_name: str


class Enterprise(Struct, frozen=True):
    key: str
    name: str
    uscc: str
    division: str
    legal_representative: str
    status: str = "active"
    bank: BankAccount | None = None


class Template(Struct, frozen=True, omit_defaults=True):
    """A subscribe-message template of the mini-program. 订阅消息模板"""

    id: str
    title: str
    kind: Literal["one_time", "long_term"]
    keys: list[str]
    listed: dict[str, list[str]] = {}  # what an `enum` key may be


class MiniProgram(Struct, frozen=True):
    """A mini-program. `pages` are those of its released version; with none named, any will do."""

    appid: str
    templates: list[Template] = []
    pages: list[str] = []

    def has_page(self, page: str) -> bool:
        return not self.pages or page in self.pages


class WechatApp(MiniProgram, frozen=True):
    """The city's mini-program, and those that it has beside it."""

    more_apps: list[MiniProgram] = []

    def app(self, appid: str) -> MiniProgram | None:
        return next((one for one in (self, *self.more_apps) if one.appid == appid), None)

    def appids(self) -> list[str]:
        return [one.appid for one in (self, *self.more_apps)]


class PayMerchant(Struct, frozen=True):
    mchid: str
    name: str = ""


class WechatPay(Struct, frozen=True):
    mchids: list[PayMerchant]
    transfer_scene_id: str = "1002"


class AlipayApp(Struct, frozen=True):
    """The application people log in to. Those of `certificate_apps` are in certificate mode."""

    app_id: str
    seller_id: str
    more_app_ids: list[str] = []  # of the same seller
    certificate_apps: list[str] = []
    templates: list[Template] = []


class Agency(Struct, frozen=True):
    department: str
    name: str = ""
    mchid: str = ""
    alipay_app_id: str = ""


class Platforms(Struct, frozen=True):
    """What the city has opened with WeChat and Alipay."""

    wechat: WechatApp
    wechat_pay: WechatPay
    alipay: AlipayApp
    agencies: list[Agency] = []

    def mchids(self) -> list[str]:
        own = [merchant.mchid for merchant in self.wechat_pay.mchids]
        return list(dict.fromkeys(own + [agency.mchid for agency in self.agencies if agency.mchid]))

    def alipay_app_ids(self) -> list[str]:
        others = [agency.alipay_app_id for agency in self.agencies if agency.alipay_app_id]
        own = [self.alipay.app_id, *self.alipay.more_app_ids]
        return list(dict.fromkeys([*own, *others]))


class City(Struct, frozen=True):
    platforms: Platforms
    people: dict[str, Person]
    enterprises: dict[str, Enterprise]
    licence_registries: list[LicenceRegistry] = []
    licence_kinds: dict[str, LicenceKind] = {}
    licences: list[RegisteredLicence] = []
    departments: dict[str, str] = {}
    portraits: dict[str, bytes] = {}

    def person_with_id_number(self, id_number: str, id_type: str = "resident_id") -> Person | None:
        """Who holds this document, as their first or a further one."""
        wanted = Paper(id_type, id_number.upper())
        return next((p for p in self.people.values() if wanted in p.all_papers()), None)

    def bank_account(self, account_no: str) -> BankAccount | None:
        accounts = (enterprise.bank for enterprise in self.enterprises.values())
        return next((a for a in accounts if a and a.account_no == account_no), None)


def read_city(folder: Path) -> City:
    """Raises ValueError or OSError when the files are not a city."""
    people = msgspec.convert(read_texts(folder / "people.yaml"), list[Person], strict=False)
    enterprises = msgspec.convert(read_texts(folder / "enterprises.yaml"), list[Enterprise])
    return City(
        platforms=msgspec.convert(read_texts(folder / "platforms.yaml"), Platforms, strict=False),
        people={person.key: person for person in people},
        enterprises={enterprise.uscc: enterprise for enterprise in enterprises},
        **read_licences(folder),
    )
