"""Rows for the tests of notifications. Each function makes one valid thing."""

from datetime import datetime
from itertools import count
from uuid import UUID

from stdnum.cn import ric

from core.sealing import Vault
from identity.callers import Caller
from identity.kinds import Level, ProviderName
from identity.models import Account, Person
from identity.persons import register_person
from notifications import sending
from notifications.channels import Channel, Channels
from notifications.messages import send_message
from notifications.models import Delivery, TemplateKind
from notifications.subscriptions import Answer, define_template, record_consent
from tests.given import AT

DEPARTMENT = "330199-data"
FEE_TEMPLATE, OFFER_TEMPLATE = "tpl-fee", "tpl-offer"

_serial = count(1)


async def templates() -> None:
    """The two the tests need: one-time for a fee, long-term for an offer."""
    keys = ["thing1", "amount2", "time3"]
    await define_template(
        FEE_TEMPLATE,
        provider="wechat",
        appid="wx-test",
        title="缴费成功通知",
        kind=TemplateKind.ONE_TIME,
        keys=keys,
    )
    await define_template(
        OFFER_TEMPLATE,
        provider="wechat",
        appid="wx-test",
        title="政策享受提醒",
        kind=TemplateKind.LONG_TERM,
        keys=keys,
    )


async def person(vault: Vault) -> Person:
    born, serial = divmod(next(_serial), 1_000)
    body = f"330199{1960 + born}0101{serial:03d}"
    number = body + ric.calc_check_digit(body + "0")
    return await register_person(name="陈丽", id_number=number, vault=vault, division="330199")


async def caller(vault: Vault, holder: Person | None = None) -> Caller:
    """A resident with a WeChat account, acting for itself; the templates exist."""
    await templates()
    holder = holder or await person(vault)
    account = await Account.create(
        provider=ProviderName.WECHAT,
        appid="wx-test",
        subject=f"openid-{next(_serial)}",
        person=holder,
        level=Level.REAL_NAME,
    )
    return Caller(
        account_id=account.id,
        session_id=account.id,
        provider="wechat",
        appid="wx-test",
        subject=account.subject,
        person_id=holder.id,
        party_id=holder.id,
        level=2,
    )


async def consenting(vault: Vault, times: int = 1, template_id: str = FEE_TEMPLATE) -> Caller:
    """A resident that said yes so many times."""
    resident = await caller(vault)
    for _ in range(times):
        await record_consent(template_id, Answer.ACCEPT, caller=resident, at=AT)
    return resident


async def tell(recipient: UUID, about: str = "fee_order:1", title: str = "不动产登记费") -> bool:
    return await send_message(
        recipient, "fee_paid", about=about, at=AT, title=title, amount="80.00"
    )


async def deliver(channel: Channel, *, at: datetime = AT) -> None:
    await sending.deliver_due(channels=Channels([channel]), department=DEPARTMENT, at=at)


async def statuses() -> list[str]:
    rows = await Delivery.all().order_by("id")
    return [row.status.value for row in rows]
