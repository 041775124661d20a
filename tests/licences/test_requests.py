"""The verifier asks first. 核验方先请求"""

from datetime import timedelta
from uuid import UUID

import pytest

from core.sealing import Vault
from core.signing import Signer
from identity.callers import Caller, VerifierCaller
from licences import request_answers, requests
from licences.codes import CodeNotGenuine
from licences.licence_fields import UnknownField
from licences.models import VerificationRequest
from licences.presentations import PURPOSE, present_licence
from licences.requests import (
    AskedLicence,
    BeyondPurpose,
    RequestExpired,
    RequestNotFound,
    forget_requests,
)
from licences.verifications import RequestReused, verify_presentation
from licences.wanted import LicenceTwice
from tests.conftest import AT
from tests.licences import make
from tests.licences.asking import ASKED, agree, ask
from tests.licences.make import SIGNER

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def wang(vault: Vault) -> Caller:
    return await make.caller(vault)


@pytest.fixture
async def driving(vault: Vault, wang: Caller) -> UUID:
    return (await make.driving_licence(vault, wang.required_party(), high_stakes=True)).id


@pytest.fixture
async def notary(driving: UUID) -> VerifierCaller:
    return await make.registered(make.police(organisation_name="临溪公证处", purpose="公证核验"))


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (AskedLicence("marriage", ["name"]), {"licence_type": "marriage"}),
        (
            AskedLicence("driving", ["name", "number"]),
            {"licence_type": "driving", "field": "number"},
        ),
    ],
)
async def test_asking_beyond_the_registered_purpose_is_refused_by_name(
    notary: VerifierCaller, asked: AskedLicence, named: dict[str, str]
) -> None:
    with pytest.raises(BeyondPurpose) as refused:
        await ask(notary, asked)

    assert refused.value.details() == named
    assert not await VerificationRequest.exists()


async def test_a_request_names_fields_that_there_are_and_each_kind_once(
    notary: VerifierCaller,
) -> None:
    with pytest.raises(UnknownField):
        await ask(notary, AskedLicence("driving", ["benefit_class"]))
    with pytest.raises(LicenceTwice):
        await ask(notary, ASKED, ASKED)


async def test_the_same_request_gets_the_same_code_and_another_one_none(
    notary: VerifierCaller,
) -> None:
    first = await ask(notary)

    again = await ask(notary)

    assert again == first
    with pytest.raises(RequestReused):
        await ask(notary, AskedLicence("driving", ["name"]))


async def test_codes_of_requests_and_of_licences_are_not_taken_for_each_other(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    """C03, and of another environment's key too."""
    await make.driving_type(high_stakes=False)
    asked = await ask(notary)
    shown = await present_licence(driving, consented=["name"], caller=wang, signer=SIGNER, at=AT)
    foreign = Signer([b"another environment"], purpose=PURPOSE)
    forged = foreign.sign(b"R" + driving.bytes)

    for code in (shown.code, shown.fallback_no, forged, asked.code[:-1], "", "中文"):
        with pytest.raises(CodeNotGenuine):
            await request_answers.view_request(code, caller=wang, signer=SIGNER, at=AT)
    with pytest.raises(CodeNotGenuine):
        await verify_presentation(
            asked.code, request_id="request-2", verifier=notary, signer=SIGNER, vault=vault, at=AT
        )


async def test_a_request_taken_back_is_answered_no_more(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    code = await ask(notary)

    await requests.cancel_request("request-1", verifier=notary, at=AT)

    with pytest.raises(RequestExpired):
        await agree(code, wang, driving, vault, organisation_id=notary.organisation_id)
    with pytest.raises(RequestNotFound):
        await requests.cancel_request("request-1", verifier=make.police(), at=AT)


async def test_requests_that_nobody_answered_are_forgotten_after_a_day(
    wang: Caller, driving: UUID, notary: VerifierCaller, vault: Vault
) -> None:
    code = await ask(notary)
    await ask(notary, request_id="request-2")
    await agree(code, wang, driving, vault, organisation_id=notary.organisation_id)

    await forget_requests(at=AT + timedelta(days=2))

    assert await VerificationRequest.all().values_list("request_id", flat=True) == ["request-1"]
