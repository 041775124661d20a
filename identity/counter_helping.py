"""Consent to a helper given at a counter, and taken back there. 窗口授权"""

from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from core.clock import date_in_china
from core.sealing import Vault
from identity.acting import Terms, replace_acting, revoke_acting
from identity.agents import ActingRelation, GrantNotFound, Side, list_relations
from identity.callers import OperatorCaller
from identity.counters import (
    Present,
    hand_of,
    keep_evidence,
    living_case,
    person_present,
)
from identity.invitations import HELPER_DAYS, InvitationIncomplete, require_grown_up
from identity.kinds import ConsentWay, GrantKind, Right, Scope
from identity.models import ActingGrant
from identity.providers import PopulationRegister
from identity.recognising import recognise


class Agreed(Struct, frozen=True, kw_only=True):
    """Who is to help, in what, and until when; the evidence is the signed paper."""

    agent: Present
    rights: frozenset[Right]
    until_on: date


async def let_help(
    case_id: UUID,
    agreed: Agreed,
    *,
    operator: OperatorCaller,
    register: PopulationRegister,
    vault: Vault,
    at: datetime,
) -> ActingGrant:
    """The person present lets another help, and says so before the officer. 窗口授权"""
    case = await living_case(case_id, operator=operator, at=at)
    _check(agreed, on=date_in_china(at))
    await keep_evidence(agreed.agent.evidence_id, operator, at=at)
    helper = await recognise(agreed.agent, register=register, vault=vault)
    if helper.id == case.person_id:
        raise InvitationIncomplete(missing="name")
    for person_id in (case.person_id, helper.id):
        await require_grown_up(person_id, at=at)
    return await replace_acting(
        kind=GrantKind.HELPER,
        agent_id=helper.id,
        party_id=case.person_id,
        scope=Scope.HELPER,
        from_on=date_in_china(at),
        until_on=agreed.until_on,
        actor=hand_of(operator, case.person_id),
        at=at,
        terms=Terms(
            rights=sorted(agreed.rights),
            given_by_id=case.person_id,
            consent=ConsentWay.COUNTER,
            evidence=f"file:{agreed.agent.evidence_id}",
        ),
    )


async def list_help(
    case_id: UUID, *, operator: OperatorCaller, vault: Vault, at: datetime
) -> list[ActingRelation]:
    """Who may act for the person present."""
    caller = await person_present(case_id, operator=operator, at=at)
    relations = await list_relations(caller, vault=vault, at=at)
    return [relation for relation in relations if relation.side is Side.PARTY]


async def end_help(
    case_id: UUID, grant_id: UUID, *, operator: OperatorCaller, at: datetime
) -> None:
    """The person present takes a consent back, from whichever way it was given."""
    case = await living_case(case_id, operator=operator, at=at)
    given = ActingGrant.filter(id=grant_id, party_id=case.person_id, kind=GrantKind.HELPER)
    if not await given.exists():
        raise GrantNotFound(grant_id=grant_id)
    actor = hand_of(operator, case.person_id)
    await revoke_acting(grant_id, actor=actor, at=at)


def _check(agreed: Agreed, *, on: date) -> None:
    if not agreed.rights:
        raise InvitationIncomplete(missing="rights")
    if not on <= agreed.until_on <= on + timedelta(days=HELPER_DAYS):
        raise InvitationIncomplete(missing="until_on")
