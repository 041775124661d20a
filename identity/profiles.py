"""What somebody sees of themselves: who they are here, and how they like it shown. 我的"""

from uuid import UUID

from msgspec import Struct

from core.masking import mask_name, mask_phone
from core.prepared import Prepared
from core.sealing import Vault
from identity import persons
from identity.callers import Caller
from identity.contacts import find_phone
from identity.kinds import PartyKind
from identity.models import Account, LegalEntity

_ACCOUNT = Prepared(lambda account_id: Account.filter(id=account_id), UUID)


class ActingFor(Struct, frozen=True, kw_only=True):
    """The party of this session, when it is not oneself."""

    party_id: UUID
    kind: PartyKind
    name: str
    scope: str


class Profile(Struct, frozen=True, kw_only=True):
    """Masked: nothing here is more than its owner needs to recognise it."""

    provider: str
    level: int
    name: str | None
    phone: str | None
    acting_for: ActingFor | None
    elder_mode: bool
    language: str


class Preferences(Struct, frozen=True):
    """How an account wants things shown."""

    elder_mode: bool
    language: str


async def show_profile(caller: Caller, *, vault: Vault) -> Profile:
    account = await Account.get(id=caller.account_id)
    phone = await find_phone(account.id, vault=vault)
    name = None
    if caller.person_id is not None:
        name = mask_name(await persons.full_name(caller.person_id, vault=vault))
    return Profile(
        provider=caller.provider,
        level=caller.level,
        name=name,
        phone=None if phone is None else mask_phone(phone),
        acting_for=await _acting_for(caller, vault),
        elder_mode=account.elder_mode,
        language=account.language,
    )


async def get_preferences(caller: Caller) -> Preferences:
    [account] = await _ACCOUNT.rows(caller.account_id)
    return Preferences(account.elder_mode, account.language)


async def set_preferences(caller: Caller, *, elder_mode: bool, language: str) -> None:
    """How this account wants things shown: 长辈版 or not, and in which language."""
    account = Account.filter(id=caller.account_id)
    await account.update(elder_mode=elder_mode, language=language)


async def _acting_for(caller: Caller, vault: Vault) -> ActingFor | None:
    if caller.party_id is None or caller.party_id == caller.person_id:
        return None
    entity = await LegalEntity.get_or_none(id=caller.party_id)
    if entity is not None:
        name, kind = entity.name, PartyKind.ENTITY
    else:
        name = mask_name(await persons.full_name(caller.party_id, vault=vault))
        kind = PartyKind.PERSON
    return ActingFor(party_id=caller.party_id, kind=kind, name=name, scope=caller.scope)
