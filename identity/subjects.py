"""From whom a provider names to the account it is. 平台用户标识

An account is (provider, appid, subject), and nobody outside its app. In one app Alipay may name the
same account twice: by its older user_id and by the open_id of today. The names that came in one
answer are one account's; the open_id is the one we use, and the user_id is kept as an alias. A
unionid is a hint: it joins nothing and opens nothing. What does not fit together, when both sides
are proved to be persons, is put before a human.
"""

from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from core import jobs, tasks
from core.errors import NotAllowed
from core.ids import new_id
from identity.kinds import ProviderName
from identity.models import Account, AccountAlias
from identity.providers import Subject


class AccountDisabled(NotAllowed):
    code = "identity.account_disabled"
    message = "该账号已停用，请到服务窗口处理"


async def account_of(
    provider: ProviderName, appid: str, subject: Subject, *, at: datetime
) -> Account:
    """The account that is meant, made once, in the caller's transaction.

    It is locked until the commit, so that it is neither disabled nor proved meanwhile.
    """
    known = await _find(provider, appid, subject)
    if known is None:
        known, _ = await Account.get_or_create(
            provider=provider,
            appid=appid,
            subject=subject.subject,
            defaults={"unionid": subject.unionid},
        )
    account = await Account.select_for_update(no_key=True).get(id=known.id)
    if account.disabled_at is not None:
        raise AccountDisabled(account_id=account.id)
    if subject.alias is not None:
        await learn_name(account, subject.subject, older=subject.alias, at=at)
    if subject.unionid is not None:
        await _note_unionid(account, subject.unionid)
    return account


async def learn_name(account: Account, newer: str, *, older: str, at: datetime) -> None:
    """Keep that both are names of this locked account: the newer to be used, the older to be known.

    A name that is another account's stays that one's.
    """
    names = Q(subject=newer) | Q(subject=older)
    theirs = Account.filter(names, provider=account.provider, appid=account.appid)
    other = await theirs.exclude(id=account.id).first()
    if other is not None:
        await _report(account, other)
        return
    if account.subject != newer:
        account.subject = newer
        await account.save(update_fields=["subject"])
    await AccountAlias.get_or_create(
        provider=account.provider,
        appid=account.appid,
        subject=older,
        defaults={"id": new_id(), "account_id": account.id, "learned_at": at},
    )


async def hint_conflict(account_id: str, other_id: str, *, department: str) -> None:
    """Put two accounts before a human: a platform says one user, and we know two persons. A job."""
    async with in_transaction():
        await tasks.raise_task(
            "identity.unionid_conflict",
            department=department,
            subject=account_id,
            dedupe_key=f"identity.hint_conflict:{account_id}:{other_id}",
            account_id=account_id,
            other_id=other_id,
        )


async def _find(provider: ProviderName, appid: str, subject: Subject) -> Account | None:
    """By its name of today, or else by any that Alipay ever gave with it."""
    ours = Account.filter(provider=provider, appid=appid)
    found = await ours.filter(subject=subject.subject).first()
    if found is not None or provider is not ProviderName.ALIPAY:
        return found
    names = [name for name in (subject.subject, subject.alias) if name]
    alias = await AccountAlias.filter(provider=provider, appid=appid, subject__in=names).first()
    if alias is not None:
        return await Account.get(id=alias.account_id)
    return await ours.filter(subject=subject.alias).first() if subject.alias else None


async def _note_unionid(account: Account, unionid: str) -> None:
    """Keep the hint. It never changes by itself: a second one is for a human, like a second person.

    Accounts that nobody has proved cannot differ.
    """
    if account.unionid is None:
        await Account.filter(id=account.id, unionid=None).update(unionid=unionid)
    elif account.unionid == unionid:
        return
    if account.person_id is None:
        return
    same = Account.filter(provider=account.provider, unionid=unionid, person_id__isnull=False)
    other = await same.exclude(person_id=account.person_id).first()
    if other is not None:
        await _report(account, other)


async def _report(account: Account, other: Account) -> None:
    """Two that are one to the platform, when both are proved and are not one person."""
    if None in (account.person_id, other.person_id) or account.person_id == other.person_id:
        return
    pair: tuple[UUID, UUID] = (min(account.id, other.id), max(account.id, other.id))
    await jobs.enqueue(
        "identity.hint_conflict",
        dedupe_key=f"identity.hint_conflict:{pair[0]}:{pair[1]}",
        account_id=str(pair[0]),
        other_id=str(pair[1]),
    )
