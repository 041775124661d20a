"""The invented city as its data files have it."""

from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from seeds.rows import (
    AgencyRow,
    Division,
    EnterpriseRow,
    FamilyRow,
    FeeItemRow,
    FeeRow,
    HelperRow,
    LegalBasisRow,
    LicenceRegistryRow,
    LicenceRow,
    LicenceTypeRow,
    MachineRow,
    MerchantRow,
    OperatorRow,
    PersonRow,
    TemplateRow,
    VerifierRow,
)

CITY = Path(__file__).parent / "city"

T = TypeVar("T")


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
    def helpers(self) -> list[HelperRow]:
        return self._rows("helpers", list[HelperRow])

    @cached_property
    def machines(self) -> list[MachineRow]:
        return self._rows("machines", list[MachineRow])

    @cached_property
    def legal_bases(self) -> list[LegalBasisRow]:
        return self._rows("legal_bases", list[LegalBasisRow])

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

    def organisation(self, key: str) -> VerifierRow:
        """The first login of a verifying organisation: all of them say the same of it."""
        return next(row for row in self.verifiers if row.organisation == key)

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
