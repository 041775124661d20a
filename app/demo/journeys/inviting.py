"""An enterprise takes on an agent by a link, and lets the agent go. 企业邀请代办人"""

from datetime import timedelta

from app.demo.cast import Resident, Stage
from app.demo.journeys import benefiting
from app.demo.service import Answer, refusal
from app.demo.words import said
from core.clock import date_in_china

LASTS = timedelta(days=365)


async def take_on_an_agent(stage: Stage, owner: Resident, agent: Resident, firm_key: str) -> None:
    """From the legal representative's link to the end of it."""
    at_firm = await benefiting.act_for(stage, owner, firm_key)
    token = await _invite(stage, at_firm, agent)
    relation = await _accept(stage, agent, token)
    acting = await benefiting.act_for(stage, agent, firm_key)
    await _let_go(stage, at_firm, relation, acting)


async def _invite(stage: Stage, at_firm: Resident, agent: Resident) -> str:
    until_on = date_in_china(stage.now()) + LASTS
    with stage.show.step(at_firm.name, f"发链接邀请{agent.name}做经办人") as step:
        asked = {"kind": "agent", "scope": "preparer", "name": agent.name}
        sent = await at_firm.service.post(
            "/v1/invitations", asked | {"until_on": until_on.isoformat()}
        )
        step.sees("法定代表人身份已与法人库核对；链接七天内有效，只能用一次")
    return str(sent["token"])


async def _accept(stage: Stage, agent: Resident, token: str) -> Answer:
    with stage.show.step(agent.name, "打开链接，接受") as step:
        opened = await agent.service.post("/v1/invitations/opening", {"token": token})
        step.sees(f"「{opened['party_name']}」，权限 {said(opened['scope'])}")
        relation = await agent.service.post("/v1/invitations/acceptance", {"token": token})
        step.check("成为经办人", (relation["kind"], relation["scope"]), ("agent", "preparer"))
    return dict(relation)


async def _let_go(stage: Stage, at_firm: Resident, relation: Answer, acting: Resident) -> None:
    until_on = date_in_china(stage.now()) + LASTS
    with stage.show.step(at_firm.name, "结束委托") as step:
        asked = {"kind": "agent", "scope": "preparer", "name": "某某"}
        asked |= {"until_on": until_on.isoformat()}
        shown = await refusal(acting.service.post("/v1/invitations", asked))
        step.check("经办人不能再邀请别人", shown, "identity.not_representative")
        await at_firm.service.delete(f"/v1/acting-grants/{relation['id']}")
        left = [row["id"] for row in (await at_firm.service.get("/v1/acting-grants"))["items"]]
        step.check("代办关系里没有了", relation["id"] in left, False)
