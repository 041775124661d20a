import asyncio

import pytest
from tortoise.transactions import in_transaction

from core.sealing import Vault
from proactive.disbursing import may_pay
from proactive.gates import is_open
from proactive.models import Policy
from proactive.publishing import halt_policy, resume_policy
from tests.given import AT
from tests.proactive import make

pytestmark = pytest.mark.usefixtures("city")


async def test_a_halt_is_not_kept_waiting_by_those_who_come_after_it(vault: Vault) -> None:
    """E03: there is somebody at work at every moment, and yet its turn comes."""
    await make.matched(vault)
    policy_id = (await Policy.get()).id

    async def work(begin: float) -> None:
        await asyncio.sleep(begin)
        for _ in range(40):
            async with in_transaction():
                if not await is_open(policy_id):
                    return
                await asyncio.sleep(0.2)

    workers = [asyncio.create_task(work(place * 0.04)) for place in range(6)]
    await asyncio.sleep(0.4)

    async with asyncio.timeout(3):
        await halt_policy("sh-elder", operator=make.operator("publisher"), at=AT)
        await asyncio.gather(*workers)


async def test_whoever_asks_while_a_policy_is_resumed_sees_it_resumed(vault: Vault) -> None:
    """Else it would be held by a halt that is over, with nobody left to look at it again."""
    await make.matched(vault)
    publisher = make.operator("publisher")
    await halt_policy("sh-elder", operator=publisher, at=AT)
    policy_id = (await Policy.get()).id

    resumed = asyncio.Event()

    async def ask() -> bool:
        await resumed.wait()
        async with in_transaction():
            return await is_open(policy_id)

    asking = asyncio.create_task(ask())
    async with in_transaction():
        await resume_policy("sh-elder", operator=publisher, at=AT)
        resumed.set()
        await asyncio.sleep(0.2)

    assert await asking


async def test_money_that_was_asked_for_does_not_go_out_while_a_policy_is_halted(
    vault: Vault,
) -> None:
    """E03"""
    resident = await make.person(vault)
    await make.matched(vault)
    reference = f"entitlement:{(await make.entitlement_of(resident.id)).id}"
    publisher = make.operator("publisher")

    answers = [await may_pay(reference)]
    await halt_policy("sh-elder", operator=publisher, at=AT)
    answers.append(await may_pay(reference))
    await resume_policy("sh-elder", operator=publisher, at=AT)
    answers.append(await may_pay(reference))

    assert answers == [True, False, True]
