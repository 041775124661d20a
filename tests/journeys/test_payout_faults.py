"""免申即享 on bad days: halted, out of money, unheard, not taken, returned."""

import httpx
import msgspec

from payments.models import Disbursement
from proactive.models import Entitlement
from tests.journeys import books
from tests.journeys.policies import (
    AMOUNT_FEN,
    budget,
    confirm,
    confirmed,
    offer,
    publish,
    statuses,
    take_money,
)
from tests.journeys.town import Row, Town
from tests.journeys.world import Resident, operator, resident

TRANSFERS = "/v3/fund-app/mch-transfer/transfer-bills"


async def disbursement_of(person: Resident, code: str) -> Disbursement:
    found = await offer(person, code)
    return await Disbursement.get(reference=f"entitlement:{found['id']}")


async def transfers_of(town: Town, code: str) -> list[Row]:
    """What the platform was asked to pay for a policy."""
    ids = await Entitlement.filter(policy__code=code).values_list("id", flat=True)
    rows = Disbursement.filter(reference__in=[f"entitlement:{one}" for one in ids])
    numbers = set(await rows.values_list("number", flat=True))
    found = await town.book("wechat_pay_transfers")
    return [row for row in found if row["out_bill_no"] in numbers]


async def test_a_halt_stops_what_is_not_yet_paid_until_it_ends(town: Town) -> None:
    """E03"""
    publisher = await publish(town, "lx-halted")
    li = await resident(town, "li-weidong")
    await confirm(li, "lx-halted")

    halted = await publisher.post("/operator/v1/policies/lx-halted/halts")
    await town.work()
    held, nothing_asked = await offer(li, "lx-halted"), await transfers_of(town, "lx-halted")
    await publisher.post("/operator/v1/policies/lx-halted/resumptions")
    await town.work()

    assert halted["halted_at"]
    assert (held["status"], nothing_asked) == ("held", [])
    assert (await offer(li, "lx-halted"))["status"] == "paying"
    assert [row["person"] for row in await transfers_of(town, "lx-halted")] == ["li-weidong"]
    assert await budget("lx-halted") == (AMOUNT_FEN, 0)
    await books.agree(town)


async def test_the_budget_is_spent_to_the_last_and_who_waits_is_paid_when_there_is_more(
    town: Town,
) -> None:
    """E04"""
    await publish(town, "lx-budget", budget_fen=2 * AMOUNT_FEN)

    people = [
        await confirmed(town, key, "lx-budget")
        for key in ("wang-guilan", "zhou-xiuying", "pan-yuee")
    ]
    asked = await transfers_of(town, "lx-budget")
    short = sorted(status for status in await statuses("lx-budget") if status != "notified")
    tasks = await (await operator(town, "xubo")).tasks("proactive.budget_ended")
    await publish(town, "lx-budget", number=2, budget_fen=3 * AMOUNT_FEN)

    assert [row["amount_fen"] for row in asked] == [AMOUNT_FEN] * 2
    assert short == ["paying", "paying", "waiting_budget"]
    assert len(tasks) == 1
    assert (await offer(people[2], "lx-budget"))["status"] == "paying"
    assert await budget("lx-budget") == (3 * AMOUNT_FEN, 0)
    assert len(await transfers_of(town, "lx-budget")) == 3
    await books.agree(town)


async def test_a_transfer_whose_answer_was_lost_is_asked_for_again_and_made_once(
    town: Town,
) -> None:
    """E05"""
    await publish(town, "lx-unheard")
    sun = await resident(town, "sun-changgeng")
    await confirm(sun, "lx-unheard")

    with town.line.meanwhile(TRANSFERS, lost):
        await town.work()
        unknown = (await disbursement_of(sun, "lx-unheard")).status
    town.pass_time(seconds=31)
    await town.work()
    said = await take_money(sun)
    await town.work()

    assert (unknown, said) == ("unknown", "requestMerchantTransfer:ok")
    [transfer] = await transfers_of(town, "lx-unheard")
    assert (transfer["state"], transfer["amount_fen"]) == ("SUCCESS", AMOUNT_FEN)
    assert (await offer(sun, "lx-unheard"))["status"] == "paid"
    await books.agree(town)


async def lost(_: httpx.Response) -> None:
    raise httpx.ReadTimeout("the answer was lost on the way")


async def test_a_transfer_of_which_no_callback_tells_is_found_by_asking(town: Town) -> None:
    await publish(town, "lx-silent")
    zhou = await confirmed(town, "zhou-xiuying", "lx-silent")
    number = (await disbursement_of(zhou, "lx-silent")).number
    await town.suppress_callbacks(number)

    await take_money(zhou)
    await town.work()
    before_asking = (await offer(zhou, "lx-silent"))["status"]
    town.pass_time(seconds=11)
    await town.work()

    [callback] = await town.book("callbacks", number=number)
    assert (callback["state"], before_asking) == ("suppressed", "paying")
    assert (await offer(zhou, "lx-silent"))["status"] == "paid"
    assert await budget("lx-silent") == (0, AMOUNT_FEN)
    await books.agree(town)


async def test_money_that_nobody_takes_in_a_day_goes_back_to_the_budget(town: Town) -> None:
    await publish(town, "lx-untaken")
    pan = await confirmed(town, "pan-yuee", "lx-untaken")
    set_aside = await budget("lx-untaken")

    town.pass_time(hours=25)
    await town.work()

    pan = await resident(town, "pan-yuee")
    assert (set_aside, await budget("lx-untaken")) == ((AMOUNT_FEN, 0), (0, 0))
    assert (await offer(pan, "lx-untaken"))["status"] == "failed"
    [transfer] = await transfers_of(town, "lx-untaken")
    assert (transfer["state"], transfer["fail_reason"]) == ("FAIL", "OVERDUE_CLOSE")
    tasks = await (await operator(town, "xubo")).tasks("proactive.payout_failed")
    found = await offer(pan, "lx-untaken")
    assert f"entitlement:{found['id']}" in {row["subject"] for row in tasks}
    await books.agree(town)


async def test_what_the_bank_returns_is_not_paid_and_told_to_both_sides(town: Town) -> None:
    """The account at the bank bears another name than the one we have."""
    gao, firms = await resident(town, "gao-min"), town.world.city.enterprises
    firm = firms["91330199MA2LX8028Y"]
    renamed = msgspec.structs.replace(firm.bank, account_name="临溪瓷都有限公司")
    firms[firm.uscc] = msgspec.structs.replace(firm, bank=renamed)
    acting = await gao.for_party(await gao.party_named(firm.name))
    before = await budget("px-hightech")

    await confirm(acting, "px-hightech")
    await town.work()

    found = await offer(acting, "px-hightech")
    assert (found["status"], await budget("px-hightech")) == ("failed", before)
    row = await Disbursement.get(reference=f"entitlement:{found['id']}")
    assert (row.status, row.reason) == ("failed", "account_name_mismatch")
    [transfer] = await town.book("bank_transfers", reference=row.number)
    assert (transfer["status"], transfer["return_reason"]) == ("returned", row.reason)
    kinds = [row["kind"] for row in (await acting.get("/v1/messages"))["items"]]
    assert "payout_returned" in kinds
    tasks = await (await operator(town, "zhaojianguo")).tasks("proactive.payout_failed")
    assert [row["subject"] for row in tasks] == [f"entitlement:{found['id']}"]
    await books.agree(town)
