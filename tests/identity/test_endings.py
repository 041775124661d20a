"""Sessions end with what they rest on, also with what was begun at the same moment."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from core.sealing import Vault
from identity.accounts import disable_account, enable_account
from identity.acting import act_for
from identity.authentication import SessionEnded, authenticate_resident
from identity.callers import Caller
from identity.devices import list_devices
from identity.entities import register_entity
from identity.kinds import EntityStatus
from identity.models import Account, LegalEntity, Session
from identity.providers import RegisteredEntity
from identity.real_names import verify_real_name
from identity.sessions import SignedIn, end_session, log_in, log_out
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import (
    NO_CACHE,
    FakeBusinessRegister,
    FakePopulationRegister,
    FakeProvider,
    caller_of,
    real_name_account,
)

pytestmark = pytest.mark.usefixtures("db")

WANG, USCC = "330100195103089023", "91110000600037341L"
ROUNDS = 10


@pytest.fixture
async def caller(db: None, issuer: TokenIssuer, vault: Vault) -> Caller:
    await real_name_account(name="王桂兰", id_number=WANG, vault=vault)
    return await sign_in(issuer)


@pytest.fixture
async def entity(caller: Caller, vault: Vault) -> LegalEntity:
    return await register_entity(
        uscc=USCC,
        name="某公司",
        division="330199",
        legal_representative_id=caller.person_id,
        vault=vault,
    )


async def sign_in(issuer: TokenIssuer, code: str = "openid-wang") -> Caller:
    signed_in = await log_in(code, provider=FakeProvider(), issuer=issuer, at=AT)
    return await caller_of(signed_in, at=AT)


async def switch(caller: Caller, vault: Vault, issuer: TokenIssuer) -> SignedIn:
    return await act_for(
        caller,
        UUID(str(caller.person_id)),
        register=FakeBusinessRegister(),
        vault=vault,
        issuer=issuer,
        at=AT,
    )


class TestActingOfAnEndedLogin:
    """A10: for seconds an ended session still asks, because its state is a copy."""

    @pytest.mark.parametrize("how", ["logout", "disabled"])
    async def test_begins_no_session(
        self, how: str, caller: Caller, vault: Vault, issuer: TokenIssuer
    ) -> None:
        if how == "logout":
            await log_out(caller, states=NO_CACHE, at=AT)
        else:
            await disable_account(caller.account_id, actor="operator:x", reason="lost", at=AT)

        with pytest.raises(SessionEnded):
            await switch(caller, vault, issuer)

        assert await Session.filter(ended_at=None).count() == 0

    async def test_begins_no_session_when_it_ended_while_the_register_was_asked(
        self, caller: Caller, entity: LegalEntity, vault: Vault, issuer: TokenIssuer
    ) -> None:
        class SlowRegister(FakeBusinessRegister):
            async def find_entity(self, uscc: str) -> RegisteredEntity | None:
                await log_out(caller, states=NO_CACHE, at=AT)
                return await super().find_entity(uscc)

        register = SlowRegister()
        register.register(entity, id_number=WANG)

        with pytest.raises(SessionEnded):
            await act_for(caller, entity.id, register=register, vault=vault, issuer=issuer, at=AT)

    async def test_leaves_none_behind_when_both_come_at_once(
        self, caller: Caller, vault: Vault, issuer: TokenIssuer
    ) -> None:
        for number in range(ROUNDS):
            caller = await sign_in(issuer, f"openid-wang#{number}")

            await asyncio.gather(
                *(switch(caller, vault, issuer) for _ in range(4)),
                log_out(caller, states=NO_CACHE, at=AT),
                return_exceptions=True,
            )

            login = (await Session.get(id=caller.session_id)).login_id
            assert await Session.filter(login_id=login, ended_at=None).count() == 0


class TestDisabledAccount:
    async def test_keeps_no_session_that_was_begun_at_the_same_moment(
        self, caller: Caller, vault: Vault, issuer: TokenIssuer
    ) -> None:
        for number in range(ROUNDS):
            caller = await sign_in(issuer, f"openid-wang#{number}")

            await asyncio.gather(
                switch(caller, vault, issuer),
                sign_in(issuer, f"openid-wang#{number}b"),
                disable_account(caller.account_id, actor="operator:x", reason="lost", at=AT),
                return_exceptions=True,
            )
            await enable_account(caller.account_id, actor="operator:x")

            assert await Session.filter(ended_at=None).count() == 0


async def test_a_login_during_real_name_proof_acts_for_the_person_too(
    issuer: TokenIssuer, vault: Vault
) -> None:
    for number in range(ROUNDS):
        caller = await sign_in(issuer, f"openid-{number}#0")

        await asyncio.gather(
            *(sign_in(issuer, f"openid-{number}#{tap}") for tap in range(1, 4)),
            verify_real_name(
                caller,
                name="王桂兰",
                id_number=WANG,
                register=FakePopulationRegister({WANG: ("王桂兰", True)}),
                vault=vault,
                states=NO_CACHE,
                department="330199-data",
                at=AT,
            ),
        )

    assert await Session.filter(party_id=None).count() == 0
    assert await Account.filter(person_id=None).count() == 0


async def test_acting_for_an_entity_ends_when_the_entity_is_closed(
    caller: Caller, entity: LegalEntity, vault: Vault, issuer: TokenIssuer
) -> None:
    """A10"""
    register = FakeBusinessRegister()
    register.register(entity, id_number=WANG)
    pair = await act_for(caller, entity.id, register=register, vault=vault, issuer=issuer, at=AT)

    await LegalEntity.all().update(status=EntityStatus.CLOSED)

    with pytest.raises(SessionEnded):
        await authenticate_resident(pair.access_token, issuer=issuer, states=NO_CACHE, at=AT)


async def test_a_device_is_listed_once_whomever_it_acts_for(
    caller: Caller, vault: Vault, issuer: TokenIssuer
) -> None:
    other = await sign_in(issuer, "openid-wang#other")
    acting = await caller_of(await switch(caller, vault, issuer), at=AT)

    devices = await list_devices(acting, at=AT)

    assert [(device.id, device.current) for device in devices] == [
        (other.session_id, False),
        (caller.session_id, True),
    ]
    assert await list_devices(acting, at=AT + timedelta(days=7)) == []
    await end_session(caller.session_id, caller=other, states=NO_CACHE, at=AT)
    assert [device.id for device in await list_devices(other, at=AT)] == [other.session_id]
