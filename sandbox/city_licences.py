"""What the licence registries of this city and its neighbour have from the beginning. 证照登记"""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sandbox.texts import read_texts

FILES = ("licence_registries", "licence_types", "licences", "agencies")


class LicenceRegistry(Struct, frozen=True):
    """A registry. One with a `region` is another place's."""

    name: str
    title: str
    division: str
    region: str = ""
    region_name: str = ""


class LicenceKind(Struct, frozen=True):
    """A kind of licence; `issuer` is the department of this city that issues it."""

    licence_type: str
    name: str
    issuer: str
    holder: str
    type_code: str


class RegisteredLicence(Struct, frozen=True):
    """A licence; `holder` is the key of a person or an enterprise, `portrait` that of a picture."""

    licence_type: str
    holder: str
    number: str
    issued_on: date
    valid_until: str
    identifier: str
    fields: dict[str, str]
    registry: str = "linxi"
    portrait: str = ""

    def last_day(self) -> str | None:
        return None if self.valid_until == "null" else self.valid_until


def read_licences(folder: Path) -> dict[str, Any]:
    """What `City` is made of, of licences; a city without these files has none."""
    paths = [folder / f"{name}.yaml" for name in FILES]
    if not all(path.exists() for path in paths):
        return {}
    registries, kinds, licences, agencies = (read_texts(path) for path in paths)
    pictures = sorted((folder / "portraits").glob("*.jpg"))
    return {
        "licence_registries": msgspec.convert(registries, list[LicenceRegistry]),
        "licence_kinds": {row["licence_type"]: msgspec.convert(row, LicenceKind) for row in kinds},
        "licences": msgspec.convert(licences, list[RegisteredLicence]),
        "departments": {row["department"]: row["name"] for row in agencies},
        "portraits": {path.stem: path.read_bytes() for path in pictures},
    }
