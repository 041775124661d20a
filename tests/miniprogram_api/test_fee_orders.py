import asyncio
from uuid import uuid4

import httpx
import msgspec
import pytest

from app.providers import Parts
from core.clock import now
from core.sealing import Vault
from identity.models import Account, Person
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from payments.gateways import Gateways
from payments.models import FeeOrder, PaymentAttempt
from payments.settlements import settle_order
from tests.fakes.identity import FakeProvider
from tests.fakes.payments import FakeGateway
from tests.payments import make


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def parts(parts: Parts, gateway: FakeGateway) -> Parts:
    return msgspec.structs.replace(parts, gateways=Gateways([gateway]))


@pytest.fixture
async def wang_herself(db: None, vault: Vault) -> Person:
    person = await make.person(vault)
    await Account.create(
        provider="wechat", appid="wx-1", subject="openid-wang", person=person, level=2
    )
    return person


@pytest.fixture
async def wang(
    client: httpx.AsyncClient, issuer: TokenIssuer, wang_herself: Person
) -> httpx.AsyncClient:
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"
    return client


@pytest.fixture
async def order(wang_herself: Person) -> FeeOrder:
    return await make.fee_order(wang_herself.id)


def pay_url(order: FeeOrder) -> str:
    return f"/v1/fee-orders/{order.order_no}/payments/{uuid4()}"


async def test_a_fee_is_listed_shown_and_paid(wang: httpx.AsyncClient, order: FeeOrder) -> None:
    listed = (await wang.get("/v1/fee-orders?status=open")).json()["items"]
    paying = await wang.put(pay_url(order), json={"channel": "wechat"})
    attempt = await PaymentAttempt.get(order_id=order.id)
    early = await wang.get(f"/v1/fee-orders/{order.order_no}/receipt")
    waiting = asyncio.create_task(wang.get(f"/v1/fee-orders/{order.order_no}?wait=20"))
    await asyncio.sleep(0.2)
    await settle_order(make.receipt(attempt), at=now())
    shown = await asyncio.wait_for(waiting, 3)
    receipt = await wang.get(f"/v1/fee-orders/{order.order_no}/receipt")

    assert [line["order_no"] for line in listed] == [order.order_no]
    assert (paying.status_code, paying.json()["status"]) == (200, "ready")
    assert paying.json()["parameters"] == {"package": f"prepay-{attempt.number}-1"}
    assert (early.status_code, early.json()["code"]) == (409, "payments.order_not_paid")
    assert (shown.json()["status"], shown.json()["provider"]) == ("paid", "wechat")
    assert receipt.json()["trade_no"] == "4200001234"


async def test_the_same_request_fifty_times_at_once_has_one_answer(
    wang: httpx.AsyncClient, order: FeeOrder, gateway: FakeGateway
) -> None:
    """B01"""
    gateway.slow = 0.05
    url = pay_url(order)

    replies = await asyncio.gather(*(wang.put(url, json={"channel": "wechat"}) for _ in range(50)))
    other = await wang.put(
        url.replace(order.order_no, (await make.fee_order(order.payer_id)).order_no),
        json={"channel": "wechat"},
    )

    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.text for reply in replies}) == 1
    assert len(gateway.prepared) == 1
    assert (other.status_code, other.json()["code"]) == (409, "payments.client_id_reused")


async def test_a_lost_answer_is_shown_as_not_known_yet(
    wang: httpx.AsyncClient, order: FeeOrder, gateway: FakeGateway
) -> None:
    """B04"""
    gateway.fails = 1
    url = pay_url(order)

    first = (await wang.put(url, json={"channel": "wechat"})).json()
    second = (await wang.put(url, json={"channel": "wechat"})).json()

    assert (first["status"], first["parameters"], first["ask_again_after"]) == ("unknown", None, 2)
    assert (second["status"], second["ask_again_after"]) == ("ready", None)


@pytest.mark.parametrize(
    "body",
    [
        {"channel": "wechat", "amount_fen": 1},
        {"channel": "wechat", "openid": "openid-other"},
        {"channel": "cash"},
        {"channel": 1},
        {},
    ],
)
async def test_what_the_client_has_no_say_in_is_refused(
    wang: httpx.AsyncClient, order: FeeOrder, gateway: FakeGateway, body: dict[str, object]
) -> None:
    """B03"""
    reply = await wang.put(pay_url(order), json=body)

    assert reply.status_code == 400
    assert gateway.prepared == []


async def test_someone_elses_fee_looks_like_none(wang: httpx.AsyncClient, vault: Vault) -> None:
    """B25"""
    theirs = await make.fee_order((await make.person(vault)).id)
    replies = [
        reply
        for base in (f"/v1/fee-orders/{theirs.order_no}", "/v1/fee-orders/F20261122NOBODY")
        for reply in (
            await wang.get(base),
            await wang.get(f"{base}/receipt"),
            await wang.put(f"{base}/payments/{uuid4()}", json={"channel": "wechat"}),
        )
    ]

    problems = [(reply.status_code, {**reply.json(), "trace_id": ""}) for reply in replies]
    assert problems == [problems[0]] * 6
    assert problems[0][0] == 404
    assert problems[0][1]["code"] == "payments.order_not_found"
    assert (await wang.get("/v1/fee-orders")).json()["items"] == []


@pytest.mark.parametrize("order_no", ["F" * 33, "f20261122", "%F3%AC%A5%90", "F1%0A"])
async def test_a_number_that_is_none_of_ours_is_refused_and_breaks_nothing(
    wang: httpx.AsyncClient, order_no: str
) -> None:
    """G01"""
    for path in (f"/v1/fee-orders/{order_no}", f"/v1/fee-orders/{order_no}/receipt"):
        reply = await wang.get(path)
        assert (reply.status_code, reply.json()["code"]) == (400, "web.parameters_invalid")


async def test_nobody_pays_without_being_signed_in(
    client: httpx.AsyncClient, order: FeeOrder
) -> None:
    reply = await client.put(pay_url(order), json={"channel": "wechat"})

    assert reply.status_code == 401
