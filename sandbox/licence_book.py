"""A registry's licences as they are now: the city's, and what became of them since. 登记簿"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from msgspec import Struct

from sandbox.city_licences import LicenceRegistry, RegisteredLicence
from sandbox.world import World

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Change(Struct, frozen=True):
    """What stands in the book: a state, and of a renewal when and until when."""

    number: int
    registry: str
    identifier: str
    state: str
    state_on: str
    registered_on: str | None
    valid_until: str | None
    version: int


class LicenceBook:
    """One registry's book. A place in its list of changes is "<of the city's>:<of those since>"."""

    def __init__(self, world: World, registry: LicenceRegistry) -> None:
        self._world = world
        self._registry = registry
        city = world.city
        self._licences = [row for row in city.licences if row.registry == registry.name]

    def all(self) -> Iterator[tuple[RegisteredLicence, dict[str, Any]]]:
        for licence in self._licences:
            yield licence, self.entry(licence, self._last_change(licence))

    def held_by(self, kind: str, code: str) -> list[dict[str, Any]]:
        return [
            row for _, row in self.all() if (row["holder_type"], row["holder_code"]) == (kind, code)
        ]

    def find(self, type_code: str, number: str) -> list[dict[str, Any]]:
        return [
            row for _, row in self.all() if (row["type_code"], row["number"]) == (type_code, number)
        ]

    def changes(self, after: str, limit: int) -> tuple[list[dict[str, Any]], str, bool]:
        """The next ones after a place, the place they end at, and whether there are more."""
        begun, _, seen = (after or "0:0").partition(":")
        at = min(int(begun), len(self._licences))
        first = self._licences[at : at + limit]
        rows = [self.entry(licence, self._last_change(licence)) for licence in first]
        later = self._later(int(seen), limit - len(first) + 1) if len(first) < limit else []
        taken = later[: limit - len(first)]
        by_identifier = {licence.identifier: licence for licence in self._licences}
        rows += [self.entry(by_identifier[row.identifier], row) for row in taken]
        last = taken[-1].number if taken else int(seen)
        more = (
            at + len(first) < len(self._licences) or len(later) > len(taken) or len(first) == limit
        )
        return rows, f"{at + len(first)}:{last}", more

    def portrait(self, identifier: str) -> bytes | None:
        for licence, row in self.all():
            if row["identifier"] == identifier and licence.portrait:
                return self._world.city.portraits[licence.portrait]
        return None

    def entry(self, licence: RegisteredLicence, change: Change | None) -> dict[str, Any]:
        """A licence in the form that goes over the line."""
        city = self._world.city
        kind = city.licence_kinds[licence.licence_type]
        entity = next((e for e in city.enterprises.values() if e.key == licence.holder), None)
        holder_code = entity.uscc if entity else city.people[licence.holder].id_number
        issued_on = str(licence.issued_on)
        renewed = change is not None and change.registered_on is not None
        return {
            "identifier": _version_of(licence.identifier, change.version if change else 1),
            "type_code": kind.type_code,
            "number": licence.number,
            "holder_type": kind.holder,
            "holder_code": holder_code,
            "data": licence.fields,
            "issuer_name": self._issuer_name(kind.issuer),
            "division": self._registry.division,
            "valid_from": issued_on,
            "valid_until": change.valid_until if change and renewed else licence.last_day(),
            "state": change.state if change else "valid",
            "state_on": change.state_on if change else issued_on,
            "registered_on": change.registered_on if change and renewed else issued_on,
            "portrait_sha256": self._digest(licence.portrait),
        }

    def _issuer_name(self, department: str) -> str:
        """Of the neighbour's departments only the place's name differs."""
        name = self._world.city.departments.get(department, department)
        region = self._registry.region_name
        return name.replace("临溪市", region) if region else name

    def _digest(self, portrait: str) -> str | None:
        return sha256(self._world.city.portraits[portrait]).hexdigest() if portrait else None

    def _last_change(self, licence: RegisteredLicence) -> Change | None:
        """The newest one; a renewal stays one when only the state changes after it."""
        return self._world.book.find(
            Change,
            "SELECT * FROM licence_changes WHERE registry = ? AND identifier = ?"
            " ORDER BY number DESC LIMIT 1",
            self._registry.name,
            licence.identifier,
        )

    def _later(self, number: int, limit: int) -> list[Change]:
        return self._world.book.find_all(
            Change,
            "SELECT * FROM licence_changes WHERE registry = ? AND number > ?"
            " ORDER BY number LIMIT ?",
            self._registry.name,
            number,
            limit,
        )


def check_character(text: str) -> str:
    """ISO/IEC 7064 MOD 37,36."""
    remainder = 36
    for char in text:
        remainder = (remainder + ALPHABET.index(char)) % 36 or 36
        remainder = remainder * 2 % 37
    return ALPHABET[(37 - remainder) % 36]


def _version_of(identifier: str, version: int) -> str:
    """The same licence's identifier with another version."""
    *root, kind, issuer, serial, _, _ = identifier.split(".")
    parts = [kind, issuer, serial, f"{version:03d}"]
    return ".".join([*root, *parts, check_character("".join(parts))])
