"""Offline codes: their places on a status list, and what fits into them. 离线码"""

import asyncio

import pytest

from core.models import AuditEntry
from core.sealing import Vault
from identity.callers import Caller
from licences.models import Licence, StatusEntry
from licences.offline_codes import OfflineTooMuch, make_offline_code
from tests.given import AT
from tests.licences import make, offline

pytestmark = pytest.mark.usefixtures("db")

ISSUER = offline.issuer()


@pytest.fixture
async def caller(vault: Vault) -> Caller:
    return await make.caller(vault)


@pytest.fixture
async def licence(vault: Vault, caller: Caller) -> Licence:
    return await make.licence(vault, caller.required_party())


async def test_of_many_at_once_all_have_one_place(
    licence: Licence, caller: Caller, vault: Vault
) -> None:
    given = {"consented": ["name"], "issuer": ISSUER, "vault": vault, "at": AT}
    asked = [make_offline_code(licence.id, caller=caller, **given) for _ in range(6)]

    await asyncio.gather(*asked)

    assert await StatusEntry.filter(licence_id=licence.id).count() == 1


async def test_one_that_is_too_long_leaves_nothing_behind(
    licence: Licence, caller: Caller, vault: Vault
) -> None:
    values = {"name": "王桂兰", "benefit_class": "公交免费" * 40}
    long = await make.licence(vault, licence.holder_id, values=values)

    with pytest.raises(OfflineTooMuch):
        await make_offline_code(
            long.id,
            consented=["name", "benefit_class"],
            caller=caller,
            issuer=ISSUER,
            vault=vault,
            at=AT,
        )

    assert not await StatusEntry.all().exists()
    assert not await AuditEntry.filter(action="licences.present_offline").exists()
