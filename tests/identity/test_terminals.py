import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.ids import new_id
from identity.authentication import SessionEnded, authenticate_verifier
from identity.device_proofs import Proof, ProofRefused
from identity.models import Verifier, VerifierOrganisation
from identity.sessions import SignedIn
from identity.terminals import (
    TerminalCodeRefused,
    TerminalNotFound,
    check_refresh,
    enrol_terminal,
    identify,
    open_terminal,
    revoke_terminal,
)
from identity.tokens import TokenIssuer
from identity.verifiers import (
    TerminalRequired,
    VerifierSignInFailed,
    register_organisation,
    register_verifier,
    sign_in_verifier,
)
from tests.conftest import AT
from tests.fakes.devices import DeviceKey
from tests.fakes.identity import ISSUER, NO_CACHE

pytestmark = pytest.mark.usefixtures("db")

PASSWORD, KEY, COPY = "临溪-公交-1180-ferry", DeviceKey(), DeviceKey()
PATH, SIGN_IN, ENROL = "/agency/v1/verifications", "/agency/v1/sessions", "/agency/v1/terminals"


def proof(path: str, key: DeviceKey = KEY, method: str = "POST", **claims: Any) -> Proof:
    at = claims.pop("at", AT)
    return Proof(key.proof(method, path, at=at, **claims), "POST", ISSUER + path)


async def organise(name: str = "临溪车站", *, terminals_only: bool = False) -> VerifierOrganisation:
    organisation = await register_organisation(
        name=name,
        department="330199-transport",
        division="330199",
        licence_types=["id-card"],
        fields=["name"],
        purpose="进站核验",
        terminals_only=terminals_only,
        actor="system:test",
    )
    await register_verifier(
        organisation_id=organisation.id, login_name=name, password=PASSWORD, actor="system:test"
    )
    return organisation


async def sign_in_at_terminal(issuer: TokenIssuer, name: str = "临溪车站") -> SignedIn:
    organisation = await organise(name)
    _, code = await open_terminal(organisation.id, "3 号闸机", actor="system:test", at=AT)
    await enrol_terminal(code, proof(ENROL), at=AT)
    terminal = await identify(proof(SIGN_IN), at=AT)
    return await sign_in_verifier(name, PASSWORD, terminal=terminal, issuer=issuer, at=AT)


async def test_a_session_of_a_terminal_works_there(issuer: TokenIssuer) -> None:
    token = (await sign_in_at_terminal(issuer)).access_token

    caller = await authenticate_verifier(
        token, issuer=issuer, states=NO_CACHE, at=AT, proof=proof(PATH, token=token)
    )

    assert caller.terminal_id is not None


async def test_a_copied_token_is_worth_nothing_elsewhere(issuer: TokenIssuer) -> None:
    signed_in = await sign_in_at_terminal(issuer)
    token = signed_in.access_token
    wrong = {
        "none": None,
        "another key": proof(PATH, COPY, token=token),
        "another path": Proof(
            KEY.proof("POST", SIGN_IN, at=AT, token=token), "POST", ISSUER + PATH
        ),
        "another method": proof(PATH, method="GET", token=token),
        "another token": proof(PATH, token="x"),
        "no token": proof(PATH),
        "an old one": proof(PATH, token=token, at=AT - timedelta(minutes=2)),
        "one for later": proof(PATH, token=token, at=AT + timedelta(minutes=2)),
        "no name": proof(PATH, token=token, jti=None),
        "nonsense": Proof("a.b.c", "POST", ISSUER + PATH),
    }

    for shown in wrong.values():
        with pytest.raises(ProofRefused):
            await authenticate_verifier(token, issuer=issuer, states=NO_CACHE, at=AT, proof=shown)
    for shown in (None, proof("/agency/v1/sessions/refresh", COPY)):
        with pytest.raises(ProofRefused):
            await check_refresh(signed_in.refresh_token, shown, at=AT)


async def test_a_proof_counts_once_even_for_many_at_once(issuer: TokenIssuer) -> None:
    token = (await sign_in_at_terminal(issuer)).access_token
    shown = proof(PATH, token=token)

    answers = await asyncio.gather(
        *(
            authenticate_verifier(token, issuer=issuer, states=NO_CACHE, at=AT, proof=shown)
            for _ in range(5)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, ProofRefused) for answer in answers) == 4


async def test_a_code_enrols_one_device_even_for_two_at_once() -> None:
    organisation = await organise()
    terminal, code = await open_terminal(organisation.id, "1 号", actor="system:test", at=AT)

    answers = await asyncio.gather(
        *(enrol_terminal(code, proof(ENROL, key), at=AT) for key in (KEY, COPY)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, TerminalCodeRefused) for answer in answers) == 1
    late, code = await open_terminal(organisation.id, "2 号", actor="system:test", at=AT)
    day_after = AT + timedelta(hours=25)
    with pytest.raises(TerminalCodeRefused):
        await enrol_terminal(code, proof(ENROL, DeviceKey(), at=day_after), at=day_after)
    assert late.id != terminal.id


async def test_a_revoked_terminal_is_out_with_its_sessions(issuer: TokenIssuer) -> None:
    """A10"""
    signed_in = await sign_in_at_terminal(issuer)
    token = signed_in.access_token
    organisation = await VerifierOrganisation.get()
    terminal = await identify(proof(SIGN_IN), at=AT)
    with pytest.raises(TerminalNotFound):
        await revoke_terminal(terminal.id, organisation_id=new_id(), actor="system:test", at=AT)

    ended = await revoke_terminal(
        terminal.id, organisation_id=organisation.id, actor="system:test", at=AT
    )

    assert ended == [signed_in.session_id]
    with pytest.raises(SessionEnded):
        await authenticate_verifier(
            token, issuer=issuer, states=NO_CACHE, at=AT, proof=proof(PATH, token=token)
        )
    with pytest.raises(ProofRefused):
        await identify(proof(SIGN_IN), at=AT)


async def test_a_terminal_serves_its_own_organisation_only(issuer: TokenIssuer) -> None:
    await sign_in_at_terminal(issuer)
    await organise("临溪剧院", terminals_only=True)
    terminal = await identify(proof(SIGN_IN), at=AT)

    with pytest.raises(VerifierSignInFailed):
        await sign_in_verifier("临溪剧院", PASSWORD, terminal=terminal, issuer=issuer, at=AT)
    with pytest.raises(TerminalRequired):
        await sign_in_verifier("临溪剧院", PASSWORD, issuer=issuer, at=AT)
    assert await Verifier.filter(login_name="临溪剧院").count() == 1
