"""What accounts let us send them: our own ledger, for no provider tells what is left. 订阅授权

Every spending is one conditional update, so a count is never below zero, however many send at once.
How a yes or a no is counted is `notifications.ledger`'s.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from tortoise.expressions import F, Q

from core.errors import NotFound
from identity.callers import Caller
from identity.models import Account
from notifications import ledger
from notifications.models import Consent, SubscriptionTemplate, TemplateKind


class TemplateNotFound(NotFound):
    code = "notifications.template_not_found"
    message = "没有这个消息模板"


class Answer(StrEnum):
    """What the client's `requestSubscribeMessage` reported for one template."""

    ACCEPT = "accept"  # 同意
    REJECT = "reject"  # 拒绝
    BAN = "ban"  # 已被平台封禁
    FILTER = "filter"  # 因标题重复被过滤


class OfferedTemplate(Struct, frozen=True, kw_only=True):
    """A template the caller may be asked about. `ask` is False while a consent is left."""

    template_id: str
    title: str
    kind: TemplateKind
    left: int | None
    ask: bool


async def define_template(
    template_id: str,
    *,
    provider: str,
    appid: str,
    title: str,
    kind: TemplateKind,
    keys: Sequence[str],
) -> SubscriptionTemplate:
    """Say which template a provider granted one of our apps; said again, the newer word holds."""
    defaults = {
        "provider": provider,
        "appid": appid,
        "title": title,
        "kind": kind,
        "keys": list(keys),
    }
    template, _ = await SubscriptionTemplate.update_or_create(defaults, template_id=template_id)
    return template


async def offered_templates(caller: Caller) -> list[OfferedTemplate]:
    """Which templates of its own app the caller's client may ask for; at most three at once."""
    templates = await SubscriptionTemplate.filter(
        provider=caller.provider, appid=caller.appid
    ).order_by("kind", "title")
    consents = await Consent.filter(account_id=caller.account_id)
    by_template = {consent.template_id: consent for consent in consents}
    return [_offered(row, by_template.get(row.template_id)) for row in templates]


async def record_consent(
    template_id: str, answer: Answer, *, caller: Caller, at: datetime
) -> OfferedTemplate:
    """Keep what the account answered: a yes is one more, a no withdraws what was left. 订阅授权

    A yes that no pushed event confirms is taken back, as `notifications.ledger` says.
    """
    template = await SubscriptionTemplate.get_or_none(
        template_id=template_id, provider=caller.provider, appid=caller.appid
    )
    if template is None:
        raise TemplateNotFound(template_id=template_id)
    if answer is Answer.FILTER:  # the prompt did not show it
        consent = await Consent.get_or_none(account_id=caller.account_id, template_id=template_id)
    else:
        accepts = answer is Answer.ACCEPT
        consent = await ledger.report(template, caller.account_id, accepts=accepts, at=at)
    return _offered(template, consent)


async def find_consent(person_id: UUID, *, provider: str, title: str) -> Consent | None:
    """A consent with something left, and its template, of the person's newest usable account."""
    accounts = await Account.filter(
        person_id=person_id, provider=provider, disabled_at=None
    ).order_by("-id")
    usable = await Consent.filter(
        Q(long_term=True) | Q(granted__gt=F("spent")),
        account_id__in=[account.id for account in accounts],
        template__provider=provider,
        template__title=title,
        withdrawn_at=None,
    ).select_related("template")
    order = {account.id: place for place, account in enumerate(accounts)}
    return min(usable, key=lambda consent: order[consent.account_id], default=None)


async def was_withdrawn(person_id: UUID, *, provider: str, title: str) -> bool:
    """Whether the person said no to this template in one of its accounts."""
    accounts = await Account.filter(person_id=person_id, provider=provider).values_list(
        "id", flat=True
    )
    return await Consent.filter(
        account_id__in=list(accounts),
        template__provider=provider,
        template__title=title,
        withdrawn_at__isnull=False,
    ).exists()


async def spend(consent: Consent, *, at: datetime) -> bool:
    """Take one send from a consent; False when there was none to take any more."""
    ours = Consent.filter(id=consent.id, withdrawn_at=None)
    if consent.long_term:
        return bool(await ours.filter(long_term=True).update(updated_at=at))
    left = ours.filter(granted__gt=F("spent"))
    return bool(await left.update(spent=F("spent") + 1, updated_at=at))


async def give_back(consent_id: UUID, *, at: datetime) -> None:
    """What was taken and certainly not used counts again, unless it was withdrawn meanwhile."""
    ours = Consent.filter(id=consent_id, withdrawn_at=None, long_term=False, spent__gt=0)
    await ours.update(spent=F("spent") - 1, updated_at=at)


async def use_up(consent_id: UUID, *, at: datetime) -> None:
    """The provider says that nothing is left: believe it."""
    await Consent.filter(id=consent_id).update(spent=F("granted"), long_term=False, updated_at=at)


def _offered(template: SubscriptionTemplate, consent: Consent | None) -> OfferedTemplate:
    left = consent.granted - consent.spent if consent else 0
    lasting = template.kind is TemplateKind.LONG_TERM
    allowed = consent is not None and (consent.long_term if lasting else left > 0)
    return OfferedTemplate(
        template_id=template.template_id,
        title=template.title,
        kind=template.kind,
        left=None if lasting else left,
        ask=not allowed,
    )
