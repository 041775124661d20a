import asyncio
from datetime import date, datetime, timedelta

import pytest
from tortoise import connections

from core.sealing import Vault
from identity.models import Person
from licences.expiry import warn_of_expiry
from licences.models import ExpiryWarning, Licence, LicenceStatus
from tests.conftest import AT
from tests.licences import make

pytestmark = pytest.mark.usefixtures("db")


async def ending_in(vault: Vault, days: int) -> Licence:
    until = AT.date() + timedelta(days=days)
    return await make.licence(vault, (await make.person(vault)).id, valid_until=until)


async def warned(licence: Licence, *, at: datetime) -> list[int]:
    await warn_of_expiry(at=at)
    rows = await ExpiryWarning.filter(licence_id=licence.id).order_by("warned_at")
    return [row.days for row in rows]


async def asked_for() -> int:
    rows = await connections.get("default").execute_query_dict(
        "SELECT count(*) AS asked FROM procrastinate_jobs WHERE task_name = 'licences.expires_soon'"
    )
    return int(rows[0]["asked"])


async def test_a_holder_is_told_ninety_thirty_and_seven_days_before_once_each(
    vault: Vault,
) -> None:
    licence = await ending_in(vault, 91)

    told = [await warned(licence, at=AT + timedelta(days=day)) for day in range(0, 93)]

    assert told[0] == []
    assert (told[1], told[60], told[61]) == ([90], [90], [90, 30])
    assert (told[83], told[84], told[92]) == ([90, 30], [90, 30, 7], [90, 30, 7])
    assert await asked_for() == 3


async def test_who_was_not_told_in_time_is_told_of_the_next_step_only(vault: Vault) -> None:
    assert await warned(await ending_in(vault, 20), at=AT) == [30]
    assert await warned(await ending_in(vault, 0), at=AT) == [7]


async def test_many_workers_at_once_tell_once(vault: Vault) -> None:
    await ending_in(vault, 30)

    await asyncio.gather(*(warn_of_expiry(at=AT) for _ in range(6)))

    assert await asked_for() == 1


async def test_nobody_is_told_of_what_ended_is_suspended_or_has_no_end(vault: Vault) -> None:
    over, suspended = await ending_in(vault, -1), await ending_in(vault, 5)
    await Licence.filter(id=suspended.id).update(status=LicenceStatus.SUSPENDED)
    endless = await make.licence(vault, (await make.person(vault)).id)
    dead = await ending_in(vault, 5)
    await Person.filter(id=dead.holder_id).update(alive=False)

    told = [await warned(licence, at=AT) for licence in (over, suspended, endless, dead)]

    assert told == [[], [], [], []]


async def test_a_renewed_licence_is_told_of_again_in_its_time(vault: Vault) -> None:
    licence = await ending_in(vault, 7)
    await warned(licence, at=AT)
    await Licence.filter(id=licence.id).update(valid_until=date(2036, 11, 29))

    later = datetime.combine(date(2036, 11, 22), AT.timetz())

    assert await warned(licence, at=later) == [7, 7]
