"""Who is entitled is found, told, asked and paid: a resident by WeChat, a firm by bank. 免申即享"""

from typing import Any

from app.demo.cast import Resident, Stage, until
from app.demo.outside import Row
from app.demo.service import refusal
from app.demo.words import said, yuan

TRANSFER_TAKEN = "requestMerchantTransfer:ok"


async def offered(stage: Stage, resident: Resident, code: str, amount_fen: int) -> str:
    """The offer appears by itself, with its reasons. Returns the entitlement's id."""
    with stage.show.step(resident.name, "没有申请，打开“我的待遇”") as step:
        line = await until(lambda: _entitlement(resident, code, "notified"))
        entitlement = await resident.service.get(f"/v1/entitlements/{line['id']}")
        step.sees(f"{entitlement['title']}：{entitlement['amount']} 元，等您确认")
        for condition in entitlement["explanation"]["conditions"]:
            if condition["holds"]:
                step.sees(f"· {condition['text']}：{condition['value']}（{condition['source']}）")
        step.check("金额", entitlement["amount_fen"], amount_fen)
        step.check("结论", entitlement["outcome"], "eligible")
        home = await resident.service.get("/v1/home")
        shown = [row["id"] for row in home["entitlements"]["top"]]
        step.check("首页也在提醒", line["id"] in shown, True)
    return str(line["id"])


async def not_decided(stage: Stage, resident: Resident, code: str, needs: list[str]) -> None:
    """Missing is not false: what would decide is named."""
    with stage.show.step(resident.name, "打开“我的待遇”") as step:
        line = await until(lambda: _entitlement(resident, code, "needs_facts"))
        entitlement = await resident.service.get(f"/v1/entitlements/{line['id']}")
        missing = entitlement["explanation"]["needs"]
        step.sees(f"{entitlement['title']}：还缺 {'、'.join(missing)}，不是不符合")
        step.check("缺少的数据项", missing, needs)


async def confirm(stage: Stage, resident: Resident, entitlement_id: str) -> None:
    with stage.show.step(resident.name, "点“确认享受”") as step:
        path = f"/v1/entitlements/{entitlement_id}"
        confirmed = await resident.service.post(f"{path}/confirmation")
        step.check("已确认", confirmed["status"] in {"confirmed", "paying", "paid"}, True)
        again = await resident.service.post(f"{path}/confirmation")
        same = again["confirmed_at"] == confirmed["confirmed_at"]
        step.check("再点一次，应答与第一次相同，不会再领一份", same, True)
        step.sees("已确认，等待拨付")


async def take_transfer(
    stage: Stage, resident: Resident, title: str, amount_fen: int, *, noticed: bool = True
) -> None:
    """The money waits in WeChat until its owner takes it; `noticed` if they let us tell them."""
    with stage.show.step(resident.name, "在微信里确认收款") as step:
        before = await resident.phone.wallet()
        line = await until(lambda: _disbursement(resident, title, "waiting_user"))
        path = f"/v1/disbursements/{line['id']}"
        waiting = await resident.service.get(path)
        if noticed and not stage.is_quiet():
            await until(lambda: resident.phone.messages_about(title))
            step.sees("手机收到微信订阅消息：资金到账通知")
        answer = await resident.phone.confirm_transfer(waiting["confirmation"])
        step.check("微信返回", answer, TRANSFER_TAKEN)
        paid = await until(lambda: _disbursement(resident, title, "paid"))
        step.sees(f"{title} {yuan(paid['amount_fen'])} 元已到零钱")
        await stage.book.holds(
            step,
            "微信支付账本：给此人恰有一笔转账，金额一致",
            "wechat_pay_transfers",
            {"remark": title, "person": resident.key},
            [{"amount_fen": amount_fen, "state": "SUCCESS"}],
        )
        after = await resident.phone.wallet()
        got = after["wechat_balance_fen"] - before["wechat_balance_fen"]
        step.check("微信钱包多了这么多", got, amount_fen)


async def is_paid(stage: Stage, resident: Resident, code: str) -> None:
    with stage.show.step(resident.name, "再看“我的待遇”") as step:
        line = await until(lambda: _entitlement(resident, code, "paid"))
        step.sees(f"{line['title']}：已兑付")
        step.check("状态", line["status"], "paid")


async def act_for(stage: Stage, agent: Resident, firm_key: str) -> Resident:
    """The same person, another token: all that is done with it is done for the firm."""
    firm = next(row for row in stage.city.enterprises if row.key == firm_key)
    with stage.show.step(agent.name, f"切换为替「{firm.name}」办事") as step:
        choices = await agent.service.get("/v1/me/parties")
        choice = next(row for row in choices["items"] if row["name"] == firm.name)
        asked = {"party_id": choice["party_id"]}
        signed_in = await agent.service.post("/v1/sessions/acting", asked)
        acting = stage.client()
        acting.token = signed_in["access_token"]
        me = await acting.get("/v1/me")
        step.sees(f"身份 {said(choice['relation'])}，权限 {said(choice['scope'])}")
        step.check("令牌里是企业", me["acting_for"]["name"], firm.name)
    return Resident(agent.key, f"{agent.name}（{firm.name}）", agent.id_number, agent.phone, acting)


async def preparer_may_not_confirm(stage: Stage, agent: Resident, code: str) -> None:
    with stage.show.step(agent.name, "只有经办权限，想点“确认享受”") as step:
        line = await until(lambda: _entitlement(agent, code, "notified"))
        path = f"/v1/entitlements/{line['id']}/confirmation"
        refused = await refusal(agent.service.post(path))
        step.sees("您是经办人，此步骤需由有确认权限的人办理")
        step.check("被拒绝", refused, "identity.confirmer_required")


async def bank_pays(
    stage: Stage, agent: Resident, firm_key: str, title: str, amount_fen: int
) -> None:
    firm = next(row for row in stage.city.enterprises if row.key == firm_key)
    with stage.show.step(agent.name, "查看拨付") as step:
        paid = await until(lambda: _disbursement(agent, title, "paid"), seconds=60)
        step.sees(f"{title} {yuan(paid['amount_fen'])} 元已到对公账户")
        expected = {
            "account_no": firm.bank.account_no,
            "account_name": firm.bank.account_name,
            "amount_fen": amount_fen,
            "status": "paid",
        }
        await stage.book.holds(
            step,
            "银行账本：恰有一笔，账号、户名和金额一致",
            "bank_transfers",
            {"purpose": title},
            [expected],
        )


async def _entitlement(resident: Resident, code: str, status: str) -> Row | None:
    items = (await resident.service.get("/v1/entitlements", limit=100))["items"]
    found = [row for row in items if (row["policy_code"], row["status"]) == (code, status)]
    return found[0] if found else None


async def _disbursement(resident: Resident, title: str, status: str) -> dict[str, Any] | None:
    items = (await resident.service.get("/v1/disbursements", limit=100))["items"]
    found = [row for row in items if (row["purpose"], row["status"]) == (title, status)]
    return found[0] if found else None
