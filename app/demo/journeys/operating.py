"""Operators bring a policy into force: one writes and tries it, another says yes. 政策发布"""

from copy import deepcopy
from typing import Any

from msgspec import Struct

from app.demo.cast import Stage
from app.demo.service import Service, refusal
from app.demo.words import said, yuan


class Reach(Struct, frozen=True):
    """Whom the dry run must find."""

    eligible: int
    unknown: int


class Office(Struct, frozen=True):
    """The logins that bring a policy into force."""

    editor: str
    approver: str
    publisher: str
    own_approval: str
    """What the editor is told who says yes to the own draft."""


OFFER = "根据您的户籍和年龄，您可以享受老年综合津贴，确认后发放。"
CIVIL_AFFAIRS = Office("shenlan", "xubo", "luming", "proactive.approver_is_editor")
INDUSTRY = Office("sunxiaomei", "zhaojianguo", "sunxiaomei", "web.role_required")


def elder_allowance(stage: Stage) -> dict[str, Any]:
    """老年综合津贴 of the city, asked for a yes first."""
    title = f"老年综合津贴·演示{stage.tag}"
    return _content(stage, "sh-elder", title=title, mode="CONFIRM", offer_text=OFFER)


def innovation_award(stage: Stage) -> dict[str, Any]:
    """高新技术企业认定奖励 of the city, at a hundredth of its amounts."""
    content = _content(stage, "px-hightech", title=f"高企认定奖励·演示{stage.tag}")
    for case in content["document"]["amount"]["cases"]:
        case["then"]["value"] //= 100
    return content


async def publish(
    stage: Stage, office: Office, code: str, content: dict[str, Any], reach: Reach
) -> None:
    """From draft to publication by different people; the editor's own yes does not count."""
    path = f"/operator/v1/policies/{code}/versions/1"
    editor = await sign_in(stage, office.editor, "编辑")
    with stage.show.step(stage.name_of(office.editor), f"起草「{content['title']}」并试算") as step:
        drafted = await editor.put(path, {"content": content, "revision": None})
        step.check("存为草稿", (drafted["status"], drafted["revision"]), ("draft", 1))
        tried = await editor.post(f"{path}/dry-runs")
        step.sees(
            f"试算：符合 {tried['eligible']}，待补充信息 {tried['unknown']}，"
            f"不符合 {tried['refused']}，需资金 {yuan(tried['amount_fen'])} 元"
        )
        found = Reach(tried["eligible"], tried["unknown"])
        step.check("试算人数", found, reach)
    await _own_approval_is_refused(stage, office, editor, path)
    approver = await sign_in(stage, office.approver, "审批")
    with stage.show.step(stage.name_of(office.approver), "核对内容和试算，审批") as step:
        approved = await approver.post(f"{path}/approvals")
        step.sees(f"审批与内容绑定：{approved['approved_hash'][:16]}…")
    publisher = editor
    if office.publisher != office.editor:
        publisher = await sign_in(stage, office.publisher, "发布")
    with stage.show.step(stage.name_of(office.publisher), "发布") as step:
        published = await publisher.post(f"{path}/publications")
        step.sees("已发布，系统开始匹配")
        step.check("状态", published["status"], "published")


async def _own_approval_is_refused(
    stage: Stage, office: Office, editor: Service, path: str
) -> None:
    with stage.show.step(stage.name_of(office.editor), "想自己审批自己起草的政策") as step:
        code = await refusal(editor.post(f"{path}/approvals"))
        step.sees("没有通过：审批须由另一个人完成")
        step.check("被拒绝，理由明确", code, office.own_approval)


async def sign_in(stage: Stage, username: str, what_for: str) -> Service:
    """An operator signed in, in a step of its own."""
    with stage.show.step(stage.name_of(username), f"用口令和动态码登录（{what_for}）") as step:
        service = await stage.operator(username)
        me = await service.get("/operator/v1/sessions/current")
        agency = stage.city.agency(me["department"])
        step.sees(f"{agency.name}，岗位 {said(*me['roles'])}")
    return service


def _content(stage: Stage, code: str, **changed: str) -> dict[str, Any]:
    """A policy of the city as another one: its own benefit, so that it can be given again."""
    policy = deepcopy(next(row for row in stage.city.policies if row["code"] == code))
    for key in ("code", "department", "benefit"):
        policy.pop(key, None)
    return policy | changed
