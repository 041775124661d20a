"""免申即享 for who has Alipay and no WeChat: money comes at once, nobody confirms it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from payments.models import Disbursement
from tests.journeys import books
from tests.journeys.policies import AMOUNT_FEN, TITLE, budget, confirm, offer, publish
from tests.journeys.town import Town
from tests.journeys.world import Resident, resident

TRANSFER = "alipay.fund.trans.uni.transfer"


async def disbursement_of(person: Resident, code: str) -> Disbursement:
    found = await offer(person, code)
    return await Disbursement.get(reference=f"entitlement:{found['id']}")


async def test_a_yes_is_money_in_alipay(town: Town) -> None:
    """E05"""
    await publish(town, "lx-alipay")
    wang = await resident(town, "wang-guilan", "alipay")
    before = await wang.wallet()
    earlier = await town.book("alipay_transfers", person="wang-guilan")

    await confirm(wang, "lx-alipay")
    await town.work()
    await town.do_everything_again()

    row = await disbursement_of(wang, "lx-alipay")
    [transfer] = await town.book("alipay_transfers", out_biz_no=row.number)
    assert (row.status, row.channel, row.slip_no) == (
        "paid",
        "alipay_transfer",
        transfer["order_id"],
    )
    assert (transfer["person"], transfer["title"]) == ("wang-guilan", TITLE)
    got = (await wang.wallet())["alipay_balance_fen"] - before["alipay_balance_fen"]
    all_of_hers = await town.book("alipay_transfers", person="wang-guilan")
    new = [one["amount_fen"] for one in all_of_hers if one not in earlier]
    assert got == sum(new) >= AMOUNT_FEN
    assert (await offer(wang, "lx-alipay"))["status"] == "paid"
    assert await budget("lx-alipay") == (0, AMOUNT_FEN)
    shown = await wang.get(f"/v1/disbursements/{row.id}")
    assert (shown["channel"], shown["confirmation"]) == ("alipay_transfer", None)
    await books.agree(town)


async def test_a_transfer_whose_answer_was_lost_is_made_once(town: Town) -> None:
    """E13"""
    await publish(town, "lx-alipay-unheard")
    li = await resident(town, "li-weidong", "alipay")
    await confirm(li, "lx-alipay-unheard")

    with town.line.meanwhile(TRANSFER, lost):
        await town.work()
        unknown = (await disbursement_of(li, "lx-alipay-unheard")).status
    town.pass_time(seconds=31)
    await town.work()

    row = await disbursement_of(li, "lx-alipay-unheard")
    assert (unknown, row.status) == ("unknown", "paid")
    assert len(await town.book("alipay_transfers", out_biz_no=row.number)) == 1
    await books.agree(town)


async def lost(_: httpx.Response) -> None:
    raise httpx.ReadTimeout("the answer was lost on the way")


async def test_a_transfer_that_takes_a_while_is_asked_about(town: Town) -> None:
    """Alipay tells us nothing by itself."""
    await publish(town, "lx-alipay-slow")
    wang = await resident(town, "wang-guilan", "alipay")
    await confirm(wang, "lx-alipay-slow")

    async with transfers_taking(town, seconds=60, ends="SUCCESS"):
        await town.work()
        on_its_way = await disbursement_of(wang, "lx-alipay-slow")
        for _ in range(4):
            town.pass_time(seconds=31)
            await town.work()

    assert on_its_way.status == "accepted"
    assert (await disbursement_of(wang, "lx-alipay-slow")).status == "paid"
    await books.agree(town)


async def test_a_transfer_that_fails_later_goes_back_to_the_budget(town: Town) -> None:
    """E13"""
    await publish(town, "lx-alipay-failed")
    li = await resident(town, "li-weidong", "alipay")
    await confirm(li, "lx-alipay-failed")

    async with transfers_taking(town, seconds=1, ends="FAIL"):
        await town.work()
        town.pass_time(seconds=31)
        await town.work()

    row = await disbursement_of(li, "lx-alipay-failed")
    assert (row.status, row.reason) == ("failed", "PAYEE_ACCOUNT_STATUS_ERROR")
    assert (await offer(li, "lx-alipay-failed"))["status"] == "failed"
    assert await budget("lx-alipay-failed") == (0, 0)
    await books.agree(town)


@asynccontextmanager
async def transfers_taking(town: Town, *, seconds: float, ends: str) -> AsyncIterator[None]:
    """Alipay's transfers are on their way for so long, and then end so."""
    url = "/control/alipay/transfers"
    asked = {"seconds": seconds, "ends": ends}
    (await town.outside.post(url, json=asked)).raise_for_status()
    yield
    (await town.outside.post(url, json={})).raise_for_status()
