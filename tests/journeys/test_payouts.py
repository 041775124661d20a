"""免申即享, the second half: somebody says yes, and the money comes, once."""

from datetime import datetime, timedelta

from core.clock import now
from payments.models import Disbursement
from proactive.models import Entitlement
from tests.journeys import books
from tests.journeys.policies import (
    AMOUNT_FEN,
    TITLE,
    budget,
    confirm,
    offer,
    publish,
    statuses,
    take_money,
)
from tests.journeys.town import Town
from tests.journeys.world import Resident, resident

TAKEN = "requestMerchantTransfer:ok"


async def told(person: Resident, entitlement_id: str) -> list[str]:
    """What the inbox says of a benefit, oldest first."""
    rows = (await person.get("/v1/messages", limit=100))["items"]
    about = f"entitlement:{entitlement_id}"
    return [row["kind"] for row in reversed(rows) if row["about"] == about]


async def test_a_yes_is_paid_to_the_wallet_whose_owner_takes_it_and_nothing_is_paid_twice(
    town: Town,
) -> None:
    """E05, E06"""
    await publish(town, "lx-wallet")
    wang = await resident(town, "wang-guilan")
    await wang.allow("政策享受提醒")
    before = await wang.wallet()

    yes = await confirm(wang, "lx-wallet")
    again = await wang.post(f"/v1/entitlements/{yes['id']}/confirmation")
    await town.work()
    on_its_way, set_aside = await offer(wang, "lx-wallet"), await budget("lx-wallet")
    said = await take_money(wang)
    await town.work()
    await town.do_everything_again()

    assert (yes["status"], again) == ("confirmed", yes)
    assert (on_its_way["status"], set_aside) == ("paying", (AMOUNT_FEN, 0))
    assert said == TAKEN
    paid = await offer(wang, "lx-wallet")
    assert (paid["status"], await budget("lx-wallet")) == ("paid", (0, AMOUNT_FEN))
    assert await told(wang, paid["id"]) == ["entitlement_offered", "entitlement_paid"]
    got = (await wang.wallet())["wechat_balance_fen"] - before["wechat_balance_fen"]
    assert got == AMOUNT_FEN
    row = await Disbursement.get(reference=f"entitlement:{paid['id']}")
    [transfer] = await town.book("wechat_pay_transfers", out_bill_no=row.number)
    assert (transfer["state"], transfer["amount_fen"]) == ("SUCCESS", AMOUNT_FEN)
    assert (transfer["person"], transfer["remark"]) == ("wang-guilan", TITLE)
    await books.agree(town)


async def test_a_direct_benefit_asks_for_no_yes(town: Town) -> None:
    li = await resident(town, "li-weidong")
    await publish(town, "lx-direct", mode="DIRECT")

    coming = await offer(li, "lx-direct")
    said = await take_money(li)
    await town.work()

    assert (coming["status"], said) == ("paying", TAKEN)
    assert await told(li, coming["id"]) == ["entitlement_coming", "entitlement_paid"]
    assert (await offer(li, "lx-direct"))["status"] == "paid"
    await books.agree(town)


async def test_a_childs_benefit_is_paid_to_the_guardian_who_said_yes(town: Town) -> None:
    """Above 2000 yuan the name goes along, sealed for the platform."""
    mother, father = await resident(town, "xu-jing"), await resident(town, "lin-hao")
    for_child = await father.for_party(await father.party_named("林*乐"))
    before = await father.wallet()

    await confirm(for_child, "cn-child")
    await town.work()
    hers = (await mother.get("/v1/disbursements"))["items"]
    for_child_by_her = await mother.for_party(await mother.party_named("林*乐"))
    seen_by_her = (await offer(for_child_by_her, "cn-child"))["disbursement"]
    named = (await offer(for_child, "cn-child"))["disbursement"]
    said = await take_money(father, "国家育儿补贴")
    await town.work()

    assert (said, hers, seen_by_her) == (TAKEN, [], None)
    assert named["status"] == "waiting_user"
    payout = await father.get(f"/v1/disbursements/{named['id']}")
    assert (payout["purpose"], payout["amount_fen"]) == ("国家育儿补贴", 360000)
    paid = await offer(for_child, "cn-child")
    assert (paid["status"], paid["amount_fen"]) == ("paid", 360000)
    got = (await father.wallet())["wechat_balance_fen"] - before["wechat_balance_fen"]
    assert got == 360000
    [transfer] = await town.book("wechat_pay_transfers", amount_fen=360000)
    assert (transfer["person"], transfer["state"]) == ("lin-hao", "SUCCESS")
    await books.agree(town)


async def test_an_enterprise_is_paid_to_its_account_after_somebody_who_may_has_said_yes(
    town: Town,
) -> None:
    feng, dong = await resident(town, "feng-xue"), await resident(town, "dong-liang")
    firm_id = await feng.party_named("临溪精密机械有限公司")
    confirmer, preparer = await feng.for_party(firm_id), await dong.for_party(firm_id)

    seen = await offer(preparer, "px-hightech")
    yes = f"/v1/entitlements/{seen['id']}/confirmation"
    not_hers = await preparer.refusal("POST", yes)
    await confirmer.post(yes)
    await town.work()
    await town.do_everything_again()

    assert {row["id"]: row["holds"] for row in seen["explanation"]["conditions"]}["year"] is True
    assert not_hers == (403, "identity.confirmer_required")
    paid = await offer(confirmer, "px-hightech")
    assert (paid["status"], paid["amount_fen"]) == ("paid", 20000000)
    transfers = await town.book("bank_transfers", purpose="高新技术企业认定奖励")
    [transfer] = [row for row in transfers if row["account_name"] == "临溪精密机械有限公司"]
    assert (transfer["status"], transfer["amount_fen"]) == ("paid", 20000000)
    row = await Disbursement.get(reference=f"entitlement:{paid['id']}")
    assert (row.number, row.slip_no) == (transfer["reference"], transfer["slip_no"])
    assert "entitlement_paid" in await told(confirmer, paid["id"])
    await books.agree(town)


async def test_money_that_waits_for_an_account_is_sent_as_soon_as_there_is_one(
    town: Town,
) -> None:
    title = "敬老月慰问金"
    await publish(town, "lx-waits", mode="DIRECT", title=title)
    waiting = Disbursement.filter(purpose=title, status="held")
    held = [row.reference for row in await waiting]

    sun = await resident(town, "sun-changgeng")
    await town.work()
    sent = await offer(sun, "lx-waits")
    payout = await sun.get(f"/v1/disbursements/{sent['disbursement']['id']}")
    said = await take_money(sun, title)
    await town.work()
    await town.do_everything_again()

    assert f"entitlement:{sent['id']}" in held
    left = datetime.fromisoformat(payout["confirm_by"]) - now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    assert (sent["status"], said) == ("paying", TAKEN)
    assert (await offer(sun, "lx-waits"))["status"] == "paid"
    row = await Disbursement.get(reference=f"entitlement:{sent['id']}")
    assert len(await town.book("wechat_pay_transfers", out_bill_no=row.number)) == 1
    assert len(held) > 1
    assert await waiting.count() == len(held) - 1
    await books.agree(town)


async def test_who_declines_is_paid_nothing(town: Town) -> None:
    """E10"""
    await publish(town, "lx-declined")
    pan = await resident(town, "pan-yuee")
    found = await offer(pan, "lx-declined")

    no = await pan.post(f"/v1/entitlements/{found['id']}/refusal")
    late_yes = await pan.refusal("POST", f"/v1/entitlements/{found['id']}/confirmation")
    await town.work()

    assert no["status"] == "declined"
    assert late_yes == (409, "proactive.step_not_allowed")
    assert await budget("lx-declined") == (0, 0)
    assert not await Disbursement.exists(reference=f"entitlement:{found['id']}")


async def test_nobody_says_yes_for_somebody_else(town: Town) -> None:
    """B25"""
    await publish(town, "lx-stranger")
    han = await resident(town, "han-yuzhen")
    others = await Entitlement.filter(policy__code="lx-stranger").first()

    refused = await han.refusal("POST", f"/v1/entitlements/{others.id}/confirmation")

    assert refused == (404, "proactive.entitlement_not_found")
    assert set(await statuses("lx-stranger")) == {"notified"}
