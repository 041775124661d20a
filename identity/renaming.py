"""Learning the newer names of accounts before an app forgets the older ones. 用户标识迁移

An app of Alipay's that leaves user_id behind is told nothing but open_id from one day on. So the
open_ids of everybody known by a user_id are asked for as soon as they can be had.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from tortoise.transactions import in_transaction

from identity.kinds import ProviderName
from identity.models import Account
from identity.providers import IdentityProviders, ProviderFailed
from identity.subjects import learn_name

BATCH = 50
_OLDER = "2088"

log = logging.getLogger(__name__)


@runtime_checkable
class Renames(Protocol):
    """An app whose provider gives its users newer names."""

    name: ProviderName
    appid: str

    async def newer_names(self, older: Sequence[str], *, at: datetime) -> dict[str, str]:
        """By the older name, for those it can tell; at most fifty at once."""
        ...


async def learn_newer_names(providers: IdentityProviders, *, at: datetime) -> int:
    """Ask for the newer names of all who are known by older ones; how many were learnt."""
    learnt = 0
    for provider in providers:
        if isinstance(provider, Renames):
            try:
                learnt += await _learn(provider, at=at)
            except ProviderFailed as failed:
                log.warning("no newer names today", extra=failed.context)
    return learnt


async def _learn(provider: Renames, *, at: datetime) -> int:
    known = Account.filter(
        provider=provider.name, appid=provider.appid, subject__startswith=_OLDER
    ).order_by("id")
    learnt, batch = 0, await known.limit(BATCH)
    while batch:
        names = await provider.newer_names([account.subject for account in batch], at=at)
        for account in batch:
            if account.subject in names:
                learnt += await _rename(account, names[account.subject], at=at)
        batch = await known.filter(id__gt=batch[-1].id).limit(BATCH)
    return learnt


async def _rename(seen: Account, newer: str, *, at: datetime) -> bool:
    async with in_transaction():
        account = await Account.select_for_update(no_key=True).get(id=seen.id)
        if account.subject != seen.subject:
            return False
        await learn_name(account, newer, older=seen.subject, at=at)
        return account.subject == newer
