"""Addresses and methods that are not there, and what an error holds besides its code."""

import httpx
import pytest

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import MCHID
from tests.sandbox.peers import PAY, Merchant
from tests.sandbox.test_wechat import API
from tests.sandbox.test_wechat_pay import BY_NUMBER, JSAPI, order_of


@pytest.mark.parametrize(
    ("method", "path", "errcode"),
    [
        ("GET", "/cgi-bin/invented", 40066),
        ("GET", "/cgi-bin/message/subscribe/send", 43002),
        ("POST", "/sns/jscode2session", 43001),
    ],
)
async def test_wechat_says_so_with_status_200_and_an_errcode(
    http: httpx.AsyncClient, method: str, path: str, errcode: int
) -> None:
    reply = await http.request(method, API + path)

    assert (reply.status_code, reply.json()["errcode"]) == (200, errcode)
    assert "rid: " in reply.json()["errmsg"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v3/invented", 404), ("DELETE", JSAPI, 405)],
)
async def test_wechat_pay_says_so_with_a_code(
    http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    reply = await http.request(method, PAY + path)

    assert (reply.status_code, reply.json()["code"]) == (status, "RESOURCE_NOT_EXISTS")


async def test_any_other_address_is_plainly_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get("/book/invented")).status_code == 404
    assert (await http.get("/invented")).json()["status_code"] == 404


async def test_an_error_names_the_field_and_the_number_within(
    merchant: Merchant, world: World, wang: Person
) -> None:
    order = order_of(world, wang)
    await merchant.call("POST", JSAPI, order)
    wrong = await merchant.call("POST", JSAPI, order | {"amount": {"total": 0}})
    extra = await merchant.call("POST", JSAPI, order | {"invented": 1})
    other = await merchant.call("POST", JSAPI, order | {"description": "别的"})
    absent = await merchant.call("GET", f"{BY_NUMBER}/F20261122NONE?mchid={MCHID}")
    forged = await merchant.call("POST", JSAPI, order, Authorization="none")

    replies = (wrong, extra, other, absent, forged)
    numbers = [reply.headers["request-id"].rpartition("-")[2] for reply in replies]
    assert numbers == ["268435461", "270924358", "268498688", "268512771", "268443699"]
    assert wrong.json()["detail"]["field"] == "/amount/total"
    assert absent.json()["detail"] == {}
