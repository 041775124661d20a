import asyncio
from datetime import date, timedelta

import pytest
from tortoise import connections

from core.clock import date_in_china
from core.sealing import Place, Vault
from identity import persons
from identity.acting import act_for, grant_acting
from identity.callers import ActingRightRequired, Caller
from identity.invitations import (
    GrownUpRequired,
    InvitationIncomplete,
    InvitationNotFound,
    Meant,
    Offer,
    OwnAccountRequired,
    accept_invitation,
    open_invitation,
    withdraw_invitation,
)
from identity.kinds import GrantKind, InvitationKind, Right, Scope
from identity.models import ActingGrant, Invitation, LegalEntity, PhoneContact
from identity.tokens import TokenIssuer
from tests.fakes.identity import caller_of
from tests.given import AT
from tests.identity.acting_people import LATER, UNTIL, People

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def people(vault: Vault, issuer: TokenIssuer) -> People:
    return People(vault, issuer)


async def accept(people: People, token: str, caller: Caller) -> ActingGrant:
    return await accept_invitation(
        token, caller=caller, register=people.register, vault=people.vault, at=LATER
    )


class TestLink:
    async def test_it_is_for_who_is_meant_and_nobody_else_learns_that_it_is(
        self, people: People, vault: Vault
    ) -> None:
        elder, chen, stranger = [
            await people.resident(name) for name in ("王桂兰", "陈丽", "王桂英")
        ]
        sent = await people.ask_elder(chen)

        for other in (stranger, chen):
            with pytest.raises(InvitationNotFound):
                await open_invitation(sent.token, caller=other, vault=vault, at=LATER)
            with pytest.raises(InvitationNotFound):
                await accept(people, sent.token, other)

        assert (await accept(people, sent.token, elder)).party_id == elder.person_id

    @pytest.mark.parametrize(("proved", "meant"), [("15401991001", True), ("15401991002", False)])
    async def test_it_may_be_bound_to_a_phone_that_was_proved(
        self, proved: str, meant: bool, people: People, vault: Vault
    ) -> None:
        elder, chen = await people.resident("王桂兰"), await people.resident("陈丽")
        await _phone(elder, proved, vault)
        offer = Offer(
            kind=InvitationKind.CARE,
            scope=Scope.HELPER,
            rights=frozenset({Right.PAY}),
            until_on=UNTIL,
        )
        sent = await people.send(chen, offer, Meant(phone="15401991001"))

        if meant:
            assert await accept(people, sent.token, elder)
        else:
            with pytest.raises(InvitationNotFound):
                await accept(people, sent.token, elder)

    async def test_of_two_of_one_name_at_once_one_is_let_in(self, people: People) -> None:
        chen = await people.resident("陈丽")
        elders = [await people.resident("王桂兰") for _ in range(4)]
        sent = await people.ask_elder(chen)

        answers = await asyncio.gather(
            *(accept(people, sent.token, elder) for elder in elders), return_exceptions=True
        )

        assert sum(isinstance(answer, ActingGrant) for answer in answers) == 1
        assert sum(isinstance(answer, InvitationNotFound) for answer in answers) == 3
        assert await ActingGrant.all().count() == 1

    async def test_accepted_again_by_the_same_person_it_is_the_same_grant(
        self, people: People
    ) -> None:
        elder, chen = await people.resident("王桂兰"), await people.resident("陈丽")
        sent = await people.ask_elder(chen)

        first, second = [await accept(people, sent.token, elder) for _ in range(2)]

        assert first.id == second.id

    @pytest.mark.parametrize("end", ["over", "withdrawn", "its last day is past"])
    async def test_it_ends_in_a_week_or_when_it_is_withdrawn(
        self, end: str, people: People, vault: Vault
    ) -> None:
        elder, chen = await people.resident("王桂兰"), await people.resident("陈丽")
        sent = await people.ask_elder(chen)
        if end == "over":
            await Invitation.all().update(expires_at=LATER)
        elif end == "its last day is past":
            await Invitation.all().update(until_on=date_in_china(LATER) - timedelta(days=1))
        else:
            await withdraw_invitation(sent.invitation.id, caller=chen, at=AT)

        with pytest.raises(InvitationNotFound):
            await open_invitation(sent.token, caller=elder, vault=vault, at=LATER)
        with pytest.raises(InvitationNotFound):
            await accept(people, sent.token, elder)

    async def test_what_is_in_the_link_is_not_in_the_database(self, people: People) -> None:
        chen = await people.resident("陈丽")
        sent = await people.ask_elder(chen)

        rows = await connections.get("default").execute_query_dict(
            "SELECT row_to_json(i)::text AS text FROM identity_invitation i"
        )

        assert sent.token not in rows[0]["text"]
        assert "王桂兰" not in rows[0]["text"]
        assert sent.token not in repr(sent)

    @pytest.mark.parametrize(
        ("until_on", "rights", "meant"),
        [
            (date(2027, 11, 23), {Right.PAY}, Meant(name="王桂兰")),
            (date(2026, 11, 21), {Right.PAY}, Meant(name="王桂兰")),
            (UNTIL, set[Right](), Meant(name="王桂兰")),
            (UNTIL, {Right.PAY}, Meant()),
        ],
    )
    async def test_what_is_agreed_to_is_said_and_lasts_a_year_at_most(
        self, until_on: date, rights: set[Right], meant: Meant, people: People
    ) -> None:
        chen = await people.resident("陈丽")
        offer = Offer(
            kind=InvitationKind.CARE,
            scope=Scope.HELPER,
            rights=frozenset(rights),
            until_on=until_on,
        )

        with pytest.raises(InvitationIncomplete):
            await people.send(chen, offer, meant)


class TestElder:
    async def test_a_helper_does_what_was_agreed_to_and_nothing_else(
        self, people: People, issuer: TokenIssuer
    ) -> None:
        elder, chen = await people.resident("王桂兰"), await people.resident("陈丽")
        await accept(people, (await people.ask_elder(chen)).token, elder)

        pair = await act_for(
            chen,
            elder.required_person(),
            register=people.register,
            vault=people.vault,
            issuer=issuer,
            at=LATER,
        )

        acting = await caller_of(pair, at=LATER)
        assert acting.rights == {Right.VIEW, Right.PAY}
        assert acting.required_right(Right.PAY) == elder.person_id
        with pytest.raises(ActingRightRequired):
            acting.required_right(Right.APPLY)

    async def test_consent_is_given_by_oneself_not_by_who_acts_for_one(
        self, people: People
    ) -> None:
        elder, chen, other = [await people.resident(name) for name in ("王桂兰", "陈丽", "陈丽")]
        await accept(people, (await people.ask_elder(chen)).token, elder)
        acting = await people.acting(chen, await _party(elder))
        sent = await people.ask_elder(other, name="陈丽")

        with pytest.raises(OwnAccountRequired):
            await accept(people, sent.token, acting)
        with pytest.raises(OwnAccountRequired):
            await people.ask_elder(acting)

    async def test_a_new_consent_takes_the_place_of_the_old(self, people: People) -> None:
        elder, chen = await people.resident("王桂兰"), await people.resident("陈丽")
        first = await accept(people, (await people.ask_elder(chen)).token, elder)
        more = await people.ask_elder(chen, rights=(Right.PAY, Right.APPLY))

        second = await accept(people, more.token, elder)

        await first.refresh_from_db()
        assert first.revoked_at == LATER
        assert (second.revoked_at, second.rights) == (None, ["apply", "pay"])

    async def test_children_have_guardians_and_no_helpers(self, people: People) -> None:
        child = await people.resident("林乐乐", born="20100101")
        chen = await people.resident("陈丽")
        sent = await people.ask_elder(chen, name="林乐乐")

        with pytest.raises(GrownUpRequired):
            await accept(people, sent.token, child)


@pytest.mark.parametrize(
    ("born", "last"),
    [("2010-01-01", date(2027, 12, 31)), ("2008-02-29", date(2026, 2, 28))],
)
async def test_a_childs_guardian_is_one_until_it_is_of_age(
    born: str, last: date, people: People
) -> None:
    child = await people.resident("林乐乐", born=born.replace("-", ""))
    guardian = await people.resident("林浩")

    grant = await grant_acting(
        kind=GrantKind.GUARDIAN,
        agent_id=guardian.required_person(),
        party_id=child.required_person(),
        scope=Scope.CONFIRMER,
        from_on=date(2024, 2, 29),
        until_on=None,
        actor="system:test",
    )

    assert grant.until_on == last


async def _phone(caller: Caller, phone: str, vault: Vault) -> None:
    contact = PhoneContact(
        account_id=caller.account_id,
        phone_sealed=b"",
        phone_index=caller.account_id,
        verified_at=AT,
    )
    place = Place("identity_phone_contact", "phone_sealed", contact.id)
    contact.phone_sealed = vault.seal(place, phone)
    await contact.save(force_create=True)


async def _party(elder: Caller) -> LegalEntity:
    """Whom one acts for needs no more than an id."""
    return LegalEntity(id=(await persons.get_person(elder.required_person())).id)
