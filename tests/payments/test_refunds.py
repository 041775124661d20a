"""Money that was paid twice, until it went back. 退款"""

import pytest

from core.models import HumanTask
from core.sealing import Vault
from core.tasks import Desk, TaskOutcome, close_task
from payments.gateways import Provider
from payments.refunds import awaits_refund, refund_receipt
from payments.settlements import settle_order
from tests.fakes.payments import ALIPAY_APP_ID
from tests.given import AT
from tests.payments import make

pytestmark = pytest.mark.usefixtures("db")


async def test_who_paid_twice_is_owed_a_refund_until_somebody_has_seen_to_it(vault: Vault) -> None:
    """Nobody can leave while it is owed, and nobody is held for good by what is long done."""
    someone = await make.person(vault)
    by_wechat = await make.caller(vault, someone)
    by_alipay = await make.caller(vault, someone, provider="alipay", appid=ALIPAY_APP_ID)
    order = await make.fee_order(someone.id)
    first, second = await make.attempt(order, by_wechat), await make.attempt(order, by_alipay)
    await settle_order(make.receipt(first, trade_no="T-1"), at=AT)

    before = await awaits_refund(someone.id)
    await settle_order(make.receipt(second, trade_no="T-2"), at=AT)
    paid_twice = await awaits_refund(someone.id)
    await refund_receipt(order.order_no, Provider.ALIPAY, ALIPAY_APP_ID, "T-2", 8000)
    asked = await awaits_refund(someone.id)
    task = await HumanTask.get()
    desk = Desk(task.department, task.division)
    await close_task(task.id, desk=desk, outcome=TaskOutcome.RESOLVED, actor="operator:1", at=AT)

    assert (before, paid_twice, asked) == (False, True, True)
    assert not await awaits_refund(someone.id)
