import pytest

from core.errors import NotSignedIn
from identity.authentication import authenticate_resident, authenticate_verifier
from identity.models import Verifier, VerifierOrganisation
from identity.refreshing import refresh
from identity.sessions import SignedIn, log_out
from identity.tokens import Audience, TokenIssuer, TokenRefused
from identity.verifiers import (
    VerifierSignInFailed,
    disable_verifier,
    register_organisation,
    register_verifier,
    sign_in_verifier,
)
from tests.conftest import AT
from tests.fakes.identity import NO_CACHE

pytestmark = pytest.mark.usefixtures("db")

PASSWORD = "临溪-公交-1180-ferry"


async def register() -> Verifier:
    organisation = await register_organisation(
        name="临溪公共交通有限公司",
        department="330199-civil-affairs",
        division="330199",
        licence_types=["elder-card"],
        fields=["name"],
        purpose="乘车优待核验",
        actor="system:test",
    )
    return await register_verifier(
        organisation_id=organisation.id, login_name="bus-3", password=PASSWORD, actor="system:test"
    )


@pytest.fixture
async def signed_in(db: None, issuer: TokenIssuer) -> SignedIn:
    await register()
    return await sign_in_verifier("bus-3", PASSWORD, issuer=issuer, at=AT)


async def test_a_verifier_is_told_what_its_organisation_may_see(
    signed_in: SignedIn, issuer: TokenIssuer
) -> None:
    verifier = await authenticate_verifier(
        signed_in.access_token, issuer=issuer, states=NO_CACHE, at=AT
    )

    assert (verifier.organisation_name, verifier.purpose) == (
        "临溪公共交通有限公司",
        "乘车优待核验",
    )
    assert (verifier.licence_types, verifier.fields) == ({"elder-card"}, {"name"})
    with pytest.raises(TokenRefused):
        await authenticate_resident(signed_in.access_token, issuer=issuer, states=NO_CACHE, at=AT)


async def test_refreshing_and_signing_out_are_as_for_residents(
    signed_in: SignedIn, issuer: TokenIssuer
) -> None:
    pair = await refresh(
        signed_in.refresh_token, Audience.VERIFIER, issuer=issuer, states=NO_CACHE, at=AT
    )
    verifier = await authenticate_verifier(pair.access_token, issuer=issuer, states=NO_CACHE, at=AT)

    await log_out(verifier, states=NO_CACHE, at=AT)

    with pytest.raises(NotSignedIn):
        await authenticate_verifier(pair.access_token, issuer=issuer, states=NO_CACHE, at=AT)


@pytest.mark.parametrize("who", ["verifier", "organisation"])
async def test_a_disabled_one_is_out(who: str, signed_in: SignedIn, issuer: TokenIssuer) -> None:
    """A10"""
    if who == "verifier":
        verifier = await Verifier.get()
        await disable_verifier(verifier.id, actor="system:test", at=AT)
    else:
        await VerifierOrganisation.all().update(disabled_at=AT)

    with pytest.raises(NotSignedIn):
        await authenticate_verifier(signed_in.access_token, issuer=issuer, states=NO_CACHE, at=AT)
    with pytest.raises(VerifierSignInFailed):
        await sign_in_verifier("bus-3", PASSWORD, issuer=issuer, at=AT)


@pytest.mark.parametrize(("name", "password"), [("bus-3", "wrong"), ("nobody", PASSWORD)])
async def test_anything_wrong_is_one_refusal(name: str, password: str, issuer: TokenIssuer) -> None:
    await register()

    with pytest.raises(VerifierSignInFailed):
        await sign_in_verifier(name, password, issuer=issuer, at=AT)


async def test_registering_twice_is_once(db: None) -> None:
    first, second = await register(), await register()

    assert first.id == second.id
