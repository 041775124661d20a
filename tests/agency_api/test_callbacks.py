"""The providers' callbacks through the front door, with the real gateways and their real checks."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from app.providers import Parts
from core.clock import now
from core.sealing import Vault
from payments.gateways import Gateways, Provider
from payments.gateways.wechat import WechatGateway
from payments.kinds import OrderStatus
from payments.models import FeeOrder, Notice, NoticeKey, PaymentAttempt
from payments.notices import apply_notices
from tests.fakes.payments import ALIPAY_APP_ID, MCHID, FakeGateway
from tests.payments import make
from tests.payments.gateways import test_alipay as alipay
from tests.payments.gateways import wechat

WECHAT, ALIPAY = f"/callbacks/wechat-pay/{MCHID}", f"/callbacks/alipay/{ALIPAY_APP_ID}"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.fixture
def parts(parts: Parts) -> Parts:
    real = [
        WechatGateway(wechat.api(wechat.answering({})), notify_url=f"https://zb.test{WECHAT}"),
        alipay.gateway(alipay.answering({})),
    ]
    return msgspec.structs.replace(parts, gateways=Gateways(real))


async def paying(vault: Vault, channel: Provider) -> tuple[FeeOrder, PaymentAttempt]:
    merchant = MCHID if channel is Provider.WECHAT else ALIPAY_APP_ID
    payer = await make.caller(vault, provider=str(channel))
    order = await make.fee_order(payer.party_id)
    return order, await make.attempt(order, payer, FakeGateway(channel, merchant))


def wechat_letter(attempt: PaymentAttempt, **changes: Any) -> wechat.Letter:
    """A genuine callback of this moment."""
    content = wechat.TRANSACTION | {"out_trade_no": attempt.number} | changes
    return wechat.letter(content, at=now())


async def send(
    client: httpx.AsyncClient, headers: Mapping[str, str], body: bytes
) -> httpx.Response:
    return await client.post(WECHAT, content=body, headers={**headers, **JSON})


async def test_wechats_word_is_kept_acknowledged_and_applied(
    client: httpx.AsyncClient, vault: Vault
) -> None:
    order, attempt = await paying(vault, Provider.WECHAT)
    headers, body = wechat_letter(attempt)

    replies = [await send(client, headers, body) for _ in range(2)]
    await order.refresh_from_db()
    kept_only = order.status
    await apply_notices(vault=vault, department="platform")

    await order.refresh_from_db()
    assert [(reply.status_code, reply.content) for reply in replies] == [
        (200, b'{"code":"SUCCESS"}')
    ] * 2
    assert kept_only is OrderStatus.OPEN
    assert order.status is OrderStatus.PAID
    assert await Notice.all().count() == 1


async def test_alipays_word_is_kept_acknowledged_and_applied(
    client: httpx.AsyncClient, vault: Vault
) -> None:
    order, attempt = await paying(vault, Provider.ALIPAY)
    body = alipay.notice(out_trade_no=attempt.number, total_amount="80.00")

    reply = await client.post(ALIPAY, content=body, headers=FORM)
    await apply_notices(vault=vault, department="platform")

    await order.refresh_from_db()
    assert (reply.status_code, reply.content) == (200, b"success")
    assert reply.headers["content-type"].startswith("text/plain")
    assert (order.status, order.provider) == (OrderStatus.PAID, Provider.ALIPAY)


async def test_many_at_once_lose_nothing(client: httpx.AsyncClient, vault: Vault) -> None:
    """B08, small, through the front door: each order's callback three times, mixed up."""
    pairs = [await paying(vault, Provider.WECHAT) for _ in range(8)]
    letters = []
    for number, (_, attempt) in enumerate(pairs):
        content = wechat.TRANSACTION | {
            "out_trade_no": attempt.number,
            "transaction_id": f"T-{number}",
        }
        resource = wechat.sealed(msgspec.json.encode(content))
        body = wechat.envelope(resource).replace(b"EV-2026", b"EV-%d-" % number)
        letters.append((wechat.signed(body, at=now()), body))

    replies = await asyncio.gather(*(send(client, *one) for one in letters * 3))
    await asyncio.gather(*(apply_notices(vault=vault, department="platform") for _ in range(3)))

    assert {reply.status_code for reply in replies} == {200}
    for number, (order, _) in enumerate(pairs):
        await order.refresh_from_db()
        assert order.trade_no == f"T-{number}"


@pytest.mark.parametrize("left_out", sorted(wechat.signed(b"")))
async def test_a_header_left_out_is_refused_and_nothing_written(
    client: httpx.AsyncClient, vault: Vault, left_out: str
) -> None:
    """B11"""
    _, attempt = await paying(vault, Provider.WECHAT)
    headers, body = wechat_letter(attempt)

    reply = await send(client, {k: v for k, v in headers.items() if k != left_out}, body)

    assert (reply.status_code, reply.json()["code"]) == (403, "payments.notice_rejected")
    assert await Notice.all().count() + await NoticeKey.all().count() == 0


async def test_all_refusals_look_alike(client: httpx.AsyncClient, vault: Vault) -> None:
    """B11, B12, B14, B15"""
    _, attempt = await paying(vault, Provider.WECHAT)
    headers, body = wechat_letter(attempt)
    probe = {**headers, "wechatpay-signature": "WECHATPAY/SIGNTEST/" + "A" * 300}
    old = wechat.letter(wechat.TRANSACTION, at=now() - timedelta(minutes=10))
    foreign = wechat_letter(attempt, mchid="1900019902")
    replies = [
        await send(client, {}, body),
        await send(client, probe, body),
        await send(client, headers, body + b" "),
        await send(client, *old),
        await send(client, *foreign),
        await send(client, headers, b""),
        await client.post(
            "/callbacks/wechat-pay/1900000000", content=body, headers={**headers, **JSON}
        ),
        await client.post(ALIPAY, content=b"\xff\xfe", headers=FORM),
        await client.post(ALIPAY, content=alipay.notice(alipay.APP_KEY), headers=FORM),
    ]

    problems = [{**reply.json(), "trace_id": ""} for reply in replies]
    assert {reply.status_code for reply in replies} == {403}
    assert problems == [problems[0]] * len(problems)
    assert await NoticeKey.all().count() == 0


async def test_a_callback_past_its_size_is_refused_unread(client: httpx.AsyncClient) -> None:
    """B15: five megabytes."""
    reply = await send(client, {}, b"x" * 5_000_000)

    assert reply.status_code == 413
