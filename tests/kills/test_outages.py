"""The cache gone for long, the database frozen or killed: what people see, and that it comes back.
停机
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import httpx
import pytest

from core.clock import set_offset
from tests.invariants.answers import faults_of
from tests.journeys.policies import confirm, offer, take_money
from tests.journeys.world import Reply, Resident
from tests.kills.bed import Bed
from tests.kills.crowd import FarTown, publish
from tests.simulation.players import Clerk

BACK_SECONDS, DONE_SECONDS = 10.0, 60.0
UNMISTAKABLE_FEN = 8137
OFFICE = {"editor": "shenlan", "approver": "xubo", "publisher": "luming"}
READS = ("/v1/home", "/v1/fee-orders", "/v1/licences", "/v1/entitlements", "/v1/messages", "/v1/me")


class Neighbours(FarTown):
    """Their clients are impatient: every answer is looked at as it comes, and kept."""

    def __init__(self, bed: Bed) -> None:
        super().__init__(bed, Counter(), [])
        self.answers: list[httpx.Response] = []

    def client(self) -> httpx.AsyncClient:
        hooks = {"response": [self._keep]}
        client = httpx.AsyncClient(base_url=self._bed.address, timeout=20, event_hooks=hooks)
        self._clients.append(client)
        return client

    async def _keep(self, answer: httpx.Response) -> None:
        await answer.aread()
        self.answers.append(answer)

    def faults(self) -> list[str]:
        """I12 over all that was answered; a refusal for now says when to come again."""
        found = [fault for answer in self.answers for fault in faults_of(answer)]
        return found + [
            f"G05 {answer.url.path}: 503 without Retry-After"
            for answer in self.answers
            if answer.status_code == 503 and not answer.headers.get("retry-after")
        ]


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    with Bed() as bed:
        set_offset(bed.offset)
        yield bed
    set_offset(timedelta(0))


@pytest.fixture(scope="module")
async def town(bed: Bed) -> AsyncIterator[Neighbours]:
    town = Neighbours(bed)
    yield town
    await town.close()


@pytest.fixture(scope="module")
async def desk(town: Neighbours) -> Clerk:
    return await _at_the_desk(town, "hejun")


@asynccontextmanager
async def _without_cache(bed: Bed) -> AsyncIterator[None]:
    await asyncio.to_thread(bed.valkey.kill)
    try:
        yield
    finally:
        await asyncio.to_thread(bed.valkey.start)


async def _signed_in(town: Neighbours, key: str) -> Resident:
    person = Resident(town, key)
    await person.log_in()
    await person.prove_real_name()
    return person


async def _at_the_desk(town: Neighbours, username: str) -> Clerk:
    clerk = Clerk(town, username, [])
    await clerk.sign_in()
    return clerk


async def _comes_true(asked: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(httpx.TransportError, AssertionError, IndexError, ValueError):
            if await asked():
                return True
        await asyncio.sleep(0.1)
    return False


def _is_paid(person: Resident, order: Reply) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        found = await person.get(f"/v1/fee-orders/{order['order_no']}")
        return bool(found["status"] == "paid")

    return asked


def _stands(person: Resident, code: str, status: str) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return bool((await offer(person, code))["status"] == status)

    return asked


async def test_without_the_cache_people_read_pay_and_are_paid_and_nobody_signs_in(
    bed: Bed, town: Neighbours, desk: Clerk
) -> None:
    """G04, goal 18"""
    wang = await _signed_in(town, "wang-guilan")
    office = {role: await _at_the_desk(town, name) for role, name in OFFICE.items()}
    await publish("no-cache", mode="CONFIRM", budget_fen=100_000, **office)
    assert await _comes_true(_stands(wang, "no-cache", "notified"), DONE_SECONDS)

    async with _without_cache(bed):
        read = await _statuses(wang)
        order = await desk.issue_fee(wang, UNMISTAKABLE_FEN)
        await wang.pay(await wang.prepare_payment(order))
        paid = await _comes_true(_is_paid(wang, order), DONE_SECONDS)
        await confirm(wang, "no-cache")
        coming = await _comes_true(lambda: _takes(wang), DONE_SECONDS)
        got = await _comes_true(_stands(wang, "no-cache", "paid"), DONE_SECONDS)
        refused = await Resident(town, "wang-guilan").refusal(
            "POST",
            "/v1/sessions",
            {"provider": "wechat", "code": await wang.login_code("wechat")},
        )
    back = await _comes_true(lambda: _signs_in(town), BACK_SECONDS)

    assert read == [200] * len(READS)
    assert (paid, coming, got) == (True, True, True)
    assert refused == (503, "web.limiter_unavailable")
    rows = (await town.outside.get("/book/wechat_pay_orders")).json()
    paid_outside = [row["state"] for row in rows if row["amount_fen"] == UNMISTAKABLE_FEN]
    assert paid_outside == ["SUCCESS"]
    assert town.faults() == []
    assert back


@pytest.mark.parametrize("how", ["frozen", "killed"])
async def test_without_the_database_people_are_asked_to_come_again_and_nothing_is_lost(
    how: str, bed: Bed, town: Neighbours, desk: Clerk
) -> None:
    """G05, B26: what is paid meanwhile is told until it is kept."""
    person = await _signed_in(town, {"frozen": "gao-min", "killed": "xu-jing"}[how])
    order = await desk.issue_fee(person)
    sheet = await person.prepare_payment(order)
    await asyncio.to_thread({"frozen": bed.postgres.freeze, "killed": bed.postgres.kill}[how])

    refused = await _statuses(person)
    said = await person.pay(sheet)
    await asyncio.to_thread({"frozen": bed.postgres.thaw, "killed": bed.postgres.start}[how])
    back = await _comes_true(lambda: _reads(person), BACK_SECONDS)
    paid = await _comes_true(_is_paid(person, order), DONE_SECONDS)

    assert refused == [503] * len(READS)
    assert (said, back, paid) == ("requestPayment:ok", True, True)
    assert town.faults() == []


async def _takes(person: Resident) -> bool:
    return await take_money(person, "no-cache 慰问金") == "requestMerchantTransfer:ok"


async def _signs_in(town: Neighbours) -> bool:
    await Resident(town, "wang-guilan").log_in()
    return True


async def _reads(person: Resident) -> bool:
    return await _statuses(person) == [200] * len(READS)


async def _statuses(person: Resident) -> list[int]:
    """What comes of reading everything at once."""
    answers = await asyncio.gather(*(person.http.get(path) for path in READS))
    return [answer.status_code for answer in answers]
