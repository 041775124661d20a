"""缴费: a window asks for a fee, and it is paid once, in WeChat or in Alipay."""

import asyncio
from uuid import uuid4

from payments.models import FeeOrder, PaymentAttempt, PaymentReceipt, Posting
from tests.journeys import books
from tests.journeys.town import Row, Town
from tests.journeys.world import Reply, Resident, operator, resident

OK, ALIPAY_OK = "requestPayment:ok", "9000"


async def wait_until_paid(payer: Resident, order: Reply) -> Reply:
    """The client's long poll."""
    return dict(await payer.get(f"/v1/fee-orders/{order['order_no']}", wait=20))


async def numbers_of(order: Reply) -> list[str]:
    """What the providers know the tries to pay an order by."""
    rows = PaymentAttempt.filter(order__order_no=order["order_no"]).order_by("id")
    return [str(number) for number in await rows.values_list("number", flat=True)]


async def test_a_fee_is_paid_in_wechat_from_the_window_to_the_receipt(town: Town) -> None:
    window, payer = await operator(town, "hejun"), await resident(town, "li-weidong")
    await payer.allow("缴费成功通知")
    order, before = await window.issue_fee(payer, 8000), await payer.wallet()
    client_id = uuid4()

    payment = await payer.prepare_payment(order, client_id)
    again = await payer.prepare_payment(order, client_id)
    said = await payer.pay(payment)
    shown = await payer.get(f"/v1/fee-orders/{order['order_no']}")
    paid, _ = await asyncio.gather(wait_until_paid(payer, order), town.work())

    assert (payment["status"], again) == ("ready", payment)
    assert (said, shown["status"]) == (OK, "open")  # what the phone says proves nothing
    receipt = await payer.get(f"/v1/fee-orders/{order['order_no']}/receipt")
    [row] = await town.book("wechat_pay_orders", person="li-weidong")
    assert (row["amount_fen"], row["description"]) == (8000, order["title"])
    assert receipt["trade_no"] == row["transaction_id"]
    assert (paid["status"], paid["provider"], receipt["amount_fen"]) == ("paid", "wechat", 8000)
    assert before["wechat_balance_fen"] - (await payer.wallet())["wechat_balance_fen"] == 8000
    [callback] = await town.book("callbacks", number=row["out_trade_no"])
    assert (callback["state"], callback["attempts"]) == ("delivered", 1)
    await told_once(town, payer, order)
    lines = Posting.filter(about=(await FeeOrder.get(order_no=order["order_no"])).id)
    assert sorted(await lines.values_list("account", "amount_fen")) == [
        ("fees:330199-natural-resources", -8000),
        (f"held:wechat:{row['mchid']}", 8000),
    ]
    await books.agree(town)


async def told_once(town: Town, payer: Resident, order: Reply) -> None:
    """In the inbox, and on the phone, which had been asked."""
    inbox = (await payer.get("/v1/messages"))["items"]
    about = f"fee_order:{order['order_no']}"
    assert [row["kind"] for row in inbox if row["about"] == about] == ["fee_paid"]
    messages: list[Row] = await town.book("messages", person=payer.key)
    assert [row["title"] for row in messages] == ["缴费成功通知"]
    assert "80.00元" in messages[0]["data"]


async def test_a_fee_is_paid_in_alipay(town: Town) -> None:
    window, payer = await operator(town, "hejun"), await resident(town, "zhao-yiming", "alipay")
    order, before = await window.issue_fee(payer, 4321), await payer.wallet()

    payment = await payer.prepare_payment(order)
    said = await payer.pay(payment)
    paid, _ = await asyncio.gather(wait_until_paid(payer, order), town.work())

    assert said == ALIPAY_OK
    receipt = await payer.get(f"/v1/fee-orders/{order['order_no']}/receipt")
    [trade] = await town.book("alipay_trades", person="zhao-yiming")
    assert (trade["state"], trade["amount_fen"]) == ("TRADE_SUCCESS", 4321)
    assert (paid["status"], receipt["trade_no"]) == ("paid", trade["trade_no"])
    assert before["alipay_balance_fen"] - (await payer.wallet())["alipay_balance_fen"] == 4321
    [callback] = await town.book("callbacks", number=trade["out_trade_no"])
    assert (callback["state"], callback["last_answer"]) == ("delivered", "success")
    await books.agree(town)


async def test_a_paid_fee_cannot_be_paid_again(town: Town) -> None:
    window, payer = await operator(town, "hejun"), await resident(town, "huang-siyuan")
    order = await window.issue_fee(payer)
    payment = await payer.prepare_payment(order)
    await payer.pay(payment)
    await town.work()

    path = f"/v1/fee-orders/{order['order_no']}/payments/{uuid4()}"
    again = await payer.refusal("PUT", path, {"channel": "wechat"})
    sheet_again = await payer.pay(payment)

    assert again == (409, "payments.order_not_open")
    assert sheet_again == "requestPayment:fail 该订单已支付"
    assert len(await numbers_of(order)) == 1
    await books.agree(town)


async def test_the_fee_of_another_is_as_if_there_were_none(town: Town) -> None:
    """B25"""
    window, payer = await operator(town, "hejun"), await resident(town, "luo-min")
    order, other = await window.issue_fee(payer), await resident(town, "he-jun")
    absent = f"F20261122{'0' * 12}"

    for order_no in (order["order_no"], absent):
        path, payment = f"/v1/fee-orders/{order_no}", f"payments/{uuid4()}"
        asked = {"channel": "wechat"}
        refusals = [
            await other.refusal("GET", path),
            await other.refusal("GET", f"{path}/receipt"),
            await other.refusal("PUT", f"{path}/{payment}", asked),
        ]
        assert refusals == [(404, "payments.order_not_found")] * 3
    assert await numbers_of(order) == []
    assert await town.book("wechat_pay_orders", description=order["title"]) == []


async def test_who_has_too_little_in_the_wallet_still_owes(town: Town) -> None:
    window, payer = await operator(town, "hejun"), await resident(town, "gao-min")
    order = await window.issue_fee(payer, 10**9)

    said = await payer.pay(await payer.prepare_payment(order))
    town.pass_time(seconds=6)
    await town.work()

    assert said == "requestPayment:fail 余额不足"
    assert (await payer.get(f"/v1/fee-orders/{order['order_no']}"))["status"] == "open"
    [row] = await town.book("wechat_pay_orders", person="gao-min")
    assert row["state"] == "NOTPAY"
    assert not await PaymentReceipt.exists(order__order_no=order["order_no"])
    await books.agree(town)
