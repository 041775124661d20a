"""Whom the business register names, and nobody else. 法定代表人"""

from datetime import timedelta

import pytest

from core.models import AuditEntry
from core.sealing import Vault
from identity.acting import act_for
from identity.authentication import SessionEnded, authenticate_resident
from identity.callers import Caller
from identity.entities import EntityNotFound
from identity.invitations import InvitationNotFound, accept_invitation
from identity.kinds import ConsentWay, GrantKind, Scope
from identity.models import ActingGrant, LegalEntity
from identity.representing import NotRepresentative, ask_again, represent
from identity.tokens import TokenIssuer
from tests.fakes.identity import NO_CACHE
from tests.given import AT
from tests.identity.acting_people import LATER, UNTIL, USCC, People
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def people(vault: Vault, issuer: TokenIssuer) -> People:
    return People(vault, issuer)


async def accept(people: People, token: str, caller: Caller) -> ActingGrant:
    return await accept_invitation(
        token, caller=caller, register=people.register, vault=people.vault, at=LATER
    )


class TestEnterprise:
    async def test_an_agent_invited_by_link_acts_with_the_scope_it_was_given(
        self, people: People
    ) -> None:
        ma, chen = await people.resident("马国平"), await people.resident("陈丽")
        firm = await people.enterprise(ma)
        sent = await people.invite_agent(await people.acting(ma, firm), scope=Scope.PREPARER)

        grant = await accept(people, sent.token, chen)

        assert (grant.kind, grant.scope, grant.until_on) == (
            GrantKind.AGENT,
            Scope.PREPARER,
            UNTIL,
        )
        assert (grant.given_by_id, grant.consent) == (ma.person_id, ConsentWay.OWN_PHONE)
        assert (await people.acting(chen, firm)).scope == Scope.PREPARER

    async def test_who_does_not_represent_it_invites_nobody(self, people: People) -> None:
        """An agent makes no agents, nor does who only says that the firm is theirs."""
        ma, chen = await people.resident("马国平"), await people.resident("陈丽")
        firm = await people.enterprise(ma)
        sent = await people.invite_agent(await people.acting(ma, firm))
        await accept(people, sent.token, chen)

        with pytest.raises(NotRepresentative):
            await people.invite_agent(await people.acting(chen, firm), name="董亮")
        with pytest.raises(NotRepresentative):
            await people.invite_agent(ma)

    async def test_a_representative_who_changed_in_the_register_has_no_power_from_then_on(
        self, people: People, issuer: TokenIssuer
    ) -> None:
        ma, gao, chen = [await people.resident(name) for name in ("马国平", "高敏", "陈丽")]
        firm = await people.enterprise(ma)
        acting = await people.acting(ma, firm)
        given = await accept(people, (await people.invite_agent(acting)).token, chen)
        open_link = await people.invite_agent(acting, name="高敏")
        await people.registered(firm, gao)

        with pytest.raises(InvitationNotFound):
            await accept(people, open_link.token, gao)

        await given.refresh_from_db()
        await open_link.invitation.refresh_from_db()
        assert given.questioned_at == LATER
        assert open_link.invitation.withdrawn_at == LATER
        with pytest.raises(NotRepresentative):
            await people.invite_agent(acting)
        assert await AuditEntry.filter(action="entity.representative").count() == 1

    async def test_sessions_under_way_are_asked_about_every_ten_minutes(
        self, people: People, issuer: TokenIssuer
    ) -> None:
        ma, gao = await people.resident("马国平"), await people.resident("高敏")
        firm = await people.enterprise(ma)
        pair = await act_for(
            ma, firm.id, register=people.register, vault=people.vault, issuer=issuer, at=AT
        )
        await people.registered(firm, gao)

        too_early = await ask_again(register=people.register, vault=people.vault, at=LATER)
        at = AT + timedelta(minutes=10, seconds=1)
        asked = await ask_again(register=people.register, vault=people.vault, at=at)

        assert (too_early, asked) == (0, 1)
        with pytest.raises(SessionEnded):
            await authenticate_resident(pair.access_token, issuer=issuer, states=NO_CACHE, at=LATER)
        assert (await LegalEntity.get(id=firm.id)).legal_representative_id is None


class TestRepresent:
    async def test_whoever_the_register_names_takes_the_enterprise_over(
        self, people: People, vault: Vault
    ) -> None:
        ma, gao = await people.resident("马国平"), await people.resident("高敏")
        firm = await people.enterprise(ma)
        await people.registered(firm, gao)

        taken = await represent(gao, USCC, register=people.register, vault=vault, at=LATER)

        assert (taken.id, taken.legal_representative_id) == (firm.id, gao.person_id)
        [job] = await jobs_asked("identity.representative_changed")
        assert (job["entity_id"], job["former_id"]) == (str(firm.id), str(ma.person_id))
        with pytest.raises(NotRepresentative):
            await represent(ma, USCC, register=people.register, vault=vault, at=LATER)

    async def test_nobody_takes_over_what_the_register_does_not_know(
        self, people: People, vault: Vault
    ) -> None:
        ma = await people.resident("马国平")

        with pytest.raises(EntityNotFound):
            await represent(ma, USCC, register=people.register, vault=vault, at=LATER)
