"""Phone numbers: contacts of an account, proved and ended. Never an identity. 联系电话"""

from datetime import datetime
from uuid import UUID

from tortoise import connections
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Conflict
from core.ids import new_id
from core.masking import mask_phone
from core.sealing import Place, Vault
from identity.callers import Caller
from identity.kinds import Level
from identity.models import Account, PhoneContact
from identity.proofs import claim_once, was_claimed
from identity.providers import (
    IdentityProvider,
    LastingPhoneProofs,
    PhoneProofRejected,
    SealedPhone,
    SealedPhones,
)
from identity.session_states import SessionStates

_TABLE, _COLUMN = "identity_phone_contact", "phone_sealed"


class PhoneProofUsed(Conflict):
    code = "identity.phone_proof_used"
    message = "这次手机号授权已经用过，请重新授权"


async def verify_phone(
    caller: Caller,
    proof: str | SealedPhone,
    *,
    provider: IdentityProvider,
    vault: Vault,
    states: SessionStates,
    at: datetime,
) -> str:
    """Take the number that the caller's phone just shared as its contact; the masked number.

    A proof counts once, for whoever brings it first: Alipay's names neither user nor time, so it is
    remembered for ever, from the moment that the number is kept. Brought again it changes nothing:
    who still has that number is told so, and who has lost it does not get it back. A number that
    was somebody else's is theirs no longer.
    """
    kind, brought = f"phone:{provider.name}:{provider.appid}", _once(proof, provider)
    if await was_claimed(kind, brought):
        return await _repeated(proof, caller, provider, vault, at=at)
    phone = await _read(proof, caller, provider, at=at)
    index = phone_index(phone, vault)
    async with in_transaction():
        if not await claim_once(kind, brought, at=at):
            raise PhoneProofUsed(account_id=caller.account_id)
        await wait_for_turn(index)
        account = await Account.select_for_update().get(id=caller.account_id)
        await _take(account, phone, index, vault, at=at)
        await audit.record(caller.actor(), "account.phone", f"account:{account.id}")
    await states.forget([caller.session_id])
    return mask_phone(phone)


async def take_phone(account: Account, phone: str, *, vault: Vault, at: datetime) -> None:
    """Keep a number that was just proved to be at an account's hand, in the caller's transaction,
    which waited for its turn and then for the account. Whoever else had it has it no longer.
    """
    await _take(account, phone, phone_index(phone, vault), vault, at=at)


async def wait_for_turn(index: UUID) -> None:
    """Of two accounts that prove one number at once, the second ends the first's binding. In the
    caller's transaction, before it waits for an account: the other way round two could wait for
    each other.
    """
    connection = connections.get("default")
    lock = int.from_bytes(index.bytes[:8], signed=True)
    await connection.execute_query("SELECT pg_advisory_xact_lock($1)", [lock])


def phone_index(phone: str, vault: Vault) -> UUID:
    """What a number is found by."""
    return UUID(bytes=vault.blind_index(f"{_TABLE}.phone", phone))


async def find_phone(account_id: UUID, *, vault: Vault) -> str | None:
    """The number that reaches this account now. Read it when sending, not before."""
    contact = await PhoneContact.get_or_none(account_id=account_id, ended_at=None)
    return None if contact is None else _open(contact, vault)


async def find_person_phone(person_id: UUID, *, vault: Vault) -> str | None:
    """The number of a person that was proved last, on whichever channel."""
    contact = (
        await PhoneContact.filter(account__person_id=person_id, ended_at=None)
        .order_by("-verified_at")
        .first()
    )
    return None if contact is None else _open(contact, vault)


def _once(proof: str | SealedPhone, provider: IdentityProvider) -> str:
    """What of a proof may count once."""
    if isinstance(proof, SealedPhone):
        return proof.encrypted_data
    return provider.phone_key(proof) if isinstance(provider, LastingPhoneProofs) else proof


async def _repeated(
    proof: str | SealedPhone,
    caller: Caller,
    provider: IdentityProvider,
    vault: Vault,
    *,
    at: datetime,
) -> str:
    """The masked number of a proof that was brought before, while it is the account's own."""
    if isinstance(provider, LastingPhoneProofs):
        phone = await _read(proof, caller, provider, at=at)
        current = await PhoneContact.get_or_none(account_id=caller.account_id, ended_at=None)
        if current is not None and current.phone_index == phone_index(phone, vault):
            return mask_phone(phone)
    raise PhoneProofUsed(account_id=caller.account_id)


async def _read(
    proof: str | SealedPhone, caller: Caller, provider: IdentityProvider, *, at: datetime
) -> str:
    if isinstance(proof, str):
        return await provider.read_phone(proof, subject=caller.subject, at=at)
    if not isinstance(provider, SealedPhones):
        raise PhoneProofRejected(reason="nothing is sealed here")
    return await provider.open_phone(proof, subject=caller.subject, at=at)


async def _end_others(account: Account, index: UUID, *, at: datetime) -> None:
    """The number was re-issued, or its bearer has another person's account: that binding ends."""
    others = PhoneContact.filter(phone_index=index, ended_at=None).exclude(account_id=account.id)
    if account.person_id is not None:
        others = others.filter(
            Q(account__person_id__isnull=True) | ~Q(account__person_id=account.person_id)
        )
    contacts = await others.values_list("id", "account_id")
    await PhoneContact.filter(id__in=[contact[0] for contact in contacts]).update(ended_at=at)
    unproved = Account.filter(id__in=[contact[1] for contact in contacts], level=int(Level.PHONE))
    await unproved.update(level=int(Level.NONE))


async def _keep(account_id: UUID, phone: str, index: UUID, vault: Vault, *, at: datetime) -> None:
    current = await PhoneContact.get_or_none(account_id=account_id, ended_at=None)
    if current is not None and current.phone_index == index:
        await PhoneContact.filter(id=current.id).update(verified_at=at)
        return
    if current is not None:
        await PhoneContact.filter(id=current.id).update(ended_at=at)
    contact_id = new_id()
    await PhoneContact.create(
        id=contact_id,
        account_id=account_id,
        phone_sealed=vault.seal(Place(_TABLE, _COLUMN, contact_id), phone),
        phone_index=index,
        verified_at=at,
    )


async def _take(account: Account, phone: str, index: UUID, vault: Vault, *, at: datetime) -> None:
    await _end_others(account, index, at=at)
    await _keep(account.id, phone, index, vault, at=at)
    account.level = max(account.level, int(Level.PHONE))
    await account.save(update_fields=["level"])


def _open(contact: PhoneContact, vault: Vault) -> str:
    return vault.open(Place(_TABLE, _COLUMN, contact.id), contact.phone_sealed)
