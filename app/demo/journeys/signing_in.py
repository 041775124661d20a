"""One tap in WeChat and in Alipay, real-name proof, consent to messages. 一键登录"""

from collections import Counter

from app.demo.cast import Resident, Stage, until
from app.demo.service import Refused, refusal
from app.demo.transcript import Step

REAL_NAME = 2
TITLES = ("缴费成功通知", "资金到账通知", "证照核验提醒")


async def log_in_with_wechat(stage: Stage, key: str) -> Resident:
    """The resident's one tap, and their real name where the account is nobody's yet."""
    resident = await tap_wechat(stage, key)
    await prove_real_name(stage, resident)
    return resident


async def tap_wechat(stage: Stage, key: str) -> Resident:
    """The one tap alone; checked against the platform's own list of logins."""
    resident, appid = stage.resident(key), stage.city.wechat_appid
    with stage.show.step(resident.name, "打开微信小程序，点“一键登录”") as step:
        code = await resident.phone.wechat_login_code(appid)
        asked = {"provider": "wechat", "code": code}
        signed_in = await resident.service.post("/v1/sessions", asked)
        resident.service.token = signed_in["access_token"]
        step.sees(f"登录成功，认证等级 {signed_in['level']}，没有索要手机号")
        again = await refusal(stage.client().post("/v1/sessions", asked))
        step.check("同一登录码再用一次被拒绝", again, "identity.code_used")
        await _used_once(stage, step, resident, code)
    return resident


async def log_in_with_alipay(stage: Stage, key: str) -> Resident:
    resident, app_id = stage.resident(key), stage.city.merchants[0].alipay_app_id
    with stage.show.step(resident.name, "打开支付宝小程序，点“一键登录”") as step:
        code = await resident.phone.alipay_auth_code(app_id)
        signed_in = await resident.service.post(
            "/v1/sessions", {"provider": "alipay", "code": code}
        )
        resident.service.token = signed_in["access_token"]
        step.sees(f"登录成功，认证等级 {signed_in['level']}")
        await _used_once(stage, step, resident, code)
    await prove_real_name(stage, resident)
    return resident


async def prove_real_name(stage: Stage, resident: Resident) -> None:
    """Once for an account: played again, the account is already its person's."""
    me = await resident.service.get("/v1/me")
    if me["level"] >= REAL_NAME:
        stage.show.say(f"  （{resident.name}此前已完成实名认证：{me['name']}）")
        return
    with stage.show.step(resident.name, "填写姓名和身份证号，完成实名认证") as step:
        wrong = {"name": "某某某", "id_number": resident.id_number}
        mismatch = await refusal(resident.service.put("/v1/me/real-name", wrong))
        step.check("姓名与人口库不符时被拒绝", mismatch, "identity.real_name_mismatch")
        asked = {"name": resident.name, "id_number": resident.id_number}
        await resident.service.put("/v1/me/real-name", asked)
        me = await resident.service.get("/v1/me")
        step.sees(f"实名认证通过：{me['name']}，等级 {me['level']}")
        step.check("认证等级为实名", me["level"], REAL_NAME)


async def accept_messages(stage: Stage, resident: Resident) -> None:
    """Say yes to one message of each one-time template, on the phone and to the product."""
    with stage.show.step(resident.name, "允许小程序各发一条：缴费、到账、核验提醒") as step:
        offered = (await resident.service.get("/v1/subscriptions/templates"))["items"]
        templates = {row["title"]: row["template_id"] for row in offered}
        asked = [templates[title] for title in TITLES]
        before = await _granted(stage, resident)
        answers = await resident.phone.accept_messages(stage.city.wechat_appid, asked)
        for template_id in asked:
            said = {"template_id": template_id, "answer": answers[template_id]}
            await resident.service.post("/v1/subscriptions", said)
        step.sees("、".join(TITLES) + "：已允许")

        async def recorded() -> bool:
            now_so = await _granted(stage, resident)
            return all(now_so[title] > before[title] for title in TITLES)

        step.check("三种都记为可发", await until(recorded), True)


async def one_person(stage: Stage, wechat: Resident, alipay: Resident) -> None:
    with stage.show.step(wechat.name, "在两个平台看到的是同一个人") as step:
        homes = [await resident.service.get("/v1/home") for resident in (wechat, alipay)]
        parties = [home["me"]["may_act_for"][0]["party_id"] for home in homes]
        step.sees(f"证照 {homes[0]['licences']['count']} 件，待缴费 {homes[0]['fees']['open']} 笔")
        step.check("两个账号归同一自然人", len(set(parties)), 1)


async def stranger_is_turned_away(stage: Stage) -> None:
    with stage.show.step("路人", "没有登录就查看证照") as step:
        try:
            await stage.client().get("/v1/licences")
        except Refused as refused:
            step.sees(refused.title)
            step.check("要求先登录", refused.status, 401)
        else:
            step.check("要求先登录", 200, 401)


async def _granted(stage: Stage, resident: Resident) -> Counter[str]:
    """What may be sent and what was, by title: money that waited may use a yes at once."""
    sent = await stage.book.rows("messages", person=resident.key)
    offered = (await resident.service.get("/v1/subscriptions/templates"))["items"]
    left = {row["title"]: row["left"] or 0 for row in offered}
    return Counter(row["title"] for row in sent) + Counter(left)


async def _used_once(stage: Stage, step: Step, resident: Resident, code: str) -> None:
    rows = await stage.book.rows("logins", code=code)
    step.check("平台账本：登录码是本人的", [row["person"] for row in rows], [resident.key])
    step.check("平台账本：登录码已用", [row["used_at"] is not None for row in rows], [True])
