"""Who may act for whom, and who did, as both sides see it. 代办关系与代办记录"""

from datetime import date

import pytest

from core import audit
from core.sealing import Vault
from identity.acted import ActedNotShown, list_acted_by, list_acted_for
from identity.acting import act_for, grant_acting
from identity.agents import (
    Change,
    GrantNotFound,
    Side,
    change_relation,
    end_relation,
    list_relations,
)
from identity.authentication import SessionEnded, authenticate_resident
from identity.callers import Caller
from identity.invitations import InvitationIncomplete, accept_invitation
from identity.kinds import GrantKind, Right, Scope
from identity.models import ActingGrant
from identity.tokens import TokenIssuer
from tests.fakes.identity import NO_CACHE, caller_of
from tests.given import AT
from tests.identity.acting_people import LATER, UNTIL, People

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def people(vault: Vault, issuer: TokenIssuer) -> People:
    return People(vault, issuer)


async def helped(people: People) -> tuple[Caller, Caller, ActingGrant]:
    """An elder, who helps her, and her consent."""
    elder, chen = await people.resident("王桂兰"), await people.resident("陈丽")
    sent = await people.ask_elder(chen)
    grant = await accept_invitation(
        sent.token, caller=elder, register=people.register, vault=people.vault, at=AT
    )
    return elder, chen, grant


async def test_both_sides_see_it_with_the_others_name_masked(people: People, vault: Vault) -> None:
    elder, chen, grant = await helped(people)

    [hers] = await list_relations(elder, vault=vault, at=LATER)
    [theirs] = await list_relations(chen, vault=vault, at=LATER)

    assert (hers.id, hers.side, hers.name) == (grant.id, Side.PARTY, "陈*")
    assert (theirs.id, theirs.side, theirs.name) == (grant.id, Side.AGENT, "王*兰")
    assert hers.rights == ["pay", "view"]


@pytest.mark.parametrize("who", ["elder", "helper"])
async def test_either_side_ends_it_and_a_session_that_rests_on_it_ends(
    who: str, people: People, issuer: TokenIssuer
) -> None:
    """A10"""
    elder, chen, grant = await helped(people)
    pair = await act_for(
        chen,
        elder.required_person(),
        register=people.register,
        vault=people.vault,
        issuer=issuer,
        at=AT,
    )

    await end_relation(grant.id, caller=elder if who == "elder" else chen, at=LATER)

    with pytest.raises(SessionEnded):
        await authenticate_resident(pair.access_token, issuer=issuer, states=NO_CACHE, at=LATER)


async def test_a_stranger_finds_nothing_to_end_or_change(people: People) -> None:
    _, chen, grant = await helped(people)
    stranger = await people.resident("李四")
    change = Change(scope=Scope.HELPER, rights=frozenset({Right.PAY}), until_on=UNTIL)

    with pytest.raises(GrantNotFound):
        await end_relation(grant.id, caller=stranger, at=LATER)
    for other in (stranger, chen):
        with pytest.raises(GrantNotFound):
            await change_relation(grant.id, change, caller=other, at=LATER)


async def test_the_elder_renews_and_changes_it_for_a_year_at_most(people: People) -> None:
    elder, _, grant = await helped(people)
    rights = frozenset({Right.PAY, Right.APPLY})
    change = Change(scope=Scope.HELPER, rights=rights, until_on=date(2027, 11, 22))
    too_long = Change(scope=Scope.HELPER, rights=rights, until_on=date(2027, 11, 23))

    changed = await change_relation(grant.id, change, caller=elder, at=LATER)

    assert (changed.rights, changed.until_on) == (["apply", "pay"], date(2027, 11, 22))
    with pytest.raises(InvitationIncomplete):
        await change_relation(grant.id, too_long, caller=elder, at=LATER)


async def test_guardianship_is_not_theirs_to_end(people: People) -> None:
    child = await people.resident("林乐乐", born="20100101")
    guardian = await people.resident("林浩")
    grant = await grant_acting(
        kind=GrantKind.GUARDIAN,
        agent_id=guardian.required_person(),
        party_id=child.required_person(),
        scope=Scope.CONFIRMER,
        from_on=date(2024, 1, 1),
        until_on=None,
        actor="system:test",
    )

    for caller in (guardian, child):
        with pytest.raises(GrantNotFound):
            await end_relation(grant.id, caller=caller, at=LATER)


async def test_what_was_done_is_read_from_both_sides_and_by_no_helper(
    people: People, vault: Vault, issuer: TokenIssuer
) -> None:
    elder, chen, _ = await helped(people)
    pair = await act_for(
        chen,
        elder.required_person(),
        register=people.register,
        vault=vault,
        issuer=issuer,
        at=AT,
    )
    acting = await caller_of(pair, at=LATER)
    await audit.record(acting.actor(), "fee.pay", "fee_order:F1")
    await audit.record(elder.actor(), "fee.pay", "fee_order:F2")
    officer = f"operator:{elder.account_id} for party:{elder.person_id}"
    await audit.record(officer, "counter.open", "counter_case:1")

    hers = await list_acted_for(elder, vault=vault, limit=10)
    theirs = await list_acted_by(chen, vault=vault, limit=10)

    assert [(act.by, act.what) for act in hers] == [
        ("窗口工作人员", "在窗口核对身份"),
        ("陈*", "发起缴费"),
        ("陈*", "开始代办"),
    ]
    assert (theirs[0].for_name, theirs[0].subject) == ("王*兰", "fee_order:F1")
    assert len(theirs) == 2
    older = await list_acted_for(elder, vault=vault, before=hers[0].id, limit=1)
    assert [act.id for act in older] == [hers[1].id]
    with pytest.raises(ActedNotShown):
        await list_acted_for(acting, vault=vault, limit=10)
