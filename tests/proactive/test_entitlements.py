import asyncio
from datetime import date, timedelta

import pytest

from core.models import AuditEntry
from core.sealing import Vault
from identity.acting import grant_acting
from identity.callers import Caller, ConfirmerRequired, RealNameRequired
from identity.kinds import GrantKind, Scope
from identity.models import Person
from notifications.models import Message
from proactive.entitlements import (
    DeadlinePassed,
    EntitlementNotFound,
    StepNotAllowed,
    confirm_entitlement,
    decline_entitlement,
    get_entitlement,
    list_entitlements,
    notify_entitlement,
)
from proactive.kinds import EntitlementStatus
from proactive.models import Entitlement
from proactive.publishing import halt_policy, resume_policy
from tests.conftest import AT
from tests.payments.jobs_asked import jobs_asked
from tests.proactive import make

pytestmark = pytest.mark.usefixtures("city")


async def offered(vault: Vault) -> tuple[Entitlement, Caller]:
    """A child's benefit, told to its guardian, who is signed in for the child."""
    child = await make.person(vault, birth=date(2024, 6, 1), legal_birth=True)
    parent = await make.guardian(vault, child)
    await make.matched(vault, "cn-child")
    entitlement = await make.entitlement_of(child.id)
    await notify_entitlement(entitlement.id, at=AT)
    return entitlement, await make.caller(parent, party_id=child.id)


class TestNotifying:
    async def test_an_offer_is_told_once_to_who_may_answer_it(self, vault: Vault) -> None:
        entitlement, guardian = await offered(vault)
        await notify_entitlement(entitlement.id, at=AT)

        [message] = await Message.all()
        await entitlement.refresh_from_db()
        assert message.recipient_id == guardian.person_id
        assert "国家育儿补贴" in message.text
        assert "3600.00" in message.text
        assert entitlement.status is EntitlementStatus.NOTIFIED
        assert entitlement.deadline_on is not None

    async def test_what_needs_no_yes_goes_on_to_be_paid(self, vault: Vault) -> None:
        person = await make.person(vault)
        await make.matched(vault)
        entitlement = await make.entitlement_of(person.id)

        await notify_entitlement(entitlement.id, at=AT)

        await entitlement.refresh_from_db()
        assert entitlement.status is EntitlementStatus.CONFIRMED
        assert await jobs_asked("proactive.disburse") == [{"entitlement_id": str(entitlement.id)}]

    async def test_what_others_deliver_is_only_shown(self, vault: Vault) -> None:
        person = await make.person(vault)
        await make.matched(vault, "ha-bus")
        entitlement = await make.entitlement_of(person.id)

        await notify_entitlement(entitlement.id, at=AT)

        [message] = await Message.all()
        assert "100%" in message.text
        assert await jobs_asked("proactive.disburse") == []
        with pytest.raises(StepNotAllowed):
            await confirm_entitlement(entitlement.id, caller=await make.caller(person), at=AT)

    async def test_a_halt_keeps_it_from_being_told_until_it_ends(self, vault: Vault) -> None:
        person = await make.person(vault)
        await make.matched(vault)
        entitlement = await make.entitlement_of(person.id)
        publisher = make.operator("publisher")
        await halt_policy("sh-elder", operator=publisher, at=AT)

        await notify_entitlement(entitlement.id, at=AT)
        assert await Message.all().count() == 0

        await resume_policy("sh-elder", operator=publisher, at=AT)
        assert {"entitlement_id": str(entitlement.id)} in await jobs_asked("proactive.notify")


class TestAnswering:
    async def test_a_yes_is_written_down_and_the_money_asked_for_once(self, vault: Vault) -> None:
        entitlement, guardian = await offered(vault)

        answers = await asyncio.gather(
            *(confirm_entitlement(entitlement.id, caller=guardian, at=AT) for _ in range(4))
        )

        assert {answer.status for answer in answers} == {EntitlementStatus.CONFIRMED}
        await entitlement.refresh_from_db()
        assert entitlement.payee_id == guardian.person_id
        assert len(await jobs_asked("proactive.disburse")) == 1
        said = AuditEntry.filter(actor=guardian.actor(), action="entitlement.confirm")
        assert await said.count() == 1

    async def test_a_yes_whose_answer_was_lost_is_said_again_by_the_same_person_only(
        self, vault: Vault
    ) -> None:
        """However far it has come; whoever else may answer for the child is refused."""
        entitlement, guardian = await offered(vault)
        assert guardian.party_id is not None
        await confirm_entitlement(entitlement.id, caller=guardian, at=AT)
        await Entitlement.filter(id=entitlement.id).update(status=EntitlementStatus.PAYING)
        child = await Person.get(id=guardian.party_id)
        other = await make.caller(await make.guardian(vault, child), party_id=child.id)

        late = AT + timedelta(days=400)  # past the deadline
        again = await confirm_entitlement(entitlement.id, caller=guardian, at=late)

        assert (again.status, again.confirmed_at) == (EntitlementStatus.PAYING, AT)
        with pytest.raises(StepNotAllowed):
            await confirm_entitlement(entitlement.id, caller=other, at=AT)

    async def test_a_no_before_the_money_is_on_the_way_ends_it(self, vault: Vault) -> None:
        """E10"""
        entitlement, guardian = await offered(vault)
        await confirm_entitlement(entitlement.id, caller=guardian, at=AT)

        declined = await decline_entitlement(entitlement.id, caller=guardian, at=AT)

        assert declined.status is EntitlementStatus.DECLINED
        with pytest.raises(StepNotAllowed):
            await confirm_entitlement(entitlement.id, caller=guardian, at=AT)

    async def test_it_is_nobody_elses(self, vault: Vault) -> None:
        entitlement, guardian = await offered(vault)
        assert guardian.person_id is not None
        assert guardian.party_id is not None
        stranger = await make.caller(await make.person(vault))

        with pytest.raises(EntitlementNotFound):
            await confirm_entitlement(entitlement.id, caller=stranger, at=AT)
        with pytest.raises(EntitlementNotFound):
            await get_entitlement(entitlement.id, party_id=guardian.person_id)
        assert await list_entitlements(guardian.party_id)

    async def test_without_real_name_nothing_is_answered(self, vault: Vault) -> None:
        entitlement, guardian = await offered(vault)
        fields = {name: getattr(guardian, name) for name in Caller.__struct_fields__}

        with pytest.raises(RealNameRequired):
            await confirm_entitlement(
                entitlement.id, caller=Caller(**fields | {"party_id": None}), at=AT
            )

    async def test_an_agent_who_may_only_prepare_cannot_say_yes(self, vault: Vault) -> None:
        firm = await make.enterprise(vault, hightech_year=2024, hightech_first=True)
        clerk = await make.person(vault, birth=date(1990, 1, 1))
        grant = await grant_acting(
            kind=GrantKind.AGENT,
            agent_id=clerk.id,
            party_id=firm.id,
            scope=Scope.PREPARER,
            from_on=date(2026, 1, 1),
            until_on=None,
            actor="system:test",
        )
        await make.matched(vault, "px-hightech")
        entitlement = await make.entitlement_of(firm.id)
        await notify_entitlement(entitlement.id, at=AT)

        caller = await make.caller(clerk, party_id=firm.id, grant_id=grant.id, scope=grant.scope)
        for answer in (confirm_entitlement, decline_entitlement):
            with pytest.raises(ConfirmerRequired):
                await answer(entitlement.id, caller=caller, at=AT)

    async def test_a_yes_after_the_deadline_comes_too_late(self, vault: Vault) -> None:
        entitlement, guardian = await offered(vault)

        late = AT + timedelta(days=61)
        with pytest.raises(DeadlinePassed):
            await confirm_entitlement(entitlement.id, caller=guardian, at=late)
