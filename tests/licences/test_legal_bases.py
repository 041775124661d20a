"""A licence taken because a law says so, without asking. 用证依据"""

import pytest

from core.sealing import Vault
from identity.callers import MachineCaller
from licences import uses
from licences.registry import LicenceNotFound
from licences.requests import BeyondPurpose
from licences.uses import BasisNotFound, LawfulUse
from tests.conftest import AT
from tests.licences import make
from tests.licences.test_uses import NUMBER, take

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def window(vault: Vault) -> MachineCaller:
    """A program of the hall; in the city there is one card with the number."""
    caller = await make.caller(vault)
    await make.licence(vault, caller.required_party(), number=NUMBER)
    return await make.machine()


async def test_under_a_legal_basis_a_licence_is_named_by_its_number(
    window: MachineCaller, vault: Vault
) -> None:
    basis = await uses.register_basis(
        organisation_id=window.organisation_id,
        licence_type="elder-card",
        fields=["name"],
        citation="《政务服务电子证照管理办法》第十二条",
        actor="system:test",
        at=AT,
    )
    authority = LawfulUse(basis.id, NUMBER)

    answer = await take(authority, window, vault, "name")

    assert [field.value for field in answer.fields] == ["王桂兰"]
    with pytest.raises(BeyondPurpose):
        await take(authority, window, vault, "name", "number", request_id="request-2")
    with pytest.raises(LicenceNotFound):
        await take(LawfulUse(basis.id, "0"), window, vault, "name", request_id="request-3")
    with pytest.raises(BasisNotFound):
        await take(authority, await make.machine(), vault, "name")
    await uses.end_basis(basis.id, actor="system:test", at=AT)
    with pytest.raises(BasisNotFound):
        await take(authority, window, vault, "name", request_id="request-4")
