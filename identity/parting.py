"""The accounts of one person: which they are, and how one is parted from it. 账号关联与解除

Parting ends the account's sessions, phone and level, and its work as a verifier. Nothing of the
person's goes with it: all of that belongs to the person, and the account begins again as a
stranger's.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.masking import mask_phone
from core.sealing import Vault
from identity.accounts import AccountNotFound
from identity.callers import Caller, OperatorCaller
from identity.contacts import find_phone
from identity.kinds import Level
from identity.models import Account, LoginDevice, PhoneContact, Session, Verifier
from identity.session_states import SessionStates
from identity.sessions import lock_sessions
from identity.verifiers import disable_verifier


class PartingReason(StrEnum):
    """Why an operator parts an account. A code, so that no personal data comes to stand here."""

    REQUESTED = "requested"  # 本人到窗口申请
    NOT_THEIRS = "not_theirs"  # 账号不是本人的
    STOLEN = "stolen"  # 账号被盗用
    ORDERED = "ordered"  # 依法律文书


class JoinedAccount(Struct, frozen=True, kw_only=True):
    """One account of the caller's person; `current` is the one that asks."""

    id: UUID
    provider: str
    appid: str
    level: int
    phone: str | None
    created_at: datetime
    last_login_at: datetime | None
    current: bool


async def list_accounts(caller: Caller, *, vault: Vault) -> list[JoinedAccount]:
    """Every account that proved to be the caller's person, oldest first."""
    person_id = caller.required_person()
    accounts = await Account.filter(person_id=person_id).order_by("id")
    return [await _joined(account, caller, vault) for account in accounts]


async def part_account(
    account_id: UUID, *, caller: Caller, states: SessionStates, at: datetime
) -> None:
    """Part one of the caller's person's accounts from it, also the one that asks. 解除关联"""
    person_id = caller.required_person()
    ended = await part(account_id, person_id, actor=caller.actor(), because="person", at=at)
    await states.forget(ended)


async def part_for_person(
    account_id: UUID,
    reason: PartingReason,
    *,
    operator: OperatorCaller,
    states: SessionStates,
    at: datetime,
) -> None:
    """An operator parts an account from the person it proved to be, of its own division."""
    account = await Account.get_or_none(
        id=account_id, person__division__startswith=operator.division
    )
    if account is None or account.person_id is None:
        raise AccountNotFound(account_id=account_id)
    ended = await part(account_id, account.person_id, actor=operator.actor(), because=reason, at=at)
    await states.forget(ended)


async def part(
    account_id: UUID, person_id: UUID, *, actor: str, because: str, at: datetime
) -> list[UUID]:
    """Part an account from a person; the sessions that ended. AccountNotFound if it is not theirs.

    The name that tokens call the account by changes too: nothing that its next owner gets is tied
    to the one before.
    """
    async with in_transaction():
        theirs = Account.filter(id=account_id, person_id=person_id)
        account = await theirs.select_for_update().first()
        if account is None:
            raise AccountNotFound(account_id=account_id)
        living = Session.filter(account_id=account_id, ended_at=None)
        await lock_sessions(living)
        ended = await living.values_list("id", flat=True)
        await living.update(ended_at=at, ended_because="parted")
        await PhoneContact.filter(account_id=account_id, ended_at=None).update(ended_at=at)
        await LoginDevice.filter(account_id=account_id).delete()
        for verifier in await Verifier.filter(account_id=account_id, disabled_at=None):
            await disable_verifier(verifier.id, actor=actor, at=at)
        epoch = account.epoch + 1
        await theirs.update(
            person_id=None,
            level=int(Level.NONE),
            face_at=None,
            epoch=epoch,
            token_subject=uuid4(),
            elder_mode=False,
            language="zh-CN",
        )
        subject = f"account:{account_id}"
        await audit.record(actor, "account.part", subject, because=because, person=str(person_id))
        await jobs.enqueue(
            "identity.account_parted",
            person_id=str(person_id),
            account_id=str(account_id),
            epoch=epoch,
        )
    return [UUID(str(session_id)) for session_id in ended]


async def _joined(account: Account, caller: Caller, vault: Vault) -> JoinedAccount:
    phone = await find_phone(account.id, vault=vault)
    last = await Session.filter(account_id=account.id).order_by("-id").first()
    return JoinedAccount(
        id=account.id,
        provider=account.provider.value,
        appid=account.appid,
        level=account.level,
        phone=None if phone is None else mask_phone(phone),
        created_at=account.created_at,
        last_login_at=None if last is None else last.created_at,
        current=account.id == caller.account_id,
    )
