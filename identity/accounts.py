"""Accounts: somebody as one app of a provider knows them. 账号"""

from datetime import datetime
from uuid import UUID

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from core import audit
from core.errors import NotFound
from identity.kinds import ProviderName
from identity.models import Account, Session
from identity.sessions import lock_sessions


class AccountNotFound(NotFound):
    code = "identity.account_not_found"
    message = "没有找到该账号"


async def find_account(person_id: UUID, provider: str, appid: str | None = None) -> Account | None:
    """The person's newest usable account at a provider, in one app if it matters."""
    accounts = Account.filter(
        person_id=person_id, provider=ProviderName(provider), disabled_at=None
    )
    if appid is not None:
        accounts = accounts.filter(appid=appid)
    return await accounts.order_by("-id").first()


async def disable_account(account_id: UUID, *, actor: str, reason: str, at: datetime) -> None:
    """Shut an account out everywhere: its sessions end, its tokens are refused within 5 s."""
    async with in_transaction():
        known = Account.filter(id=account_id)
        if not await known.update(disabled_at=at, epoch=F("epoch") + 1):
            raise AccountNotFound(account_id=account_id)
        await end_sessions(account_id, because="disabled", at=at)
        await audit.record(actor, "account.disable", f"account:{account_id}", reason=reason)


async def enable_account(account_id: UUID, *, actor: str) -> None:
    """Let an account sign in again. Its old sessions stay ended."""
    async with in_transaction():
        if not await Account.filter(id=account_id).update(disabled_at=None):
            raise AccountNotFound(account_id=account_id)
        await audit.record(actor, "account.enable", f"account:{account_id}")


async def end_sessions(
    account_id: UUID, *, because: str, at: datetime, besides: UUID | None = None
) -> int:
    """End the sessions of an account, `besides` those of one login. In the caller's transaction."""
    living = Session.filter(account_id=account_id, ended_at=None)
    if besides is not None:
        living = living.exclude(login_id=besides)
    await lock_sessions(living)
    return await living.update(ended_at=at, ended_because=because)
