from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from core.models import AuditEntry
from core.sealing import Vault
from identity.acting import (
    NotRepresentative,
    PartyNotFound,
    act_for,
    grant_acting,
    revoke_acting,
)
from identity.authentication import SessionEnded, authenticate_resident
from identity.callers import Caller, ConfirmerRequired
from identity.entities import register_entity
from identity.kinds import EntityStatus, GrantKind, Scope
from identity.models import ActingGrant, LegalEntity, Person
from identity.persons import register_person
from identity.refreshing import RefreshRefused, refresh
from identity.sessions import SignedIn, log_in, log_out
from identity.tokens import Audience, TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import (
    NO_CACHE,
    FakeBusinessRegister,
    FakeProvider,
    caller_of,
    real_name_account,
)

pytestmark = pytest.mark.usefixtures("db")

WANG, CHEN, USCC = "330100195103089023", "330100197609219066", "91110000600037341L"
TODAY = date(2026, 11, 22)


@pytest.fixture
def register() -> FakeBusinessRegister:
    return FakeBusinessRegister()


@pytest.fixture
async def caller(db: None, issuer: TokenIssuer, vault: Vault) -> Caller:
    await real_name_account(name="王桂兰", id_number=WANG, vault=vault)
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=AT)
    return await caller_of(signed_in, at=AT)


@pytest.fixture
async def child(db: None, vault: Vault) -> Person:
    return await register_person(name="陈丽", id_number=CHEN, vault=vault)


@pytest.fixture
async def entity(db: None, vault: Vault) -> LegalEntity:
    return await register_entity(
        uscc=USCC, name="某公司", division="330199", legal_representative_id=None, vault=vault
    )


async def grant(caller: Caller, party_id: UUID, **fields: Any) -> ActingGrant:
    defaults: dict[str, Any] = {
        "kind": GrantKind.AGENT,
        "scope": Scope.CONFIRMER,
        "from_on": TODAY,
        "until_on": TODAY,
    }
    assert caller.person_id is not None
    return await grant_acting(
        agent_id=caller.person_id, party_id=party_id, actor="system:test", **defaults | fields
    )


async def switch(
    caller: Caller,
    party_id: UUID,
    register: FakeBusinessRegister,
    vault: Vault,
    issuer: TokenIssuer,
) -> SignedIn:
    return await act_for(caller, party_id, register=register, vault=vault, issuer=issuer, at=AT)


class TestActFor:
    async def test_a_guardians_token_and_audit_name_the_child(
        self,
        caller: Caller,
        child: Person,
        register: FakeBusinessRegister,
        vault: Vault,
        issuer: TokenIssuer,
    ) -> None:
        await grant(caller, child.id, kind=GrantKind.GUARDIAN)

        pair = await switch(caller, child.id, register, vault, issuer)

        acting = await authenticate_resident(
            pair.access_token, issuer=issuer, states=NO_CACHE, at=AT
        )
        assert (acting.party_id, acting.person_id) == (child.id, caller.person_id)
        actor = f"person:{caller.person_id} for party:{child.id}"
        assert acting.actor() == actor
        assert issuer.read(pair.access_token, Audience.RESIDENT, at=AT).party == child.id
        assert await AuditEntry.filter(actor=actor, action="session.act_for").count() == 1
        back = await switch(acting, UUID(str(caller.person_id)), register, vault, issuer)
        assert back.party_id == caller.person_id

    async def test_a_session_acting_for_another_ends_with_the_login(
        self,
        caller: Caller,
        child: Person,
        register: FakeBusinessRegister,
        vault: Vault,
        issuer: TokenIssuer,
    ) -> None:
        await grant(caller, child.id)
        pair = await switch(caller, child.id, register, vault, issuer)
        assert pair.refresh_expires_at == AT + timedelta(days=7)

        await log_out(caller, states=NO_CACHE, at=AT)

        with pytest.raises(SessionEnded):
            await authenticate_resident(pair.access_token, issuer=issuer, states=NO_CACHE, at=AT)

    @pytest.mark.parametrize("later", ["revoked", "over"])
    async def test_a_session_lasts_no_longer_than_its_grant(
        self,
        later: str,
        caller: Caller,
        child: Person,
        register: FakeBusinessRegister,
        vault: Vault,
        issuer: TokenIssuer,
    ) -> None:
        """A10"""
        given = await grant(caller, child.id)
        at = AT + timedelta(minutes=5)
        pair = await switch(caller, child.id, register, vault, issuer)

        if later == "revoked":
            await revoke_acting(given.id, actor="system:test", at=AT)
        else:
            await ActingGrant.all().update(
                from_on=TODAY - timedelta(days=9), until_on=TODAY - timedelta(days=1)
            )

        with pytest.raises(SessionEnded):
            await authenticate_resident(pair.access_token, issuer=issuer, states=NO_CACHE, at=at)
        with pytest.raises(RefreshRefused):
            await refresh(
                pair.refresh_token, Audience.RESIDENT, issuer=issuer, states=NO_CACHE, at=at
            )
        with pytest.raises(PartyNotFound):
            await switch(caller, child.id, register, vault, issuer)

    async def test_a_strangers_party_is_not_found(
        self,
        caller: Caller,
        child: Person,
        entity: LegalEntity,
        register: FakeBusinessRegister,
        vault: Vault,
        issuer: TokenIssuer,
    ) -> None:
        await grant(caller, child.id, until_on=TODAY - timedelta(0), from_on=TODAY)
        await ActingGrant.all().update(agent_id=child.id, party_id=entity.id)

        for party_id in (child.id, entity.id, UUID(int=1)):
            with pytest.raises(PartyNotFound):
                await switch(caller, party_id, register, vault, issuer)

    async def test_an_agent_who_prepares_may_not_confirm(
        self,
        caller: Caller,
        entity: LegalEntity,
        register: FakeBusinessRegister,
        vault: Vault,
        issuer: TokenIssuer,
    ) -> None:
        await grant(caller, entity.id, scope=Scope.PREPARER)
        pair = await switch(caller, entity.id, register, vault, issuer)

        acting = await authenticate_resident(
            pair.access_token, issuer=issuer, states=NO_CACHE, at=AT
        )

        assert acting.required_party() == entity.id
        with pytest.raises(ConfirmerRequired):
            acting.required_confirmer()
        assert replace(acting, scope=Scope.CONFIRMER).required_confirmer() == entity.id


class TestRepresentative:
    async def test_acts_when_the_business_register_agrees_today(
        self,
        caller: Caller,
        entity: LegalEntity,
        register: FakeBusinessRegister,
        vault: Vault,
        issuer: TokenIssuer,
    ) -> None:
        await LegalEntity.all().update(legal_representative_id=caller.person_id)
        register.register(entity, id_number=WANG)

        pair = await switch(caller, entity.id, register, vault, issuer)

        acting = await authenticate_resident(
            pair.access_token, issuer=issuer, states=NO_CACHE, at=AT
        )
        assert acting.required_confirmer() == entity.id
        await LegalEntity.all().update(legal_representative_id=None)
        with pytest.raises(SessionEnded):
            await authenticate_resident(pair.access_token, issuer=issuer, states=NO_CACHE, at=AT)

    @pytest.mark.parametrize(("number", "scope"), [(WANG, Scope.CONFIRMER), (CHEN, Scope.PREPARER)])
    async def test_confirms_though_an_older_grant_only_lets_prepare(
        self,
        number: str,
        scope: Scope,
        caller: Caller,
        entity: LegalEntity,
        register: FakeBusinessRegister,
        vault: Vault,
        issuer: TokenIssuer,
    ) -> None:
        """Unless the register names somebody else: then the grant is what there is."""
        await LegalEntity.all().update(legal_representative_id=caller.person_id)
        register.register(entity, id_number=number)
        await grant(caller, entity.id, scope=Scope.PREPARER)

        pair = await switch(caller, entity.id, register, vault, issuer)

        assert (await caller_of(pair, at=AT)).scope == scope

    @pytest.mark.parametrize("change", ["unknown", "another", "closed"])
    async def test_is_refused_when_it_does_not(
        self,
        change: str,
        caller: Caller,
        entity: LegalEntity,
        register: FakeBusinessRegister,
        vault: Vault,
        issuer: TokenIssuer,
    ) -> None:
        await LegalEntity.all().update(legal_representative_id=caller.person_id)
        if change != "unknown":
            register.register(entity, id_number=CHEN if change == "another" else WANG)
        if change == "closed":
            known = register.entities[USCC]
            register.entities[USCC] = replace(known, status=EntityStatus.CLOSED)

        with pytest.raises(NotRepresentative):
            await switch(caller, entity.id, register, vault, issuer)


async def test_a_grant_made_twice_is_one(caller: Caller, child: Person) -> None:
    first, second = await grant(caller, child.id), await grant(caller, child.id)

    assert first.id == second.id
