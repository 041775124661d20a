"""An elder lets a daughter help, right by right, sees what was done, and takes it back. 帮办"""

from datetime import timedelta

from app.demo.cast import Resident, Stage, until
from app.demo.service import Answer, refusal
from app.demo.words import said
from core.clock import date_in_china
from core.masking import mask_name

RIGHTS = ["pay", "view"]
HELPS_FOR = timedelta(days=90)


async def ask_to_help(stage: Stage, helper: Resident, elder: Resident) -> str:
    """A link, worth something only to who is meant. Returns its token."""
    until_on = date_in_china(stage.now()) + HELPS_FOR
    with stage.show.step(helper.name, f"请母亲{elder.name}同意由我帮办，把链接发给她") as step:
        asked = {"kind": "care", "scope": "helper", "rights": RIGHTS, "name": elder.name}
        sent = await helper.service.post(
            "/v1/invitations", asked | {"until_on": until_on.isoformat()}
        )
        refused = await refusal(
            helper.service.post("/v1/invitations/opening", {"token": sent["token"]})
        )
        step.check("链接在别人手里打不开", refused, "identity.invitation_not_found")
    return str(sent["token"])


async def agree(stage: Stage, elder: Resident, token: str) -> Answer:
    """The elder reads it on her own phone and says yes. Returns the relation."""
    with stage.show.step(elder.name, "在自己手机上打开链接，看清后同意") as step:
        asked = {"token": token}
        opened = await elder.service.post("/v1/invitations/opening", asked)
        rights = said(*opened["rights"])
        step.sees(f"{opened['inviter_name']}请您同意帮办：{rights}，到 {opened['until_on']}")
        relation = await elder.service.post("/v1/invitations/acceptance", asked)
        again = await elder.service.post("/v1/invitations/acceptance", asked)
        step.check("再点一次仍是同一个代办关系", again["id"], relation["id"])
        terms = (relation["kind"], relation["consent"], relation["rights"])
        step.check("同意的就是这几项", terms, ("helper", "own_phone", RIGHTS))
    return dict(relation)


async def act_for_elder(stage: Stage, helper: Resident, elder: Resident) -> Resident:
    """The same person with another token; what was not agreed to is refused."""
    with stage.show.step(helper.name, f"切换为替{elder.name}办事") as step:
        choices = (await helper.service.get("/v1/me/parties"))["items"]
        masked = mask_name(elder.name)
        choice = next(row for row in choices if row["name"] == masked)
        acting = stage.client()
        asked = {"party_id": choice["party_id"]}
        acting.token = (await helper.service.post("/v1/sessions/acting", asked))["access_token"]
        me = await acting.get("/v1/me")
        step.sees(f"{said(choice['relation'])}，可以 {said(*choice['rights'])}")
        step.check("每个应答都说明在替谁办", me["acting_for"]["name"], masked)
        card = (await acting.get("/v1/licences"))["items"][0]
        path = f"/v1/licences/{card['id']}/presentations"
        refused = await refusal(acting.post(path, {"fields": ["name"]}))
        step.check("没有同意的事（亮证）办不了", refused, "identity.acting_right_required")
    name = f"{helper.name}（替{elder.name}）"
    return Resident(helper.key, name, helper.id_number, helper.phone, acting)


async def both_see(stage: Stage, helper: Resident, elder: Resident) -> None:
    with stage.show.step(elder.name, "查看“谁替我办过什么”") as step:
        for_elder = (await elder.service.get("/v1/me/acted-for"))["items"]
        by_helper = (await helper.service.get("/v1/me/acted"))["items"]
        newest = for_elder[0]
        step.sees(f"{newest['by']}：{newest['what']}")
        done = (newest["by"], newest["action"])
        step.check("谁、办了什么", done, (mask_name(helper.name), "fee.pay"))
        step.check("帮办人看到的是同一件", by_helper[0]["id"], newest["id"])


async def take_back(stage: Stage, elder: Resident, relation: Answer, acting: Resident) -> None:
    with stage.show.step(elder.name, "取消帮办") as step:
        await elder.service.delete(f"/v1/acting-grants/{relation['id']}")

        async def shut_out() -> str:
            return await refusal(acting.service.get("/v1/fee-orders"))

        step.check("几秒内帮办人的令牌失效", await until(shut_out), "identity.session_ended")
        left = [row["id"] for row in (await elder.service.get("/v1/acting-grants"))["items"]]
        step.check("代办关系里没有了", relation["id"] in left, False)
