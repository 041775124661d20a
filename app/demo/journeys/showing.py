"""A licence on the phone, its code, one scan, a second one turned away, the history. 亮证与核验"""

from typing import Any

from app.demo.cast import Resident, Stage, until
from app.demo.outside import Row
from app.demo.service import Service, refusal
from app.demo.words import said

LICENCE_TYPE, FIELDS = "elder-card", ["name", "benefit_class"]


async def bus_terminal(stage: Stage) -> Service:
    """A verifier signs in: another audience, another key, another kind of token."""
    row = next(row for row in stage.city.verifiers if row.username == "bus-3")
    service = stage.client()
    with stage.show.step(row.name, f"{row.organisation_name}的核验员登录") as step:
        asked = {"username": row.username, "password": row.password}
        service.token = (await service.post("/agency/v1/sessions", asked))["access_token"]
        me = await service.get("/agency/v1/sessions/current")
        step.sees(f"用途：{me['purpose']}；可核验：{said(*me['licence_types'])}")
        step.check("核验令牌进不了居民端", await refusal(service.get("/v1/licences")) != "", True)
    return service


async def show_licence(stage: Stage, holder: Resident) -> tuple[dict[str, Any], dict[str, Any]]:
    """The holder opens the wallet and consents to two fields."""
    with stage.show.step(holder.name, "打开老年人优待证，出示二维码") as step:
        wallet = (await holder.service.get("/v1/licences"))["items"]
        card = next(row for row in wallet if row["licence_type"] == LICENCE_TYPE)
        shown = {field["key"]: field["value"] for field in card["fields"]}
        step.sees(f"{card['name']}，{card['issuer']}，姓名 {shown['name']}，证号 {shown['number']}")
        path = f"/v1/licences/{card['id']}/presentations"
        presented = await holder.service.post(path, {"fields": FIELDS})
        step.sees(f"二维码 60 秒内有效；扫不出时报数字 {presented['fallback_no']}")
        step.check("屏幕上的姓名已脱敏", shown["name"], "王*兰")
        kind = presented["picture"].partition(";")[0]
        step.check("二维码是一张图", kind, "data:image/svg+xml")
    return dict(card), dict(presented)


async def verify_once(stage: Stage, terminal: Service, code: str) -> None:
    """The first scan learns the two fields; the second learns nothing."""
    first, second = f"demo-{stage.tag}-1", f"demo-{stage.tag}-2"
    with stage.show.step("3路公交车载终端", "扫码核验") as step:
        asked = {"code": code, "request_id": first}
        verified = await terminal.post("/agency/v1/verifications", asked)
        fields = {field["key"]: field["value"] for field in verified["fields"]}
        step.sees(f"{verified['licence_name']}：有效；{' / '.join(fields.values())}")
        step.check("证照有效", (verified["outcome"], verified["status"]), ("valid", "valid"))
        step.check("只看到持证人同意的字段", sorted(fields), sorted(FIELDS))
        again = await terminal.post("/agency/v1/verifications", asked)
        step.check("应答丢失后重读，结果相同", again, verified)
    with stage.show.step("3路公交车载终端", "把同一张码再扫一次（截屏）") as step:
        asked = {"code": code, "request_id": second}
        refused = await refusal(terminal.post("/agency/v1/verifications", asked))
        step.sees("二维码已使用，请持证人刷新后重试")
        step.check("第二次被拒绝", refused, "licences.code_already_used")


async def wrong_verifier(stage: Stage, code: str) -> None:
    row = next(row for row in stage.city.verifiers if row.username == "rental-hudong")
    service = stage.client()
    with stage.show.step(row.name, f"{row.organisation_name}想扫老年人优待证") as step:
        asked = {"username": row.username, "password": row.password}
        service.token = (await service.post("/agency/v1/sessions", asked))["access_token"]
        scan = {"code": code, "request_id": f"demo-{stage.tag}-3"}
        refused = await refusal(service.post("/agency/v1/verifications", scan))
        step.sees("该二维码仅限获得授权的核验方核验")
        step.check("没有授权的核验方被拒绝", refused, "licences.verifier_not_entitled")


async def holder_knows(
    stage: Stage, holder: Resident, card: dict[str, Any], presented: dict[str, Any]
) -> None:
    with stage.show.step(holder.name, "查看这次亮证和核验记录") as step:
        progress = await holder.service.get(f"/v1/presentations/{presented['id']}", wait=25)
        step.sees(
            f"{progress['organisation_name']}核验过一次，之后被挡下 {progress['later_scans']} 次"
        )
        step.check("亮证已核验", (progress["state"], progress["outcome"]), ("verified", "valid"))
        step.check("被挡下的扫描恰有一次", progress["later_scans"], 1)
        past = (await holder.service.get(f"/v1/licences/{card['id']}/verifications"))["items"]
        newest = [(row["outcome"], row["purpose"], row["fields"]) for row in past[:2]]
        expected = [
            ("already_used", "乘车优待核验", []),
            ("valid", "乘车优待核验", ["姓名", "优待类别"]),
        ]
        step.check("历史里：谁、为什么、看到什么", newest, expected)


async def phone_warns(stage: Stage, holder: Resident, before: int) -> None:
    """An urgent notice: it goes to the phone at night too."""
    with stage.show.step(holder.name, "手机收到微信订阅消息：二维码被再次扫描") as step:

        async def received() -> list[Row]:
            return (await holder.phone.messages_about("老年人优待证"))[before:]

        messages = await until(received)
        data = messages[0]["data"]
        step.sees(f"{messages[0]['title']}：{' / '.join(data.values())}")
        step.check("恰好一条，说明是谁", [data["thing2"]], ["临溪公共交通有限公司"])
        step.check("没有多发", len(messages), 1)
