"""The playing itself: ten journeys, the last of them the books once more. 演出"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from rich.console import Console

from app.demo.cast import Resident, Stage
from app.demo.journeys import (
    at_counter,
    at_terminal,
    benefiting,
    helping,
    inviting,
    operating,
    paying,
    showing,
    showing_offline,
    signing_in,
    taking,
)
from app.demo.journeys.operating import CIVIL_AFFAIRS, INDUSTRY, Reach
from app.demo.stage import StageNotSet, served_product
from app.demo.transcript import StepFailed, Transcript
from app.running import Running

WANG, TANG, FENG, DONG = "wang-guilan", "tang-guifang", "feng-xue", "dong-liang"
CHEN, LI = "chen-li", "li-weidong"
HUANG, ZHAO = "huang-siyuan", "zhao-yiming"
FIRM, NEW_FIRM = "linxi-precision", "siyuan-software"
ALLOWANCE_FEN, YOUNGER_FEN, AWARD_FEN = 15000, 7500, 200000

Journey = Callable[[Stage], Awaitable[None]]


def play(folder: Path) -> int:
    """Play everything against what runs, or against what is started for it; the exit code."""
    show = Transcript(Console(highlight=False, soft_wrap=True))
    try:
        with served_product(folder, show.say) as running:
            asyncio.run(_play(running, show, folder))
    except StageNotSet as not_set:
        sys.stderr.write(f"{not_set}\n")
        return 1
    return show.conclude()


async def _play(running: Running, show: Transcript, folder: Path) -> None:
    timeout = httpx.Timeout(40.0)
    async with (
        httpx.AsyncClient(base_url=running.address, timeout=timeout) as product,
        httpx.AsyncClient(base_url=running.sandbox, timeout=timeout) as outside,
    ):
        stage = Stage(running, product, outside, show, folder)
        show.say(
            f"接口 {running.address}，外部世界（沙箱） {running.sandbox}，本次演示 {stage.tag}"
        )
        for title, journey in JOURNEYS:
            show.journey(title)
            try:
                await journey(stage)
            except StepFailed as failed:
                show.say(f"  （这条流程到此为止：{failed}）")


async def _sign_in_and_pay(stage: Stage) -> None:
    await signing_in.stranger_is_turned_away(stage)
    payer = await signing_in.log_in_with_wechat(stage, WANG)
    await signing_in.accept_messages(stage, payer)
    on_alipay = await signing_in.log_in_with_alipay(stage, WANG)
    await signing_in.one_person(stage, payer, on_alipay)
    with stage.show.step("窗口 何俊", "用口令和动态码登录"):
        window = await stage.operator("hejun")
    first = await paying.issue_fee(stage, window, payer, 1)
    await paying.pay_with_wechat(stage, payer, first)
    await paying.paid_is_paid(stage, payer, first)
    second = await paying.issue_fee(stage, window, payer, 2)
    await paying.pay_with_alipay(stage, on_alipay, second)
    third = await paying.issue_fee(stage, window, payer, 3)
    await paying.pay_without_callback(stage, payer, third)
    other = await signing_in.log_in_with_wechat(stage, TANG)
    await paying.others_fees_are_not_found(stage, other, first)


async def _show_and_verify(stage: Stage) -> None:
    holder = await signing_in.log_in_with_wechat(stage, WANG)
    await signing_in.accept_messages(stage, holder)
    before = len(await holder.phone.messages_about("老年人优待证"))
    terminal = await showing.bus_terminal(stage)
    card, presented = await showing.show_licence(stage, holder)
    await showing.wrong_verifier(stage, presented["code"])
    await showing.verify_once(stage, terminal, presented["code"])
    await showing.holder_knows(stage, holder, card, presented)
    await showing.phone_warns(stage, holder, before)


async def _show_offline(stage: Stage) -> None:
    holder = await signing_in.log_in_with_wechat(stage, WANG)
    code = await showing_offline.make_code(stage, holder)
    await showing_offline.keep_shelf(stage)
    await showing_offline.check_code(stage, code)


async def _benefit_of_a_resident(stage: Stage) -> None:
    resident = await signing_in.log_in_with_wechat(stage, WANG)
    code, content = f"demo-elder-{stage.tag}", operating.elder_allowance(stage)
    await operating.publish(stage, CIVIL_AFFAIRS, code, content, Reach(eligible=6, unknown=1))
    entitlement_id = await benefiting.offered(stage, resident, code, ALLOWANCE_FEN)
    await benefiting.confirm(stage, resident, entitlement_id)
    await benefiting.take_transfer(stage, resident, content["title"], ALLOWANCE_FEN)
    await benefiting.is_paid(stage, resident, code)
    unsure = await signing_in.log_in_with_wechat(stage, TANG)
    await benefiting.not_decided(stage, unsure, code, ["户籍所在地"])


async def _benefit_of_an_enterprise(stage: Stage) -> None:
    code, content = f"demo-award-{stage.tag}", operating.innovation_award(stage)
    await operating.publish(stage, INDUSTRY, code, content, Reach(eligible=2, unknown=2))
    preparer = await _agent(stage, DONG)
    await benefiting.preparer_may_not_confirm(stage, preparer, code)
    confirmer = await _agent(stage, FENG)
    entitlement_id = await benefiting.offered(stage, confirmer, code, AWARD_FEN)
    await benefiting.confirm(stage, confirmer, entitlement_id)
    await benefiting.bank_pays(stage, confirmer, FIRM, content["title"], AWARD_FEN)
    await benefiting.is_paid(stage, confirmer, code)


async def _daughter_helps(stage: Stage) -> None:
    elder = await signing_in.log_in_with_wechat(stage, WANG)
    helper = await signing_in.log_in_with_wechat(stage, CHEN)
    token = await helping.ask_to_help(stage, helper, elder)
    relation = await helping.agree(stage, elder, token)
    acting = await helping.act_for_elder(stage, helper, elder)
    with stage.show.step("窗口 何俊", "用口令和动态码登录"):
        window = await stage.operator("hejun")
    order = await paying.issue_fee(stage, window, elder, 4)
    await paying.pay_in_wechat(stage, acting, order)
    await helping.both_see(stage, helper, elder)
    await helping.take_back(stage, elder, relation, acting)


async def _firm_takes_on_an_agent(stage: Stage) -> None:
    owner = await signing_in.log_in_with_wechat(stage, HUANG)
    agent = await signing_in.log_in_with_wechat(stage, ZHAO)
    await inviting.take_on_an_agent(stage, owner, agent, NEW_FIRM)


async def _at_the_counter(stage: Stage) -> None:
    desk, officer = await operating.sign_in(stage, "qiyue", "窗口"), stage.name_of("qiyue")
    person = await signing_in.tap_wechat(stage, LI)
    title = operating.elder_allowance(stage)["title"]
    case_id = await at_counter.check_document(stage, desk, officer, person)
    await at_counter.prove_account(stage, desk, officer, case_id, person)
    await at_counter.confirm_for(stage, desk, officer, case_id, title)
    await at_counter.person_sees(stage, person)
    await benefiting.take_transfer(stage, person, title, YOUNGER_FEN, noticed=False)


async def _agency_takes_a_licence(stage: Stage) -> None:
    admin = await operating.sign_in(stage, "yuan", "安全管理")
    key, client_id = await taking.register_key(stage, admin, stage.name_of("yuan"))
    program = await taking.let_in(stage, key, client_id)
    holder = await signing_in.log_in_with_wechat(stage, WANG)
    card, given = await taking.consent(stage, holder, "临溪市政务服务中心")
    reference = await taking.take(stage, program, given)
    await taking.holder_sees(stage, holder, card, given, reference)
    await taking.nothing_more(stage, program, given, reference)
    await at_terminal.check_at_a_terminal(stage, admin, stage.name_of("yuan"), holder)


async def _agent(stage: Stage, key: str) -> Resident:
    person = await signing_in.log_in_with_wechat(stage, key)
    return await benefiting.act_for(stage, person, FIRM)


async def _read_inbox_and_close(stage: Stage) -> None:
    resident = await signing_in.log_in_with_wechat(stage, WANG)
    with stage.show.step(resident.name, "打开收件箱，读最新一条") as step:
        items = (await resident.service.get("/v1/messages", limit=100))["items"]
        mine = [row for row in items if stage.tag in row["text"]]
        for row in mine:
            step.sees(f"{row['title']}：{row['text']}")
        kinds = sorted(row["kind"] for row in mine)
        step.check("每件事恰好说一次", kinds, EXPECTED_KINDS)
        read = await resident.service.post(f"/v1/messages/{mine[0]['id']}/reading")
        step.check("记为已读", read["read_at"] is not None, True)
    with stage.show.step("记账员", "把每一笔与外部账本再对一遍") as step:
        await stage.book.all_still_hold(step)


EXPECTED_KINDS = sorted(
    ["fee_paid"] * 4
    + ["licence_used"]
    + ["entitlement_offered", "payout_to_confirm", "entitlement_paid"]
)

JOURNEYS: list[tuple[str, Journey]] = [
    ("一、一键登录与缴费", _sign_in_and_pay),
    ("二、亮证与核验", _show_and_verify),
    ("三、离线亮证", _show_offline),
    ("四、免申即享：居民", _benefit_of_a_resident),
    ("五、免申即享：企业", _benefit_of_an_enterprise),
    ("六、家人帮办", _daughter_helps),
    ("七、企业邀请代办人", _firm_takes_on_an_agent),
    ("八、窗口代办", _at_the_counter),
    ("九、机构用证与核验终端", _agency_takes_a_licence),
    ("十、收件箱与对账", _read_inbox_and_close),
]
