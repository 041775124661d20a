"""Where licences are registered, here and in other places; one module per way of asking. 证照登记库

A registry of another place is a body whose licences are recognised here. 互认
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from core.errors import UpstreamFailed
from identity.kinds import PartyKind
from licences.kinds import LicenceStatus


class RegistryFailed(UpstreamFailed):
    code = "licences.registry_failed"
    message = "证照登记系统暂时不可用，请稍后再试"


class HolderKey(Struct, frozen=True):
    """How registries know a holder: by the number of its identity card, or by its credit code."""

    kind: PartyKind
    number: str

    def __repr__(self) -> str:
        return "HolderKey(…)"


class RegistryRecord(Struct, frozen=True, kw_only=True):
    """A licence as its registry has it. `values` may hold fields that we do not know."""

    identifier: str
    type_code: str
    number: str
    holder: HolderKey
    values: Mapping[str, str]
    issuer: str
    division: str
    valid_from: date
    valid_until: date | None
    status: LicenceStatus
    status_on: date
    registered_on: date
    portrait_sha256: str | None = None

    def __repr__(self) -> str:
        return f"RegistryRecord({self.identifier})"


class Held(Struct, frozen=True):
    """All licences that a holder has in a registry, as of a moment."""

    records: list[RegistryRecord]
    as_of: datetime


class Changes(Struct, frozen=True):
    """What changed after a place in the list, oldest first, and where to go on from."""

    records: list[RegistryRecord]
    cursor: str
    more: bool
    as_of: datetime


@runtime_checkable
class Registry(Protocol):
    """One registry. It keeps no state and touches no table; RegistryFailed when nothing is known.

    `region` is the code of the place whose licences it has, "" for our own.
    """

    name: str
    region: str
    region_name: str

    async def held_by(self, holder: HolderKey) -> Held:
        """Everything this holder has there."""
        ...

    async def find(self, type_code: str, number: str) -> Held:
        """One licence by its number; none when it is not there."""
        ...

    async def changes(self, after: str, *, limit: int) -> Changes:
        """What changed since; from the beginning when `after` is empty."""
        ...

    async def portrait(self, identifier: str) -> bytes:
        """The holder's picture on this licence, as the registry has it."""
        ...


class Registries:
    """The registries we ask, by name, in the order of the settings."""

    def __init__(self, registries: Iterable[Registry] = ()) -> None:
        self._registries = {registry.name: registry for registry in registries}

    def __iter__(self) -> Iterator[Registry]:
        return iter(self._registries.values())

    def find(self, name: str) -> Registry | None:
        return self._registries.get(name)
