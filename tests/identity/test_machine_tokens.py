import asyncio
from datetime import timedelta
from typing import Any

import jwt
import pytest

from core.errors import NotSignedIn
from identity.device_keys import PublicKeyInvalid
from identity.machine_clients import (
    NetworkInvalid,
    PublicKeyTaken,
    ScopeUnknown,
    TooManyKeys,
    add_machine_key,
    check_networks,
    disable_machine_client,
    register_machine_client,
    revoke_machine_key,
)
from identity.machine_tokens import (
    AddressNotAllowed,
    AssertionRefused,
    MachineSessionEnded,
    QuotaSpent,
    authenticate_machine,
    exchange_assertion,
    used_today,
)
from identity.models import MachineClient, MachineKey
from identity.tokens import TokenIssuer, TokenRefused
from identity.verifiers import end_organisation, register_organisation
from tests.conftest import AT
from tests.fakes.devices import DeviceKey

pytestmark = pytest.mark.usefixtures("db")

HOME, ELSEWHERE = "203.0.113.5", "198.51.100.1"
KEY, STRANGER = DeviceKey(), DeviceKey()


async def register(key: DeviceKey = KEY, *, quota: int = 1000) -> MachineClient:
    organisation = await register_organisation(
        name="临溪公积金中心",
        department="330199-housing-fund",
        division="330199",
        licence_types=["marriage"],
        fields=["name"],
        purpose="提取核验",
        actor="system:test",
    )
    client = await register_machine_client(
        organisation_id=organisation.id,
        name="公积金业务系统",
        scopes=["licences:take", "verifications:write"],
        networks=["203.0.113.0/28"],
        daily_quota=quota,
        actor="system:test",
    )
    await add_machine_key(client.id, key.jwk, actor="system:test", at=AT)
    return client


async def token_of(
    client: MachineClient, issuer: TokenIssuer, key: DeviceKey = KEY, scope: str | None = None
) -> str:
    assertion = key.assertion(client.id, at=AT)
    given = await exchange_assertion(assertion, scope, address=HOME, issuer=issuer, at=AT)
    return given.access_token


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
async def test_a_program_proves_itself_and_has_what_it_asked_for(
    algorithm: str, issuer: TokenIssuer
) -> None:
    key = DeviceKey(algorithm)
    client = await register(key)

    token = await token_of(client, issuer, key, "licences:take")

    caller = await authenticate_machine(token, address=HOME, issuer=issuer, at=AT)
    assert (caller.client_id, caller.scopes) == (client.id, {"licences:take"})
    assert (caller.department, caller.purpose) == ("330199-housing-fund", "提取核验")


FORGED: dict[str, dict[str, Any]] = {
    "for another server": {"aud": "https://elsewhere.test"},
    "for several servers": {"aud": ["https://zb.test"]},
    "for nobody": {"aud": None},
    "of another program": {"sub": "0190c2a9-7d6f-7c3e-8a52-0190c2a97d6f"},
    "over": {"exp": int(AT.timestamp()) - 31, "iat": int(AT.timestamp()) - 90},
    "not yet": {"iat": int(AT.timestamp()) + 60, "exp": int(AT.timestamp()) + 90},
    "for too long": {"exp": int(AT.timestamp()) + 3600},
    "for ever": {"exp": None},
    "without a name of its own": {"jti": None},
    "with a number for a name": {"jti": 7},
}


@pytest.mark.parametrize("claims", FORGED.values(), ids=FORGED)
async def test_an_assertion_that_says_anything_else_is_refused(
    claims: dict[str, Any], issuer: TokenIssuer
) -> None:
    client = await register()

    with pytest.raises(AssertionRefused):
        await exchange_assertion(
            KEY.assertion(client.id, at=AT, **claims), None, address=HOME, issuer=issuer, at=AT
        )


async def test_only_a_registered_key_and_its_own_algorithm_count(issuer: TokenIssuer) -> None:
    """A06 for programs: alg none, HS256 with the public key, another key, a key in the header."""
    client = await register()
    said = jwt.decode(KEY.assertion(client.id, at=AT), options={"verify_signature": False})
    kid = {"kid": KEY.thumbprint}
    forged = [
        STRANGER.sign(said, kid),
        STRANGER.sign(said, {"kid": STRANGER.thumbprint}),
        KEY.sign(said, kid | {"jwk": KEY.jwk}),
        KEY.sign(said, kid | {"crit": ["b64"], "b64": True}),
        jwt.encode(said, "", algorithm="none", headers=kid),
        jwt.encode(said, KEY.thumbprint * 2, algorithm="HS256", headers=kid),
        "x" * 5000,
        "a.b.c",
    ]

    for assertion in forged:
        with pytest.raises(AssertionRefused):
            await exchange_assertion(assertion, None, address=HOME, issuer=issuer, at=AT)


async def test_a_key_under_an_impossible_name_is_refused(issuer: TokenIssuer) -> None:
    header = jwt.utils.base64url_encode(b'{"alg":"ES256","kid":"a\\u0000b"}').decode()

    with pytest.raises(AssertionRefused):
        await exchange_assertion(f"{header}.e30.AA", None, address=HOME, issuer=issuer, at=AT)


async def test_an_assertion_counts_once_even_for_many_at_once(issuer: TokenIssuer) -> None:
    client = await register()
    assertion = KEY.assertion(client.id, at=AT)

    answers = await asyncio.gather(
        *(
            exchange_assertion(assertion, None, address=HOME, issuer=issuer, at=AT)
            for _ in range(5)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, AssertionRefused) for answer in answers) == 4


async def test_a_program_gets_no_scope_that_it_was_not_given(issuer: TokenIssuer) -> None:
    client = await register()
    assertion = KEY.assertion(client.id, at=AT)

    with pytest.raises(ScopeUnknown):
        await exchange_assertion(assertion, "money:send", address=HOME, issuer=issuer, at=AT)


async def test_neither_assertion_nor_token_is_worth_anything_from_elsewhere(
    issuer: TokenIssuer,
) -> None:
    client = await register()
    token = await token_of(client, issuer)

    with pytest.raises(AddressNotAllowed):
        await authenticate_machine(token, address=ELSEWHERE, issuer=issuer, at=AT)
    with pytest.raises(AssertionRefused):
        await exchange_assertion(
            KEY.assertion(client.id, at=AT), None, address=ELSEWHERE, issuer=issuer, at=AT
        )


async def test_a_token_ends_after_ten_minutes(issuer: TokenIssuer) -> None:
    token = await token_of(await register(), issuer)

    later = AT + timedelta(minutes=11)
    with pytest.raises(TokenRefused):
        await authenticate_machine(token, address=HOME, issuer=issuer, at=later)


@pytest.mark.parametrize("end", ["key", "client", "organisation"])
async def test_what_was_ended_is_out_at_once(end: str, issuer: TokenIssuer) -> None:
    """A10"""
    client = await register()
    token = await token_of(client, issuer)
    if end == "key":
        key = await MachineKey.get(client_id=client.id)
        await revoke_machine_key(client.id, key.id, actor="system:test", at=AT)
    elif end == "client":
        await disable_machine_client(client.id, actor="system:test", at=AT)
    else:
        await end_organisation(client.organisation_id, actor="system:test", at=AT)

    with pytest.raises(MachineSessionEnded):
        await authenticate_machine(token, address=HOME, issuer=issuer, at=AT)
    with pytest.raises(NotSignedIn):
        await token_of(client, issuer)


async def test_two_keys_hold_while_one_is_changed_for_another(issuer: TokenIssuer) -> None:
    """A11 for programs"""
    client, new = await register(), DeviceKey("EdDSA")
    await add_machine_key(client.id, new.jwk, actor="system:test", at=AT)

    both = [await token_of(client, issuer, key) for key in (KEY, new)]

    assert len(both) == 2
    with pytest.raises(TooManyKeys):
        await add_machine_key(client.id, DeviceKey().jwk, actor="system:test", at=AT)


async def test_of_many_keys_at_once_no_third_is_taken() -> None:
    client = await register()
    keys = [DeviceKey("EdDSA") for _ in range(4)]

    answers = await asyncio.gather(
        *(add_machine_key(client.id, key.jwk, actor="system:test", at=AT) for key in keys),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, TooManyKeys) for answer in answers) == 3


async def test_a_key_that_others_saw_or_have_is_refused() -> None:
    client = await register()

    with pytest.raises(PublicKeyTaken):
        await add_machine_key(client.id, KEY.jwk, actor="system:test", at=AT)
    for jwk in ({**STRANGER.jwk, "d": "x" * 43}, {**KEY.jwk, "x": "A" * 43}, {"kty": "RSA"}, {}):
        with pytest.raises(PublicKeyInvalid):
            await add_machine_key(client.id, jwk, actor="system:test", at=AT)


async def test_the_quota_of_a_day_is_exact_for_many_at_once(issuer: TokenIssuer) -> None:
    client = await register(quota=5)
    token = await token_of(client, issuer)

    answers = await asyncio.gather(
        *(authenticate_machine(token, address=HOME, issuer=issuer, at=AT) for _ in range(8)),
        return_exceptions=True,
    )

    spent = [answer for answer in answers if isinstance(answer, QuotaSpent)]
    assert (len(spent), await used_today(client.id, at=AT)) == (3, 5)
    assert spent[0].retry_after == 14 * 3600  # it is ten in the morning in China


@pytest.mark.parametrize("networks", [[], ["0.0.0.0/0"], ["::/0"], ["10.0.0.1/8"], ["here"]])
def test_addresses_are_named_and_not_everybodys(networks: list[str]) -> None:
    with pytest.raises(NetworkInvalid):
        check_networks(networks)
