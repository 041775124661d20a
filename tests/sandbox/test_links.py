"""Codes, schemes and links: what they refuse, and where they lead."""

from typing import Any

import httpx
import pytest

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import APPID, later
from tests.sandbox.test_wechat import (
    API,
    PAID,
    log_in,
    login_code,
    send,
    subscribe,
    token,
)

PNG = b"\x89PNG\r\n\x1a\n"


class TestCode:
    async def test_it_is_an_image_that_leads_to_its_page(
        self, http: httpx.AsyncClient, world: World
    ) -> None:
        asked = {"scene": "no=F2026&k=v~1", "page": "pages/fee-orders/index"}
        reply = await ask(http, world, "/wxa/getwxacodeunlimit", asked)

        assert reply.headers["content-type"] == "image/png"
        assert reply.content.startswith(PNG)
        (kept,) = (await http.get("/book/wechat_links")).json()
        assert kept["expires_at"] is None
        opened = await open_link(http, kept["link"])
        assert opened == {
            "path": "pages/fee-orders/index",
            "query": {"scene": "no%3DF2026%26k%3Dv~1"},
        }

    @pytest.mark.parametrize(
        ("changed", "errcode"),
        [
            ({"scene": ""}, 40169),
            ({"scene": "a" * 33}, 40169),
            ({"scene": "a%20b"}, 40129),
            ({"scene": "缴费"}, 40129),
            ({"page": "pages/none/index"}, 41030),
            ({"page": "/pages/index/index"}, 41030),
            ({"page": "pages/index/index?a=1"}, 41030),
            ({"width": 279}, 40097),
            ({"scene": 5}, 40097),
            ({"env_version": "newest"}, 40097),
            ({"page": "/pages/new/index", "check_path": False}, 41030),
        ],
    )
    async def test_a_refusal_is_json_with_status_200(
        self, http: httpx.AsyncClient, world: World, changed: dict[str, Any], errcode: int
    ) -> None:
        asked = {"scene": "a=1", "page": "pages/index/index"} | changed
        reply = await ask(http, world, "/wxa/getwxacodeunlimit", asked)

        assert (reply.status_code, reply.json()["errcode"]) == (200, errcode)

    async def test_a_page_that_is_not_out_yet_may_be_named_on_purpose(
        self, http: httpx.AsyncClient, world: World
    ) -> None:
        asked = {"scene": "a=1", "page": "pages/new/index", "check_path": False}
        reply = await ask(http, world, "/wxa/getwxacodeunlimit", asked)

        assert reply.content.startswith(PNG)


class TestLinks:
    async def test_a_scheme_and_a_link_lead_there_until_they_expire(
        self, http: httpx.AsyncClient, world: World
    ) -> None:
        place = {"path": "/pages/index/index", "query": "no=F2026&from=sms"}
        life = {"is_expire": True, "expire_type": 1, "expire_interval": 2}
        scheme = await ask(http, world, "/wxa/generatescheme", {"jump_wxa": place} | life)
        url_link = await ask(http, world, "/wxa/generate_urllink", place | life)

        links = [scheme.json()["openlink"], url_link.json()["url_link"]]
        opened = [await open_link(http, link) for link in links]
        later(world, days=2)
        late = [await open_link(http, link) for link in links]

        assert links[0].startswith("weixin://dl/business/?t=")
        assert links[1].startswith("https://wxaurl.cn/")
        expected = {"path": "/pages/index/index", "query": {"no": "F2026", "from": "sms"}}
        assert opened == [expected, expected]
        assert [answer["errMsg"] for answer in late] == ["the link has expired"] * 2

    @pytest.mark.parametrize(
        ("changed", "errcode"),
        [
            ({"path": "pages/none/index"}, 40165),
            ({"query": "a" * 1025}, 40212),
            ({"expire_type": 1, "expire_interval": 31}, 85401),
            ({"expire_type": 0, "expire_time": 1}, 85401),
        ],
    )
    async def test_wrong_ones_are_refused(
        self, http: httpx.AsyncClient, world: World, changed: dict[str, Any], errcode: int
    ) -> None:
        reply = await ask(http, world, "/wxa/generate_urllink", changed)

        assert reply.json()["errcode"] == errcode


class TestQuotas:
    async def test_a_day_has_so_many_calls(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        await subscribe(http, wang, *["paid"])
        await quota(http, "/cgi-bin/message/subscribe/send", per_day=1)

        first, second = [(await send(http, world, wang, PAID))["errcode"] for _ in range(2)]
        later(world, days=1)
        next_day = (await send(http, world, wang, PAID))["errcode"]

        assert (first, second, next_day) == (0, 45009, 43101)

    async def test_a_minute_has_so_many_calls_too(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        await quota(http, "/cgi-bin/message/subscribe/send", per_minute=0)
        await quota(http, "/wxa/getwxacodeunlimit", per_minute=0)

        sent = await send(http, world, wang, PAID)
        code = await ask(http, world, "/wxa/getwxacodeunlimit", {"scene": "a=1"})

        assert (sent["errcode"], code.json()["errcode"]) == (45011, 45009)

    async def test_each_user_has_an_own_allowance_to_log_in(
        self, http: httpx.AsyncClient, world: World, wang: Person, li: Person
    ) -> None:
        await quota(http, "/sns/jscode2session", per_minute=1)

        replies = [await log_in(http, world, await login_code(http, who)) for who in (wang, wang)]
        other = await log_in(http, world, await login_code(http, li))

        assert [reply.get("errcode", 0) for reply in (*replies, other)] == [0, 45011, 0]


class TestPages:
    async def test_a_message_leads_to_a_page_that_is_out(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        await subscribe(http, wang, "paid")
        pages = ["pages/none/index", "pages/fee-orders/index?no=1"]

        errcodes = [(await send(http, world, wang, PAID | {"page": p}))["errcode"] for p in pages]

        assert errcodes == [41030, 0]

    async def test_a_trial_version_may_have_more_pages(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        await subscribe(http, wang, "paid")
        trial = {"page": "pages/none/index", "miniprogram_state": "trial"}

        assert (await send(http, world, wang, PAID | trial))["errcode"] == 0


async def ask(
    http: httpx.AsyncClient, world: World, path: str, asked: dict[str, Any]
) -> httpx.Response:
    access_token = (await token(http, world))["access_token"]
    return await http.post(f"{API}{path}?access_token={access_token}", json=asked)


async def open_link(http: httpx.AsyncClient, link: str) -> dict[str, Any]:
    asked = {"appid": APPID, "link": link}
    return dict((await http.post("/phone/wang-guilan/wechat/open-link", json=asked)).json())


async def quota(http: httpx.AsyncClient, api: str, **most: int) -> None:
    (await http.post("/control/wechat/quota", json={"api": api} | most)).raise_for_status()
