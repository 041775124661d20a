"""Two SMS suppliers of different shapes, written from docs/zh/sms-gateway.md."""

import hmac
import json
from hashlib import md5, sha256
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from sandbox.clock import CHINA
from sandbox.courier import Courier
from sandbox.world import World
from tests.sandbox.conftest import later
from tests.sandbox.peers import Machine
from tests.sandbox.test_courier import courier, listening

WANG, TEXT = "13900000001", "【临溪政务】您的验证码是 482913，5 分钟内有效。"
PUSH_URL = "https://city.test/callbacks/sms/supplier"


@pytest.fixture
def supplier(http: httpx.AsyncClient, console: dict[str, Any]) -> Machine:
    return Machine(http, console["sms"]["sms_json"], "/sms/json")


@pytest.fixture
def account(console: dict[str, Any]) -> dict[str, str]:
    return dict(console["sms"]["sms_form"])


async def send_json(supplier: Machine, request_id: str = "S1", **changed: Any) -> httpx.Response:
    content = {"request_id": request_id, "phone": WANG, "text": TEXT} | changed
    return await supplier.call("POST", "/v1/messages", content)


async def send_form(
    http: httpx.AsyncClient, given: dict[str, str], world: World, **changed: str
) -> str:
    timestamp = world.clock.now().astimezone(CHINA).strftime("%Y%m%d%H%M%S")
    text = given["app_key"] + given["secret"] + timestamp
    form = {
        "account": given["app_key"],
        "timestamp": timestamp,
        "sign": md5(text.encode(), usedforsecurity=False).hexdigest(),
        "mobile": WANG,
        "content": TEXT,
    }
    return (await http.post("/sms/form/send.do", data=form | changed)).text


async def inbox(http: httpx.AsyncClient) -> list[str]:
    return [row["text"] for row in (await http.get("/phone/wang-guilan/sms")).json()]


class TestJson:
    async def test_a_repeat_is_sent_once_and_can_be_asked_about(
        self, supplier: Machine, world: World
    ) -> None:
        sent = [(await send_json(supplier)).json() for _ in range(2)]
        other = await send_json(supplier, text=TEXT + "。")
        before = await inbox(supplier.http)
        later(world, seconds=3)
        told = (await supplier.call("GET", "/v1/messages/S1")).json()
        unknown = await supplier.call("GET", "/v1/messages/S2")

        assert sent[0] == sent[1]
        assert (sent[0]["status"], told["status"]) == ("SENT", "DELIVERED")
        assert (other.status_code, other.json()["code"]) == (409, "request_id_reused")
        assert (before, await inbox(supplier.http)) == ([], [TEXT])
        assert unknown.status_code == 404

    @pytest.mark.parametrize(
        ("changed", "status", "code"),
        [
            ({"phone": "1390000000"}, 422, "phone_invalid"),
            ({"text": "没有签名"}, 422, "sign_not_registered"),
            ({"text": "【临溪政务】" + "字" * 500}, 422, "text_too_long"),
            ({"extension": "12345"}, 422, "extension_invalid"),
            ({"request_id": "S 1"}, 400, "invalid_request"),
        ],
    )
    async def test_what_does_not_fit_is_refused(
        self, supplier: Machine, changed: dict[str, str], status: int, code: str
    ) -> None:
        refused = await send_json(supplier, **changed)

        assert (refused.status_code, refused.json()["code"]) == (status, code)

    async def test_a_number_is_not_flooded(self, supplier: Machine, world: World) -> None:
        statuses = []
        for number in range(7):
            statuses.append((await send_json(supplier, f"S{number}")).status_code)
            statuses.append((await send_json(supplier, f"T{number}")).status_code)
            later(world, seconds=31)

        assert statuses.count(200) + statuses.count(201) == 5
        assert set(statuses[-4:]) == {429}
        assert (await send_json(supplier, "S0")).is_success

    async def test_a_long_text_counts_as_several(self, supplier: Machine) -> None:
        sent = (await send_json(supplier, text="【临溪政务】" + "字" * 70)).json()

        assert sent["parts"] == 2

    async def test_receipts_and_replies_are_pushed_signed_until_acknowledged(
        self, supplier: Machine, world: World
    ) -> None:
        heard: list[httpx.Request] = []
        answers = iter([httpx.Response(200), *[httpx.Response(200, json={"code": "OK"})] * 3])
        post = courier(world, lambda request: heard.append(request) or next(answers))
        await enter(supplier.http, "sms_json")
        await send_json(supplier)
        later(world, seconds=3)
        await post.let_time_work()

        await post.deliver_due()
        later(world, seconds=61)
        await post.deliver_due()
        await answer(supplier.http, "sms_json", "TD")
        await post.deliver_due()

        [first], [again], [reply] = [events(request, supplier) for request in heard]
        assert first == again
        assert (first["type"], first["request_id"], first["status"]) == (
            "receipt",
            "S1",
            "DELIVERED",
        )
        assert (reply["type"], reply["phone"], reply["text"]) == ("reply", WANG, "TD")


class TestForm:
    async def test_sent_twice_it_is_sent_twice(
        self, http: httpx.AsyncClient, account: dict[str, str], world: World
    ) -> None:
        """D01: a channel that knows no repeats; who sends again sends a second time."""
        first = await send_form(http, account, world)
        later(world, seconds=31)
        second = await send_form(http, account, world)
        later(world, seconds=3)

        assert (first[:2], second[:2], first == second) == ("0,", "0,", False)
        assert await inbox(http) == [TEXT, TEXT]

    @pytest.mark.parametrize(
        ("changed", "answer"),
        [
            ({"sign": "0" * 32}, "-1"),
            ({"account": "nobody"}, "-1"),
            ({"timestamp": "20200101000000"}, "-2"),
            ({"timestamp": "now"}, "-2"),
            ({"mobile": "+8613900000001"}, "-3"),
            ({"content": ""}, "-4"),
            ({"content": "没有签名"}, "-5"),
            ({"ext": "x"}, "-6"),
        ],
    )
    async def test_what_does_not_fit_is_a_number_below_zero(
        self,
        http: httpx.AsyncClient,
        account: dict[str, str],
        world: World,
        changed: dict[str, str],
        answer: str,
    ) -> None:
        assert await send_form(http, account, world, **changed) == answer

    async def test_a_number_is_not_flooded(
        self, http: httpx.AsyncClient, account: dict[str, str], world: World
    ) -> None:
        await send_form(http, account, world)

        assert await send_form(http, account, world) == "-7"

    async def test_a_number_that_nobody_has_is_told_as_undelivered(
        self, http: httpx.AsyncClient, account: dict[str, str], world: World
    ) -> None:
        heard: list[httpx.Request] = []
        post = courier(world, listening(heard, httpx.Response(200, text="0")))
        await enter(http, "sms_form")
        sent = await send_form(http, account, world, mobile="13999999999")
        await pushed(post, world)
        await answer(http, "sms_form", "1", extension="12")
        await post.deliver_due()

        report, reply = (dict(parse_qsl(request.content.decode())) for request in heard)
        text = account["app_key"] + account["secret"] + report["timestamp"]
        assert report["sign"] == md5(text.encode(), usedforsecurity=False).hexdigest()
        assert (report["type"], report["taskid"], report["status"]) == (
            "report",
            sent.removeprefix("0,"),
            "UNDELIV",
        )
        assert (reply["type"], reply["mobile"], reply["ext"]) == ("mo", WANG, "12")
        rows = (await http.get("/book/callbacks")).json()
        assert [row["state"] for row in rows] == ["delivered", "delivered"]


async def test_without_an_address_nothing_is_pushed(supplier: Machine, world: World) -> None:
    await send_json(supplier)
    later(world, seconds=3)

    assert await inbox(supplier.http) == [TEXT]
    assert (await supplier.http.get("/book/callbacks")).json() == []
    [row] = (await supplier.http.get("/book/sms_messages")).json()
    assert (row["supplier"], row["state"]) == ("sms_json", "delivered")


async def enter(http: httpx.AsyncClient, supplier: str) -> None:
    asked = {"supplier": supplier, "url": PUSH_URL}
    (await http.post("/control/sms/push-url", json=asked)).raise_for_status()


async def answer(http: httpx.AsyncClient, supplier: str, text: str, extension: str = "") -> None:
    asked = {"supplier": supplier, "text": text, "extension": extension}
    (await http.post("/phone/wang-guilan/sms/replies", json=asked)).raise_for_status()


async def pushed(post: Courier, world: World) -> None:
    later(world, seconds=3)
    await post.let_time_work()
    await post.deliver_due()


def events(request: httpx.Request, supplier: Machine) -> list[dict[str, Any]]:
    """What was pushed, once its signature holds."""
    given, key = request.headers, supplier.key
    lines = ("POST", request.url.path, given["x-timestamp"], given["x-nonce"])
    message = "\n".join(lines).encode() + b"\n" + request.content
    expected = hmac.new(key["secret"].encode(), message, sha256).hexdigest()
    assert (given["x-app-key"], given["x-signature"]) == (key["app_key"], expected)
    return list(json.loads(request.content)["events"])
