"""Enterprises and organisations. 法人"""

from uuid import UUID

import msgspec
from msgspec import Struct
from stdnum.cn import uscc as uscc_rules
from stdnum.exceptions import ValidationError
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core.errors import NotFound, Rejected
from core.ids import new_id
from core.sealing import Place, Vault
from identity.kinds import EntityStatus, PartyKind
from identity.models import LegalEntity, Party


class EntityNotFound(NotFound):
    code = "identity.entity_not_found"
    message = "没有找到该单位"


class UsccInvalid(Rejected):
    code = "identity.uscc_invalid"
    message = "统一社会信用代码有误，请核对后重新填写"


class BankAccountMissing(NotFound):
    code = "identity.bank_account_missing"
    message = "该单位没有登记对公账户"


class BankAccount(Struct, frozen=True):
    """Where a legal entity is paid. 对公账户"""

    account_no: str
    account_name: str
    bank_name: str

    def __repr__(self) -> str:
        return "BankAccount(…)"


async def get_entity(entity_id: UUID) -> LegalEntity:
    entity = await LegalEntity.get_or_none(id=entity_id)
    if entity is None:
        raise EntityNotFound(entity_id=entity_id)
    return entity


async def find_by_uscc(uscc: str) -> LegalEntity | None:
    return await LegalEntity.get_or_none(uscc=read_uscc(uscc))


async def register_entity(
    *,
    uscc: str,
    name: str,
    division: str,
    legal_representative_id: UUID | None,
    vault: Vault,
    bank_account: BankAccount | None = None,
    status: EntityStatus = EntityStatus.ACTIVE,
) -> LegalEntity:
    """The entity with this code, made if unknown; a second call changes nothing."""
    code = read_uscc(uscc)
    found = await LegalEntity.get_or_none(uscc=code)
    if found is not None:
        return found
    entity_id = new_id()
    sealed = None if bank_account is None else _seal(bank_account, entity_id, vault)
    entity = LegalEntity(
        id=entity_id,
        party_id=entity_id,
        uscc=code,
        name=name,
        division=division,
        legal_representative_id=legal_representative_id,
        status=status,
        bank_account_sealed=sealed,
    )
    try:
        async with in_transaction():
            await Party.create(id=entity_id, kind=PartyKind.ENTITY)
            await entity.save(force_create=True)
    except IntegrityError:
        return await LegalEntity.get(uscc=code)
    return entity


async def bank_account(entity_id: UUID, *, vault: Vault) -> BankAccount:
    """The account an entity is paid to; BankAccountMissing when it named none."""
    entity = await get_entity(entity_id)
    if entity.bank_account_sealed is None:
        raise BankAccountMissing(entity_id=entity_id)
    text = vault.open(_place(entity_id), entity.bank_account_sealed)
    return msgspec.json.decode(text, type=BankAccount)


def read_uscc(text: str) -> str:
    """A unified social credit code (GB 32100) in its one spelling."""
    try:
        return uscc_rules.validate(text)
    except ValidationError as error:
        raise UsccInvalid() from error


def _seal(account: BankAccount, entity_id: UUID, vault: Vault) -> bytes:
    return vault.seal(_place(entity_id), msgspec.json.encode(account).decode())


def _place(entity_id: UUID) -> Place:
    return Place("identity_legal_entity", "bank_account_sealed", entity_id)
