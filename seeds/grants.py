"""Who may act for whom: guardians of wards, agents of enterprises, helpers of elders. 监护与委托"""

from datetime import date, datetime, timedelta

from core.clock import date_in_china
from identity.acting import Terms, grant_acting
from identity.invitations import HELPER_DAYS
from identity.kinds import ConsentWay, GrantKind, Scope
from seeds.files import City
from seeds.registers import ACTOR, Parties

AGENTS_SINCE = date(2026, 1, 1)


async def load_grants(city: City, parties: Parties) -> int:
    guardians = [row for row in city.families if row.relation == "guardian"]
    for row in guardians:
        await grant_acting(
            kind=GrantKind.GUARDIAN,
            agent_id=parties[row.person],
            party_id=parties[row.to],
            scope=Scope.CONFIRMER,
            from_on=row.since,
            until_on=row.until,
            actor=ACTOR,
        )
    agents = [(firm, agent) for firm in city.enterprises for agent in firm.agents]
    for firm, agent in agents:
        await grant_acting(
            kind=GrantKind.AGENT,
            agent_id=parties[agent.person],
            party_id=parties[firm.key],
            scope=Scope(agent.scope),
            from_on=AGENTS_SINCE,
            until_on=agent.until,
            actor=ACTOR,
            terms=Terms(given_by_id=parties[firm.legal_representative]),
        )
    return len(guardians) + len(agents)


async def load_helpers(city: City, parties: Parties, *, at: datetime) -> int:
    """Each for a year from the day of loading; while that lasts, the next loading adds nothing."""
    today = date_in_china(at)
    for row in city.helpers:
        await grant_acting(
            kind=GrantKind.HELPER,
            agent_id=parties[row.person],
            party_id=parties[row.elder],
            scope=Scope.HELPER,
            from_on=today,
            until_on=today + timedelta(days=HELPER_DAYS),
            actor=ACTOR,
            terms=Terms(
                rights=sorted(row.rights),
                given_by_id=parties[row.elder],
                consent=ConsentWay(row.consent),
                evidence=ACTOR,
            ),
        )
    return len(city.helpers)
