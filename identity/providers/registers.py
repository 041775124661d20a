"""The city's registers, asked through their signed interface. 人口库 / 法人库"""

from typing import TypeVar

import msgspec
from msgspec import Struct

from core.wire import NoAnswer
from core.wire.hmac_api import Answer, HmacApi
from identity.kinds import DocumentType, EntityStatus
from identity.providers import PopulationAnswer, RegisteredEntity, RegisterFailed

T = TypeVar("T")


class _Representative(Struct):
    name: str
    id_number_sha256: str


class _Entity(Struct):
    uscc: str
    name: str
    status: EntityStatus
    division: str
    legal_representative: _Representative


class PopulationRegisterApi:
    """The population register of the contract `POST /population/checks`.

    Without an `id_type` the number is a resident identity card's.
    """

    def __init__(self, api: HmacApi) -> None:
        self._api = api

    async def check(
        self, *, name: str, id_number: str, document_type: DocumentType = DocumentType.RESIDENT_ID
    ) -> PopulationAnswer:
        asked = {"name": name, "id_number": id_number}
        if document_type is not DocumentType.RESIDENT_ID:
            asked["id_type"] = document_type
        body = msgspec.json.encode(asked)
        try:
            answer = await self._api.post("/population/checks", body)
        except NoAnswer as error:
            raise RegisterFailed(register="population", reason=str(error)) from None
        return _read(answer, PopulationAnswer, "population")


class BusinessRegisterApi:
    """The business register of the contract `GET /business/entities/{uscc}`."""

    def __init__(self, api: HmacApi) -> None:
        self._api = api

    async def find_entity(self, uscc: str) -> RegisteredEntity | None:
        try:
            answer = await self._api.get(f"/business/entities/{uscc}")
        except NoAnswer as error:
            raise RegisterFailed(register="business", reason=str(error)) from None
        if answer.status == 404:
            return None
        entity = _read(answer, _Entity, "business")
        if entity.uscc != uscc:
            raise RegisterFailed(register="business", reason="another entity")
        return RegisteredEntity(
            uscc=entity.uscc,
            name=entity.name,
            status=entity.status,
            division=entity.division,
            representative_name=entity.legal_representative.name,
            representative_id_sha256=entity.legal_representative.id_number_sha256,
        )


def _read(answer: Answer, as_type: type[T], register: str) -> T:
    if answer.status != 200:
        raise RegisterFailed(register=register, status=answer.status)
    try:
        return msgspec.json.decode(answer.body, type=as_type)
    except msgspec.MsgspecError:
        raise RegisterFailed(register=register, reason="not readable") from None
