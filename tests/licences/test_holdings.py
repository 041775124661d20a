from datetime import date

import pytest

from core.sealing import Vault
from identity.acting import grant_acting, revoke_acting
from identity.callers import Caller
from identity.kinds import GrantKind, Scope
from identity.models import ActingGrant, Person
from identity.persons import register_person
from licences.holders import Relation
from licences.holdings import Mark, arrange_licence, show_wallet
from licences.models import Licence, WalletMark
from licences.presentations import present_licence
from licences.registry import LicenceNotFound
from licences.wallet import UnmaskPurpose, get_licence, unmask_licence
from tests.conftest import AT
from tests.licences import make
from tests.licences.make import SIGNER

pytestmark = pytest.mark.usefixtures("db")


async def child_of(mother: Caller, vault: Vault) -> tuple[Person, ActingGrant]:
    child = await register_person(
        name="林乐乐", id_number="330100202402299314", vault=vault, division="330199"
    )
    grant = await grant_acting(
        kind=GrantKind.GUARDIAN,
        agent_id=mother.required_person(),
        party_id=child.id,
        scope=Scope.CONFIRMER,
        from_on=date(2024, 2, 29),
        until_on=None,
        actor="system:test",
    )
    return child, grant


async def own_licence(vault: Vault, caller: Caller, **changes: str) -> Licence:
    return await make.licence(vault, caller.required_party(), **changes)


async def order(caller: Caller, vault: Vault, *, with_hidden: bool = False) -> list[object]:
    (own,) = await show_wallet(caller, vault=vault, at=AT, with_hidden=with_hidden)
    return [held.licence.id for held in own.licences]


async def test_a_childs_licences_lie_beside_ones_own(vault: Vault) -> None:
    mother = await make.caller(vault)
    child, _ = await child_of(mother, vault)
    mine = await own_licence(vault, mother)
    hers = await make.licence(vault, child.id)

    own, childs = await show_wallet(mother, vault=vault, at=AT)

    assert (own.relation, childs.relation, childs.name) == (
        Relation.SELF,
        Relation.CHILD,
        "林*乐",
    )
    assert [held.licence.id for held in own.licences] == [mine.id]
    assert [held.licence.id for held in childs.licences] == [hers.id]


async def test_a_childs_licence_is_looked_at_but_neither_shown_nor_unmasked(
    vault: Vault,
) -> None:
    mother = await make.caller(vault)
    child, grant = await child_of(mother, vault)
    hers = await make.licence(vault, child.id)

    card = await get_licence(hers.id, caller=mother, vault=vault, at=AT)

    assert card.fields[0].masked
    for call in (
        present_licence(hers.id, consented=["name"], caller=mother, signer=SIGNER, at=AT),
        unmask_licence(hers.id, purpose=UnmaskPurpose.OWN_CHECK, caller=mother, vault=vault, at=AT),
    ):
        with pytest.raises(LicenceNotFound):
            await call
    await revoke_acting(grant.id, actor="system:test", at=AT)
    with pytest.raises(LicenceNotFound):
        await get_licence(hers.id, caller=mother, vault=vault, at=AT)


async def test_pinned_ones_come_first_then_those_with_a_place_then_the_others(
    vault: Vault,
) -> None:
    caller = await make.caller(vault)
    first, second, third, fourth = [await own_licence(vault, caller) for _ in range(4)]
    for licence, mark in (
        (third, Mark(position=2)),
        (second, Mark(position=1)),
        (fourth, Mark(pinned=True)),
    ):
        await arrange_licence(licence.id, mark, caller=caller, at=AT)

    assert await order(caller, vault) == [fourth.id, second.id, third.id, first.id]


async def test_a_hidden_licence_is_seen_when_asked_for_and_comes_back(vault: Vault) -> None:
    caller = await make.caller(vault)
    licence = await own_licence(vault, caller)
    await arrange_licence(licence.id, Mark(hidden=True), caller=caller, at=AT)

    hidden = await order(caller, vault), await order(caller, vault, with_hidden=True)
    await arrange_licence(licence.id, Mark(), caller=caller, at=AT)

    assert hidden == ([], [licence.id])
    assert await order(caller, vault) == [licence.id]
    assert await WalletMark.all().count() == 1


async def test_how_a_licence_lies_is_each_persons_own_matter(vault: Vault) -> None:
    """The mother hides her child's licence: for the father it lies where it lay."""
    mother, father = await make.caller(vault), await make.caller(vault)
    child, _ = await child_of(mother, vault)
    await grant_acting(
        kind=GrantKind.GUARDIAN,
        agent_id=father.required_person(),
        party_id=child.id,
        scope=Scope.CONFIRMER,
        from_on=date(2024, 2, 29),
        until_on=None,
        actor="system:test",
    )
    hers = await make.licence(vault, child.id)
    await arrange_licence(hers.id, Mark(hidden=True), caller=mother, at=AT)

    seen = [await show_wallet(parent, vault=vault, at=AT) for parent in (mother, father)]

    assert [len(wallet[1].licences) for wallet in seen] == [0, 1]


async def test_a_strangers_licence_is_not_arranged(vault: Vault) -> None:
    stranger = await make.caller(vault)
    licence = await make.licence(vault, (await make.person(vault)).id)

    with pytest.raises(LicenceNotFound):
        await arrange_licence(licence.id, Mark(pinned=True), caller=stranger, at=AT)


@pytest.mark.parametrize(
    ("search", "found"),
    [("优待", 1), ("民政 局", 1), ("公交免费", 1), ("林*乐", 0), ("驾驶", 0), ("王桂兰", 0)],
)
async def test_a_search_looks_at_what_is_shown_without_a_mask(
    vault: Vault, search: str, found: int
) -> None:
    caller = await make.caller(vault)
    await own_licence(vault, caller)

    wallet = await show_wallet(caller, vault=vault, at=AT, search=search)

    assert sum(len(holder.licences) for holder in wallet) == found
