"""消息: told in the inbox always, on the phone as often as its owner allowed, and by day."""

from notifications.models import Delivery
from tests.journeys import books
from tests.journeys.town import Town
from tests.journeys.world import Reply, Resident, operator, resident

TITLE = "缴费成功通知"


async def pay_a_fee(town: Town, payer: Resident) -> str:
    """What there is to tell of; the message's `about`."""
    window = await operator(town, "hejun")
    order = await window.issue_fee(payer)
    await payer.pay(await payer.prepare_payment(order))
    await town.work()
    return f"fee_order:{order['order_no']}"


async def inbox(person: Resident, about: str) -> list[Reply]:
    return [row for row in (await person.get("/v1/messages"))["items"] if row["about"] == about]


async def deliveries(about: str) -> list[tuple[str, str | None]]:
    rows = Delivery.filter(message__about=about)
    return [(str(status), why) for status, why in await rows.values_list("status", "reason")]


async def offered(person: Resident) -> tuple[int, bool]:
    """How many sends are left for the template, and whether to ask again."""
    rows = (await person.get("/v1/subscriptions/templates"))["items"]
    [row] = [row for row in rows if row["title"] == TITLE]
    return row["left"], row["ask"]


async def test_one_consent_is_good_for_one_message_and_the_inbox_has_both(town: Town) -> None:
    li = await resident(town, "li-weidong")
    await li.allow(TITLE)
    allowed = await offered(li)

    first = await pay_a_fee(town, li)
    second = await pay_a_fee(town, li)
    await town.do_everything_again()

    [sent] = await town.book("messages", person="li-weidong")
    assert (sent["title"], "80.00元" in sent["data"]) == (TITLE, True)
    assert (allowed, await offered(li)) == ((1, False), (0, True))
    assert await deliveries(first) == [("sent", None)]
    assert await deliveries(second) == []
    assert [len(await inbox(li, about)) for about in (first, second)] == [1, 1]
    [consent] = await town.book("consents", person="li-weidong", kind="one_time")
    assert consent["remaining"] == 0
    await books.agree(town)


async def test_a_consent_that_is_gone_at_the_platform_leaves_the_message_in_the_inbox(
    town: Town,
) -> None:
    """43101: switched off in WeChat's own settings, of which nobody tells us."""
    zhou = await resident(town, "zhou-xiuying")
    await zhou.allow(TITLE)
    town.world.book.write("UPDATE consents SET remaining = 0 WHERE person = 'zhou-xiuying'")

    about = await pay_a_fee(town, zhou)
    await town.do_everything_again()

    assert await deliveries(about) == [("failed", "43101")]
    assert [row["kind"] for row in await inbox(zhou, about)] == ["fee_paid"]
    assert await offered(zhou) == (0, True)
    assert await town.book("messages", person="zhou-xiuying") == []
    refused = [row for row in await town.book("calls") if "43101" in row["outcome"]]
    assert [row["times"] for row in refused] == [1]
    await books.agree(town)


async def test_who_says_no_is_sent_nothing(town: Town) -> None:
    chen = await resident(town, "chen-li")
    await chen.allow(TITLE)
    await chen.allow(TITLE, "reject")

    about = await pay_a_fee(town, chen)

    assert await offered(chen) == (0, True)
    assert await deliveries(about) == []
    assert len(await inbox(chen, about)) == 1
    assert await town.book("messages", person="chen-li") == []


async def test_at_night_the_phone_stays_quiet_and_in_the_morning_it_is_told_once(
    town: Town,
) -> None:
    town.pass_time(hours=13)
    guo = await resident(town, "guo-dashan")
    await guo.allow(TITLE)

    about = await pay_a_fee(town, guo)
    at_night = await town.book("messages", person="guo-dashan")
    in_the_inbox = await inbox(guo, about)
    town.pass_time(hours=11)
    await town.work()

    assert (at_night, len(in_the_inbox)) == ([], 1)
    assert len(await town.book("messages", person="guo-dashan")) == 1
    assert await deliveries(about) == [("sent", None)]
    await books.agree(town)


async def test_a_message_is_read_once_and_by_its_owner_only(town: Town) -> None:
    wang, han = await resident(town, "wang-guilan"), await resident(town, "han-yuzhen")
    about = await pay_a_fee(town, wang)
    [message] = await inbox(wang, about)
    unread = (await wang.get("/v1/home"))["messages"]["unread"]
    path = f"/v1/messages/{message['id']}/reading"

    stranger = await han.refusal("POST", path)
    read = await wang.post(path)
    town.pass_time(seconds=5)
    again = await wang.post(path)

    assert stranger == (404, "notifications.message_not_found")
    assert read["read_at"] == again["read_at"] is not None
    assert (await wang.get("/v1/home"))["messages"]["unread"] == unread - 1
