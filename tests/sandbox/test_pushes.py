"""What WeChat pushes to a server: sealed, signed, three tries. wechatpy opens it."""

import json
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from core.wire.wechat_push import PushKeys, check_push, open_push
from sandbox.city import Person
from sandbox.courier import LADDERS
from sandbox.wechat.push_crypto import signature
from sandbox.wechat.pushes import answers_check, set_push_url
from sandbox.world import World
from tests.sandbox.conftest import APPID, later
from tests.sandbox.test_courier import callback_of, courier, listening
from tests.sandbox.test_wechat import PAID, POLICY, send, subscribe

URL = "https://city.test/callbacks/wechat/push"
DONE = httpx.Response(200, text="success")


@pytest.fixture
def listened(world: World) -> None:
    set_push_url(world, URL)


@pytest.mark.usefixtures("listened")
class TestEvents:
    async def test_an_answer_to_the_prompt_is_pushed_sealed_and_signed(
        self, http: httpx.AsyncClient, world: World, wang: Person, console: dict[str, Any]
    ) -> None:
        await subscribe(http, wang, "paid")
        (request,) = await delivered(world)

        query = dict(parse_qsl(request.url.query.decode()))
        token = console["wechat_push"]["token"]
        check_signature(token, query["signature"], query["timestamp"], query["nonce"])
        openid = world.identities.openid(wang, APPID)
        assert (query["encrypt_type"], query["openid"]) == ("aes", openid)
        told = opened(request, console)
        assert told["ToUserName"] == console["wechat_push"]["original_id"]
        assert (told["FromUserName"], told["MsgType"]) == (openid, "event")
        assert told["Event"] == "subscribe_msg_popup_event"
        assert told["CreateTime"] == query["timestamp"]
        assert told["List"] == {
            "TemplateId": "paid",
            "SubscribeStatusString": "accept",
            "PopupScene": "0",
        }

    async def test_the_products_own_reading_opens_it_too(
        self, http: httpx.AsyncClient, world: World, wang: Person, console: dict[str, Any]
    ) -> None:
        await subscribe(http, wang, "paid")
        (request,) = await delivered(world)

        own, query = console["wechat_push"], dict(parse_qsl(request.url.query.decode()))
        keys = PushKeys(own["appid"], own["token"], own["encoding_aes_key"])
        sealed = json.loads(request.content)["Encrypt"]
        place = {"timestamp": query["timestamp"], "nonce": query["nonce"]}
        check_push(own["token"], **place, signature=query["signature"])
        check_push(own["token"], **place, signature=query["msg_signature"], encrypt=sealed)
        assert json.loads(open_push(keys, sealed)) == opened(request, console)

    async def test_several_answers_stand_in_an_array(
        self, http: httpx.AsyncClient, world: World, wang: Person, console: dict[str, Any]
    ) -> None:
        await subscribe(http, wang, "paid", "checked", answer="reject")
        (request,) = await delivered(world)

        entries = opened(request, console)["List"]
        assert [entry["TemplateId"] for entry in entries] == ["paid", "checked"]
        assert {entry["SubscribeStatusString"] for entry in entries} == {"reject"}

    async def test_turning_off_in_the_settings_is_pushed_and_holds(
        self, http: httpx.AsyncClient, world: World, wang: Person, console: dict[str, Any]
    ) -> None:
        await subscribe(http, wang, "policy")
        await delivered(world)
        asked = {"appid": APPID, "template_ids": ["policy"]}
        reply = await http.post("/phone/wang-guilan/wechat/settings/refuse", json=asked)
        (request,) = await delivered(world)

        assert reply.json() == {"policy": "reject"}
        told = opened(request, console)
        assert told["Event"] == "subscribe_msg_change_event"
        assert told["List"] == {"TemplateId": "policy", "SubscribeStatusString": "reject"}
        assert (await send(http, world, wang, POLICY))["errcode"] == 43101

    async def test_what_was_sent_is_pushed_with_the_number_that_sending_gave(
        self, http: httpx.AsyncClient, world: World, wang: Person, console: dict[str, Any]
    ) -> None:
        await subscribe(http, wang, "paid")
        sent = await send(http, world, wang, PAID)
        requests = await delivered(world)

        told = opened(requests[1], console)
        assert told["Event"] == "subscribe_msg_sent_event"
        assert told["List"]["MsgID"] == str(sent["msgid"])
        assert (told["List"]["ErrorCode"], told["List"]["ErrorStatus"]) == ("0", "success")
        assert sent["msgid"] > 2**53

    @pytest.mark.parametrize(
        ("status", "text", "left"),
        [
            (200, "success", "delivered"),
            (200, "", "delivered"),
            (200, '"success"', "pending"),
            (204, "", "pending"),
            (500, "success", "pending"),
        ],
    )
    async def test_it_is_heard_when_the_answer_says_so(
        self,
        http: httpx.AsyncClient,
        world: World,
        wang: Person,
        status: int,
        text: str,
        left: str,
    ) -> None:
        await subscribe(http, wang, "paid")

        await delivered(world, httpx.Response(status, text=text))

        assert callback_of(world)["state"] == left

    async def test_there_are_three_tries_that_are_all_alike(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        await subscribe(http, wang, "paid")

        tries = []
        for _ in range(5):
            tries += await delivered(world, httpx.Response(500))
            later(world, seconds=5)

        assert len(tries) == 3
        assert len({(request.url, request.content) for request in tries}) == 1
        assert callback_of(world)["state"] == "given_up"
        assert LADDERS["wechat"] == [5, 5]


class TestAddress:
    async def test_it_counts_when_it_gives_the_text_back(
        self, world: World, console: dict[str, Any]
    ) -> None:
        def echo(request: httpx.Request) -> httpx.Response:
            query = dict(parse_qsl(request.url.query.decode()))
            token = console["wechat_push"]["token"]
            check_signature(token, query["signature"], query["timestamp"], query["nonce"])
            return httpx.Response(200, text=query["echostr"])

        async with httpx.AsyncClient(transport=httpx.MockTransport(echo)) as client:
            assert await answers_check(world, client, URL)

    @pytest.mark.parametrize("answer", ["", "success", '"1"'])
    async def test_any_other_answer_is_no_answer(self, world: World, answer: str) -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, text=answer))
        async with httpx.AsyncClient(transport=transport) as client:
            assert not await answers_check(world, client, URL)

    async def test_where_nobody_listens_it_is_not_taken(self, http: httpx.AsyncClient) -> None:
        asked = {"url": "http://127.0.0.1:9/push"}
        reply = await http.post("/control/wechat/push-url", json=asked)

        assert reply.status_code == 400
        assert (await http.get("/book/wechat_push_urls")).json() == []

    async def test_nothing_is_pushed_when_nobody_wants_it(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        set_push_url(world, URL)
        await http.post("/control/wechat/push-url", json={"url": ""})

        await subscribe(http, wang, "paid")

        assert (await http.get("/book/callbacks")).json() == []


def test_signatures_are_those_of_the_guide() -> None:
    """The examples on developers.weixin.qq.com."""
    assert signature("AAAAA", "1714036504", "1514711492") == (
        "f464b24fc39322e44b38aa78f5edd27bd1441696"
    )
    assert signature("AAAAA", "1713424427", "415670741", SEALED_REPLY) == (
        "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    )


SEALED_REPLY = (
    "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
)


async def delivered(world: World, answer: httpx.Response = DONE) -> list[httpx.Request]:
    heard: list[httpx.Request] = []
    await courier(world, listening(heard, answer)).deliver_due()
    return heard


def opened(request: httpx.Request, console: dict[str, Any]) -> dict[str, Any]:
    """What wechatpy finds inside."""
    own, query = console["wechat_push"], dict(parse_qsl(request.url.query.decode()))
    crypto = WeChatCrypto(own["token"], own["encoding_aes_key"], own["appid"])
    signed = (query["msg_signature"], query["timestamp"], query["nonce"])
    return dict(json.loads(crypto.decrypt_message(json.loads(request.content), *signed)))
