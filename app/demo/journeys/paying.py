"""A window asks for fees; they are paid in WeChat and in Alipay, once without any callback. 缴费"""

from typing import Any
from uuid import uuid4

from app.demo.cast import Resident, Stage, until
from app.demo.outside import Row
from app.demo.service import Service, refusal

AMOUNT_FEN = 8000
PAID = "requestPayment:ok"
ALIPAY_PAID = "9000"


async def issue_fee(stage: Stage, window: Service, payer: Resident, number: int) -> dict[str, Any]:
    """A window officer types the number on the card; asking twice is asking once."""
    reference = f"demo-{stage.tag}-{number}"
    title = f"不动产登记费·{stage.tag}-{number}"
    with stage.show.step("窗口 何俊", f"向{payer.name}开出「{title}」80.00 元") as step:
        asked = {"payer_number": payer.id_number, "title": title, "amount_fen": AMOUNT_FEN}
        path = f"/operator/v1/fee-orders/{reference}"
        order = await window.put(path, asked)
        again = await window.put(path, asked)
        step.check("重复提交仍是同一张缴费单", again["order_no"], order["order_no"])
        step.sees(f"缴费单号 {order['order_no']}")
    return dict(order)


async def pay_with_wechat(stage: Stage, payer: Resident, order: dict[str, Any]) -> None:
    """The pay sheet, the money, the callback, the receipt, the notice."""
    await pay_in_wechat(stage, payer, order)
    if stage.is_quiet():
        stage.show.say("  （22:00 到 8:00 免打扰：缴费通知先进收件箱，早上再发到手机）")
    else:
        await _message_arrives(stage, payer, order["title"])


async def pay_in_wechat(stage: Stage, payer: Resident, order: dict[str, Any]) -> None:
    """The same without the notice: out of the wallet of who taps, whoever owes."""
    title = order["title"]
    with stage.show.step(payer.name, "用微信支付，等待到账") as step:
        before = await payer.phone.wallet()
        parameters = await _parameters(payer, order, "wechat")
        answer = await payer.phone.pay_with_wechat(stage.city.wechat_appid, parameters)
        step.check("微信收银台返回", answer, PAID)
        paid = await payer.service.get(f"/v1/fee-orders/{order['order_no']}", wait=25)
        step.check("缴费单状态", (paid["status"], paid["amount_fen"]), ("paid", AMOUNT_FEN))
        receipt = await payer.service.get(f"/v1/fee-orders/{order['order_no']}/receipt")
        step.sees(f"{receipt['agency_name']}：{title} 80.00 元，交易号 {receipt['trade_no']}")
        wanted = {"person": payer.key, "amount_fen": AMOUNT_FEN, "state": "SUCCESS"}
        [row] = await stage.book.holds(
            step,
            "微信支付账本：这笔费恰有一单，金额和付款人一致",
            "wechat_pay_orders",
            {"description": title},
            [wanted | {"transaction_id": receipt["trade_no"]}],
        )
        await stage.book.holds(
            step,
            "微信支付账本：通知恰有一个，已送达",
            "callbacks",
            {"number": row["out_trade_no"]},
            [{"state": "delivered"}],
        )
        after = await payer.phone.wallet()
        step.check("微信钱包少了 80.00 元", _spent(before, after, "wechat"), AMOUNT_FEN)


async def pay_without_callback(stage: Stage, payer: Resident, order: dict[str, Any]) -> None:
    """The callback gets lost on the way; the product asks WeChat by itself."""
    title = order["title"]
    with stage.show.step(payer.name, "用微信支付，这次通知在路上丢失") as step:
        parameters = await _parameters(payer, order, "wechat")
        [row] = await stage.book.rows("wechat_pay_orders", description=title)
        await stage.book.hold_back_callbacks(row["out_trade_no"])
        answer = await payer.phone.pay_with_wechat(stage.city.wechat_appid, parameters)
        step.check("微信收银台返回", answer, PAID)
        paid = await until(lambda: _paid(payer, order), seconds=60)
        step.sees(f"没有收到通知，系统主动查询后入账：{paid['status']}")
        wanted = {"person": payer.key, "amount_fen": AMOUNT_FEN, "state": "SUCCESS"}
        await stage.book.holds(
            step,
            "微信支付账本：恰有一单已支付",
            "wechat_pay_orders",
            {"description": title},
            [wanted],
        )
        await stage.book.holds(
            step,
            "微信支付账本：通知一次也没有送达",
            "callbacks",
            {"number": row["out_trade_no"]},
            [{"state": "suppressed", "attempts": 0}],
        )


async def pay_with_alipay(stage: Stage, payer: Resident, order: dict[str, Any]) -> None:
    title = order["title"]
    with stage.show.step(payer.name, "用支付宝支付，等待到账") as step:
        before = await payer.phone.wallet()
        parameters = await _parameters(payer, order, "alipay")
        step.check("支付宝返回", await payer.phone.pay_with_alipay(parameters), ALIPAY_PAID)
        paid = await payer.service.get(f"/v1/fee-orders/{order['order_no']}", wait=25)
        step.check("缴费单状态", (paid["status"], paid["provider"]), ("paid", "alipay"))
        receipt = await payer.service.get(f"/v1/fee-orders/{order['order_no']}/receipt")
        step.sees(f"{receipt['agency_name']}：{title} 80.00 元，交易号 {receipt['trade_no']}")
        wanted = {"person": payer.key, "amount_fen": AMOUNT_FEN, "state": "TRADE_SUCCESS"}
        await stage.book.holds(
            step,
            "支付宝账本：这笔费恰有一笔交易，金额和付款人一致",
            "alipay_trades",
            {"subject": title},
            [wanted | {"trade_no": receipt["trade_no"]}],
        )
        after = await payer.phone.wallet()
        step.check("支付宝余额少了 80.00 元", _spent(before, after, "alipay"), AMOUNT_FEN)


async def paid_is_paid(stage: Stage, payer: Resident, order: dict[str, Any]) -> None:
    with stage.show.step(payer.name, "又点了一次“去支付”") as step:
        path = f"/v1/fee-orders/{order['order_no']}/payments/{uuid4()}"
        code = await refusal(payer.service.put(path, {"channel": "wechat"}))
        step.sees("该缴费单已支付或已关闭")
        step.check("不会再付一次", code, "payments.order_not_open")


async def others_fees_are_not_found(stage: Stage, other: Resident, order: dict[str, Any]) -> None:
    with stage.show.step(other.name, "想看别人的缴费单") as step:
        code = await refusal(other.service.get(f"/v1/fee-orders/{order['order_no']}"))
        step.sees("没有找到该缴费单")
        step.check("别人的就是不存在的", code, "payments.order_not_found")


async def _parameters(payer: Resident, order: dict[str, Any], channel: str) -> dict[str, str]:
    """What the pay sheet wants; asked again under the same id while it is being made."""
    path = f"/v1/fee-orders/{order['order_no']}/payments/{uuid4()}"

    async def ready() -> dict[str, str] | None:
        payment: dict[str, dict[str, str] | None] = await payer.service.put(
            path, {"channel": channel}
        )
        return payment["parameters"] or None

    return await until(ready)


async def _paid(payer: Resident, order: dict[str, Any]) -> dict[str, Any] | None:
    found = await payer.service.get(f"/v1/fee-orders/{order['order_no']}", wait=25)
    return found if found["status"] == "paid" else None


async def _message_arrives(stage: Stage, payer: Resident, title: str) -> None:
    with stage.show.step(payer.name, "手机收到微信订阅消息") as step:

        async def received() -> list[Row]:
            return await payer.phone.messages_about(title)

        messages = await until(received)
        data = messages[0]["data"]
        step.sees(f"{messages[0]['title']}：{' / '.join(data.values())}")
        step.check("恰好一条，金额一致", [data["amount2"] for _ in messages], ["80.00元"])


def _spent(before: dict[str, int], after: dict[str, int], wallet: str) -> int:
    key = f"{wallet}_balance_fen"
    return before[key] - after[key]
