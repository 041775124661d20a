"""缴费 on bad days: callbacks late, lost and double, answers lost, money that came twice."""

from uuid import uuid4

import httpx
import pytest

from payments.kinds import ReceiptOutcome
from payments.models import FeeOrder, Notice, PaymentReceipt, Posting
from sandbox.wechat_pay.orders import find_order, receive_payment
from tests.journeys import books
from tests.journeys.test_fees import ALIPAY_OK, OK, numbers_of
from tests.journeys.town import Town
from tests.journeys.world import Provider, Reply, Resident, operator, resident


async def owing(town: Town, key: str, provider: Provider = "wechat") -> tuple[Resident, Reply]:
    window, payer = await operator(town, "hejun"), await resident(town, key, provider)
    return payer, await window.issue_fee(payer)


async def outcomes(order: Reply) -> list[str]:
    """What each payment that arrived did to the order."""
    rows = PaymentReceipt.filter(order__order_no=order["order_no"]).order_by("id")
    return list(await rows.values_list("outcome", flat=True))


async def status_of(payer: Resident, order: Reply) -> str:
    return str((await payer.get(f"/v1/fee-orders/{order['order_no']}"))["status"])


async def test_a_payment_of_which_no_callback_tells_is_found_by_asking(town: Town) -> None:
    """B21"""
    payer, order = await owing(town, "lin-hao")
    payment = await payer.prepare_payment(order)
    [number] = await numbers_of(order)
    await town.suppress_callbacks(number)

    said = await payer.pay(payment)
    await town.work()
    before_asking = await status_of(payer, order)
    town.pass_time(seconds=6)
    await town.work()

    assert (said, before_asking) == (OK, "open")
    assert await status_of(payer, order) == "paid"
    [callback] = await town.book("callbacks", number=number)
    assert (callback["state"], callback["attempts"]) == ("suppressed", 0)
    assert await outcomes(order) == [ReceiptOutcome.SETTLED]
    await books.agree(town)


@pytest.mark.parametrize(("key", "provider"), [("xu-jing", "wechat"), ("shen-lan", "alipay")])
async def test_a_callback_that_comes_again_changes_nothing(
    town: Town, key: str, provider: Provider
) -> None:
    """B12"""
    payer, order = await owing(town, key, provider)
    await payer.pay(await payer.prepare_payment(order))
    [number] = await numbers_of(order)
    kept = await Notice.all().count()

    first = await town.deliver()
    second = await town.deliver_again(number)
    await town.work()
    after_all = await town.deliver_again(number)
    await town.work()

    assert (first, second, after_all) == (1, 1, 1)
    [callback] = await town.book("callbacks", number=number)
    assert (callback["state"], callback["attempts"]) == ("delivered", 3)
    assert await Notice.all().count() == kept + 1
    assert await outcomes(order) == [ReceiptOutcome.SETTLED]
    inbox = (await payer.get("/v1/messages"))["items"]
    about = f"fee_order:{order['order_no']}"
    assert [row["kind"] for row in inbox if row["about"] == about] == ["fee_paid"]
    await books.agree(town)


@pytest.mark.parametrize(("key", "provider"), [("lu-ming", "wechat"), ("xu-bo", "alipay")])
async def test_a_callback_that_overtakes_the_prepay_answer_wins(
    town: Town, key: str, provider: Provider
) -> None:
    """B06, B07"""
    payer, order = await owing(town, key, provider)

    async def paid_meanwhile(answer: httpx.Response) -> None:
        [number] = await numbers_of(order)
        if provider == "wechat":
            pay_at_wechat(town, number)
        else:
            [trade] = await town.book("alipay_trades", out_trade_no=number)
            assert await alipay_says(payer, trade["trade_no"]) == ALIPAY_OK
        await town.work()

    with town.line.meanwhile(PREPAY[provider], paid_meanwhile):
        payment = await payer.prepare_payment(order)

    assert (payment["status"], payment["parameters"]) == ("paid", None)
    assert await status_of(payer, order) == "paid"
    assert await outcomes(order) == [ReceiptOutcome.SETTLED]
    await books.agree(town)


PREPAY = {"wechat": "/v3/pay/transactions/jsapi", "alipay": "method=alipay.trade.create"}


def pay_at_wechat(town: Town, number: str) -> None:
    """The money comes; no pay sheet of ours could be signed so early."""
    [row] = town.world.book.rows("SELECT * FROM wechat_pay_orders WHERE out_trade_no = ?", number)
    order = find_order(town.world, row["mchid"], number)
    assert order is not None
    with town.world.book.together():
        receive_payment(town.world, order)


async def alipay_says(payer: Resident, trade_no: str) -> str:
    return str((await payer.phone("alipay/pay", {"tradeNO": trade_no}))["resultCode"])


@pytest.mark.parametrize(("key", "provider"), [("ding-jie", "wechat"), ("he-chuan", "alipay")])
async def test_a_lost_prepay_answer_is_shown_as_unknown_and_asked_for_again_under_its_number(
    town: Town, key: str, provider: Provider
) -> None:
    """B04"""
    payer, order = await owing(town, key, provider)
    client_id = uuid4()

    with town.line.meanwhile(PREPAY[provider], lost):
        unknown = await payer.prepare_payment(order, client_id)
    payment = await payer.prepare_payment(order, client_id)
    await payer.pay(payment)
    await town.work()

    assert (unknown["status"], unknown["ask_again_after"]) == ("unknown", 2)
    assert payment["status"] == "ready"
    page = {"wechat": "wechat_pay_orders", "alipay": "alipay_trades"}[provider]
    [row] = await town.book(page, person=key)
    assert await numbers_of(order) == [row["out_trade_no"]]
    assert await status_of(payer, order) == "paid"
    await books.agree(town)


async def lost(_: httpx.Response) -> None:
    raise httpx.ReadTimeout("the answer was lost on the way")


async def test_what_is_paid_on_both_platforms_is_settled_once_and_owed_back_once(
    town: Town,
) -> None:
    """B05"""
    wechat, order = await owing(town, "ma-guoping")
    alipay = await resident(town, "ma-guoping", "alipay")
    payments = [await payer.prepare_payment(order) for payer in (wechat, alipay)]

    said = [await wechat.pay(payments[0]), await alipay.pay(payments[1])]
    await town.work()
    await town.work()

    assert said == [OK, ALIPAY_OK]
    assert sorted(await outcomes(order)) == [ReceiptOutcome.EXCESS, ReceiptOutcome.SETTLED]
    assert await status_of(wechat, order) == "paid"
    window = await operator(town, "hejun")
    tasks = await window.tasks("payments.refund_due")
    [task] = [row for row in tasks if row["subject"] == f"fee_order:{order['order_no']}"]
    excess = await PaymentReceipt.get(
        order__order_no=order["order_no"], outcome=ReceiptOutcome.EXCESS
    )
    assert (task["details"]["trade_no"], task["details"]["amount_fen"]) == (excess.trade_no, 8000)
    owed = Posting.filter(
        about=(await FeeOrder.get(order_no=order["order_no"])).id, account="refunds_due"
    )
    assert await owed.values_list("amount_fen", flat=True) == [-8000]
    await books.agree(town)


async def test_a_callback_that_somebody_else_signed_leaves_no_trace(town: Town) -> None:
    """B11"""
    before, mchid = await Notice.all().count(), town.city.merchants[0].mchid
    headers = {
        "Wechatpay-Timestamp": "1795312800",
        "Wechatpay-Nonce": "n" * 32,
        "Wechatpay-Signature": "c29tZWJvZHkgZWxzZQ==",
        "Wechatpay-Serial": town.world.keys.merchants[mchid].public_key_id,
    }
    forged = {"id": "1", "event_type": "TRANSACTION.SUCCESS", "resource": {}}

    async with town.client() as stranger:
        path = f"/callbacks/wechat-pay/{mchid}"
        wechat = await stranger.post(path, json=forged, headers=headers)
        app_id = town.city.merchants[0].alipay_app_id
        alipay = await stranger.post(
            f"/callbacks/alipay/{app_id}", data={"trade_status": "TRADE_SUCCESS", "sign": "c2ln"}
        )

    assert (wechat.status_code, alipay.status_code) == (403, 403)
    assert await Notice.all().count() == before
