"""A program that may both check codes and take licences: neither opens the other's answers."""

import pytest

from core.sealing import Vault
from licences import uses, verifications
from licences.presentations import present_licence
from licences.uses import LawfulUse
from licences.verifications import RequestReused, VerificationNotFound
from tests.conftest import AT
from tests.licences import make
from tests.licences.make import SIGNER
from tests.licences.test_uses import NUMBER, take

pytestmark = pytest.mark.usefixtures("db")


async def test_what_was_taken_for_a_matter_is_not_read_as_a_check(vault: Vault) -> None:
    caller, program = await make.caller(vault), await make.machine()
    licence = await make.licence(vault, caller.required_party(), number=NUMBER)
    basis = await uses.register_basis(
        organisation_id=program.organisation_id,
        licence_type="elder-card",
        fields=["name"],
        citation="《政务服务电子证照管理办法》第十二条",
        actor="system:test",
        at=AT,
    )
    authority = LawfulUse(basis.id, NUMBER)
    code = await present_licence(
        licence.id, consented=["name"], caller=caller, signer=SIGNER, at=AT
    )

    async def verify(request_id: str) -> object:
        return await verifications.verify_presentation(
            code.code, request_id=request_id, verifier=program, signer=SIGNER, vault=vault, at=AT
        )

    await take(authority, program, vault, "name", request_id="request-1")
    with pytest.raises(VerificationNotFound):
        await verifications.read_again("request-1", verifier=program, vault=vault, at=AT)
    with pytest.raises(RequestReused):
        await verify("request-1")
    await verify("request-2")
    with pytest.raises(RequestReused):
        await take(authority, program, vault, "name", request_id="request-2")
