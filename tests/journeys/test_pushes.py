"""消息推送: WeChat tells us what was answered and what became of each send."""

from notifications.models import Consent, Delivery, PushKey
from sandbox.wechat.pushes import answers_check
from tests.journeys import books
from tests.journeys.test_messages import TITLE, inbox, offered, pay_a_fee
from tests.journeys.town import PRODUCT, Town
from tests.journeys.world import Resident, resident


async def tap(person: Resident, answer: str = "accept") -> str:
    """Answer WeChat's question; the client dies before it tells us."""
    rows = (await person.get("/v1/subscriptions/templates"))["items"]
    template_id = next(row["template_id"] for row in rows if row["title"] == TITLE)
    asked = {"appid": person.town.city.wechat_appid, "template_ids": [template_id]}
    await person.phone("wechat/subscribe", asked | {"answer": answer})
    return str(template_id)


async def pushed(town: Town, event: str) -> list[str]:
    rows = await town.book("callbacks", provider="wechat", event_type=event)
    return [row["state"] for row in rows]


async def test_what_was_sent_has_its_receipt(town: Town) -> None:
    """D09: from WeChat's own pushes, each delivered and applied once."""
    li = await resident(town, "li-weidong")
    await li.allow(TITLE)
    await town.work()

    about = await pay_a_fee(town, li)
    await town.do_everything_again()
    [message] = await town.book("messages", person="li-weidong")
    again = await town.deliver_again(str(message["msgid"]))
    await town.work()

    delivery = await Delivery.get(message__about=about)
    assert (delivery.provider_no, delivery.receipt) == (str(message["msgid"]), "delivered")
    assert again == 1
    assert await PushKey.filter(provider_no=delivery.provider_no).count() == 1
    assert set(await pushed(town, "subscribe_msg_sent_event")) == {"delivered"}
    await books.agree(town)


async def test_a_yes_that_the_client_did_not_report_is_good_for_a_message(town: Town) -> None:
    zhou = await resident(town, "zhou-xiuying")

    await tap(zhou)
    await town.work()
    allowed = await offered(zhou)
    about = await pay_a_fee(town, zhou)

    assert allowed == (1, False)
    assert [row["kind"] for row in await inbox(zhou, about)] == ["fee_paid"]
    assert len(await town.book("messages", person="zhou-xiuying")) == 1
    await books.agree(town)


async def test_a_yes_that_was_never_given_is_taken_back_after_ten_minutes(town: Town) -> None:
    chen = await resident(town, "chen-li")
    await chen.allow(TITLE)
    rows = (await chen.get("/v1/subscriptions/templates"))["items"]
    template_id = next(row["template_id"] for row in rows if row["title"] == TITLE)
    await chen.post("/v1/subscriptions", {"template_id": template_id, "answer": "accept"})
    at_once = await offered(chen)

    await town.work()
    town.pass_time(minutes=10, seconds=5)
    await town.work()

    consent = await Consent.get(template_id=template_id, unconfirmed=1)
    assert (at_once, await offered(chen)) == ((2, False), (1, False))
    assert consent.awaited == 0


async def test_turned_off_in_wechats_settings_nothing_more_is_sent(town: Town) -> None:
    """D05"""
    guo = await resident(town, "guo-dashan")
    template_id = await guo.allow(TITLE)
    await town.work()
    town.pass_time(seconds=2)
    asked = {"appid": town.city.wechat_appid, "template_ids": [template_id]}

    await guo.phone("wechat/settings/refuse", asked)
    await town.work()
    about = await pay_a_fee(town, guo)

    assert await offered(guo) == (0, True)
    assert await Delivery.filter(message__about=about).count() == 0
    assert await town.book("messages", person="guo-dashan") == []
    refused = [row for row in await town.book("calls") if "43101" in row["outcome"]]
    assert refused == []


async def test_the_console_takes_our_address_and_no_other_apps(town: Town) -> None:
    ours = f"{PRODUCT}/callbacks/wechat-push/{town.city.wechat_appid}"

    async with town.client() as client:
        taken = await answers_check(town.world, client, ours)
        others = await answers_check(town.world, client, f"{ours}0")

    assert (taken, others) == (True, False)
