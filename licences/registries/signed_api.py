"""A registry asked through the signed JSON interface; the wire format is in docs. 证照登记库接口"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from core.wire import NoAnswer
from core.wire.hmac_api import Answer, HmacApi
from identity.kinds import PartyKind
from licences.identifiers import IdentifierInvalid, read_identifier
from licences.kinds import LicenceStatus
from licences.registries import (
    Changes,
    Held,
    HolderKey,
    RegistryFailed,
    RegistryRecord,
)

MAX_PICTURE_BYTES = 200_000

T = TypeVar("T")


class _Licence(Struct):
    identifier: str
    type_code: str
    number: Annotated[str, Meta(min_length=1, max_length=64)]
    holder_type: PartyKind
    holder_code: str
    data: Annotated[dict[str, Annotated[str, Meta(max_length=500)]], Meta(max_length=64)]
    issuer_name: Annotated[str, Meta(min_length=1, max_length=64)]
    division: Annotated[str, Meta(max_length=12)]
    valid_from: date
    valid_until: date | None
    state: LicenceStatus
    state_on: date
    registered_on: date
    portrait_sha256: str | None = None


class _Held(Struct):
    as_of: datetime
    licences: list[_Licence]


class _Changes(Struct):
    as_of: datetime
    changes: list[_Licence]
    next: Annotated[str, Meta(max_length=64)]
    more: bool


class _Portrait(Struct):
    media_type: Literal["image/jpeg", "image/png"]
    content: str


class SignedRegistry:
    """The contract `POST /licences/…`."""

    def __init__(self, api: HmacApi, *, name: str, region: str, region_name: str) -> None:
        self.name = name
        self.region = region
        self.region_name = region_name
        self._api = api

    async def held_by(self, holder: HolderKey) -> Held:
        asked = {"holder_type": holder.kind.value, "holder_code": holder.number}
        return self._held(await self._ask("held", _Held, asked))

    async def find(self, type_code: str, number: str) -> Held:
        asked = {"type_code": type_code, "number": number}
        return self._held(await self._ask("find", _Held, asked))

    async def changes(self, after: str, *, limit: int) -> Changes:
        found = await self._ask("changes", _Changes, {"after": after, "limit": limit})
        records = [self._record(row) for row in found.changes]
        return Changes(records, found.next, found.more, self._aware(found.as_of))

    async def portrait(self, identifier: str) -> bytes:
        found = await self._ask("portraits", _Portrait, {"identifier": identifier})
        try:
            content = b64decode(found.content, validate=True)
        except NotBase64:
            raise self._unreadable() from None
        if len(content) > MAX_PICTURE_BYTES:
            raise RegistryFailed(registry=self.name, reason="picture too large")
        return content

    async def _ask(self, what: str, as_type: type[T], asked: Mapping[str, str | int]) -> T:
        try:
            answer = await self._api.post(f"/licences/{what}", msgspec.json.encode(asked))
        except NoAnswer as error:
            raise RegistryFailed(registry=self.name, reason=str(error)) from None
        return self._read(answer, as_type)

    def _read(self, answer: Answer, as_type: type[T]) -> T:
        if answer.status != 200:
            raise RegistryFailed(registry=self.name, status=answer.status)
        try:
            return msgspec.json.decode(answer.body, type=as_type)
        except msgspec.MsgspecError:
            raise self._unreadable() from None

    def _held(self, found: _Held) -> Held:
        return Held([self._record(row) for row in found.licences], self._aware(found.as_of))

    def _record(self, row: _Licence) -> RegistryRecord:
        try:
            identifier = read_identifier(row.identifier)
        except IdentifierInvalid:
            raise self._unreadable() from None
        ends_early = row.valid_until is not None and row.valid_until < row.valid_from
        if identifier.type_code != row.type_code or ends_early:
            raise self._unreadable()
        return RegistryRecord(
            identifier=row.identifier,
            type_code=row.type_code,
            number=row.number,
            holder=HolderKey(row.holder_type, row.holder_code),
            values=row.data,
            issuer=row.issuer_name,
            division=row.division,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            status=row.state,
            status_on=row.state_on,
            registered_on=row.registered_on,
            portrait_sha256=row.portrait_sha256,
        )

    def _aware(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise self._unreadable()
        return moment

    def _unreadable(self) -> RegistryFailed:
        return RegistryFailed(registry=self.name, reason="not readable")
