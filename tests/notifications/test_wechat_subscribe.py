import asyncio
import json

import httpx
import pytest

from core.wire import NoAnswer
from notifications.channels import (
    Channels,
    Contract,
    ContractMissing,
    Notice,
    NotSent,
    Refusal,
    Sent,
    Unclear,
)
from notifications.channels.wechat_subscribe import WechatSubscribe
from tests.fakes.notifications import FakeChannel, FakeTokens, FakeWechat

NOTICE = Notice(
    appid="wx-1",
    to="openid-1",
    template_id="tpl-fee",
    values={"thing1": "不动产登记费"},
    page="pages/index",
)


async def send(wechat: FakeWechat, tokens: FakeTokens | None = None) -> object:
    async with wechat.client() as client:
        return await WechatSubscribe(client, {"wx-1": tokens or FakeTokens()}).send(NOTICE)


async def failing(error: Exception) -> object:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(fail), base_url="https://api.weixin.test"
    ) as client:
        return await WechatSubscribe(client, {"wx-1": FakeTokens()}).send(NOTICE)


async def test_sends_what_wechat_wants_in_plain_utf8() -> None:
    wechat = FakeWechat()

    result = await send(wechat)

    assert result == Sent("1")
    (request,) = wechat.requests
    assert request.url.path == "/cgi-bin/message/subscribe/send"
    assert request.url.params["access_token"] == "token-1"
    assert "不动产登记费".encode() in request.content
    assert json.loads(request.content) == {
        "touser": "openid-1",
        "template_id": "tpl-fee",
        "page": "pages/index",
        "data": {"thing1": {"value": "不动产登记费"}},
    }


async def test_what_is_of_an_app_that_we_do_not_serve_goes_nowhere() -> None:
    wechat = FakeWechat()
    async with wechat.client() as client:
        result = await WechatSubscribe(client, {"wx-2": FakeTokens()}).send(NOTICE)

    assert result == NotSent(why=Refusal.SETUP, code="app_unknown")
    assert wechat.requests == []


@pytest.mark.parametrize(
    ("errcode", "why"),
    [
        (43101, Refusal.CONSENT_GONE),
        (40003, Refusal.ADDRESS),
        (40037, Refusal.SETUP),
        (41030, Refusal.SETUP),
        (45009, Refusal.DAY_LIMIT),
        (-1, Refusal.LATER),
        (43107, Refusal.SETUP),
    ],
)
async def test_each_error_code_says_what_may_be_done(errcode: int, why: Refusal) -> None:
    """D07."""
    wechat = FakeWechat({"errcode": errcode, "errmsg": "refused rid: 1"})

    assert await send(wechat) == NotSent(why=why, code=str(errcode))
    assert len(wechat.requests) == 1


async def test_the_field_that_wechat_refuses_is_named() -> None:
    """D10: 47003."""
    wechat = FakeWechat(
        {"errcode": 47003, "errmsg": "argument invalid! data.thing23.value invalid"}
    )

    assert await send(wechat) == NotSent(why=Refusal.VALUE, code="47003", field="thing23")


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_stale_token_is_renewed_once_and_the_message_sent_once(errcode: int) -> None:
    """D08."""
    wechat, tokens = FakeWechat({"errcode": errcode, "errmsg": "stale"}), FakeTokens()

    assert await send(wechat, tokens) == Sent("1")
    assert (len(wechat.requests), len(wechat.sent), tokens.fetches) == (2, 1, 1)


async def test_a_token_refused_twice_is_left_for_later_without_ping_pong() -> None:
    """D08."""
    wechat, tokens = FakeWechat(good_tokens=("never",)), FakeTokens()

    assert await send(wechat, tokens) == NotSent(why=Refusal.LATER, code="40001")
    assert (len(wechat.requests), tokens.fetches) == (2, 1)


async def test_many_at_once_with_one_stale_token_renew_it_once() -> None:
    """D08."""
    wechat, tokens = FakeWechat(good_tokens=("token-2",)), FakeTokens()

    results = await asyncio.gather(*(send(wechat, tokens) for _ in range(8)))

    assert all(isinstance(result, Sent) for result in results)
    assert tokens.fetches == 1


async def test_without_a_token_nothing_is_sent() -> None:
    class NoTokens(FakeTokens):
        async def get(self) -> str:
            raise NoAnswer("errcode 40013")

    wechat = FakeWechat()

    assert await send(wechat, NoTokens()) == NotSent(why=Refusal.LATER, code="no_token")
    assert wechat.requests == []


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")],
)
async def test_what_never_left_may_be_sent_again(error: Exception) -> None:
    assert await failing(error) == NotSent(why=Refusal.LATER, code="not_reached")


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("half"),
    ],
)
async def test_what_may_have_left_is_unclear(error: Exception) -> None:
    """D12."""
    assert await failing(error) == Unclear(type(error).__name__)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.Response(502, text="bad gateway"), id="a gateway's page"),
        pytest.param(httpx.Response(200, text='{"errcode":0,"err'), id="cut off"),
        pytest.param(httpx.Response(200, json={}), id="no errcode"),
        pytest.param(httpx.Response(200, json={"errcode": "0"}), id="a text for a number"),
        pytest.param(httpx.Response(302, headers={"Location": "https://x.test"}), id="elsewhere"),
    ],
)
async def test_an_answer_that_says_nothing_is_unclear(answer: httpx.Response) -> None:
    """D12."""
    transport = httpx.MockTransport(lambda request: answer)
    async with httpx.AsyncClient(transport=transport, base_url="https://x.test") as client:
        result = await WechatSubscribe(client, {"wx-1": FakeTokens()}).send(NOTICE)

    assert isinstance(result, Unclear)


def test_a_channel_that_declares_no_contract_stops_the_start() -> None:
    class Silent:
        name = "silent"

    with pytest.raises(ContractMissing):
        Channels([Silent()])  # type: ignore[list-item]  # that it is no Channel is the point


def test_a_channel_is_found_by_its_name() -> None:
    channel = FakeChannel()

    assert Channels([channel]).find("wechat_subscribe") is channel
    assert Channels().find("wechat_subscribe") is None
    assert WechatSubscribe.contract is Contract.AT_MOST_ONCE
