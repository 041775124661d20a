"""Who asks in a run: people spread over the whole population and verifiers, all signed in.

Sessions are made by the verbs that a login uses, tokens by the issuer; neither goes over the wire.
"""

import asyncio
from collections.abc import Iterable
from itertools import chain
from uuid import UUID

from msgspec import Struct
from tortoise.expressions import Q

from core.clock import date_in_china, now
from identity.models import Account, Session, Verifier, VerifierOrganisation
from identity.sessions import start_session
from identity.tokens import Audience, Claims, TokenIssuer
from licences.models import Licence, LicenceStatus

ASKERS = 1_000
TRIED = 10
"""So many neighbours are looked at until one of them has the licence; a third of all have."""

ORGANISATION, ORGANISATIONS = "临溪核验测试单位", 4


class Asker(Struct, frozen=True):
    """A signed-in resident, with a licence to show."""

    session_id: UUID
    token_subject: UUID
    account_id: UUID
    person_id: UUID
    licence_id: UUID

    def token(self, issuer: TokenIssuer) -> str:
        claims = Claims(
            sub=self.token_subject,
            sid=self.session_id,
            epoch=0,
            level=2,
            party=self.person_id,
            scope="confirmer",
        )
        return issuer.issue(Audience.RESIDENT, claims, at=now())[0]


class Scanner(Struct, frozen=True):
    """A signed-in verifier."""

    session_id: UUID
    token_subject: UUID

    def token(self, issuer: TokenIssuer) -> str:
        claims = Claims(sub=self.token_subject, sid=self.session_id, epoch=0)
        return issuer.issue(Audience.VERIFIER, claims, at=now())[0]


async def sign_in(people: int, *, licence_type: str, appid: str) -> list[Asker]:
    """So many of the population who may show such a licence, evenly spread, each in a session."""
    step = max(people // ASKERS, 1)
    asked = [
        [f"benchmark-{number:010d}" for number in range(start, min(start + step, people))[:TRIED]]
        for start in range(0, people, step)
    ]
    accounts, licences = await _who_may_show(chain.from_iterable(asked), licence_type, appid)
    chosen = [next((accounts[name] for name in some if name in accounts), None) for some in asked]
    limit = asyncio.Semaphore(8)

    async def begin(account: Account) -> Asker:
        assert account.person_id is not None
        async with limit:
            fresh = Session(account_id=account.id, party_id=account.person_id)
            session, _ = await start_session(fresh, at=now())
        licence_id = licences[account.person_id]
        subject = account.token_subject
        return Asker(session.id, subject, account.id, account.person_id, licence_id)

    return await asyncio.gather(*(begin(one) for one in chosen if one is not None))


async def _who_may_show(
    subjects: Iterable[str], licence_type: str, appid: str
) -> tuple[dict[str, Account], dict[UUID, UUID]]:
    """Accounts by subject and licences by holder, of those whose licence is valid."""
    rows = await Account.filter(provider="wechat", appid=appid, subject__in=list(subjects))
    today = date_in_china(now())
    lasting = Q(valid_until=None) | Q(valid_until__gt=today)
    valid = Licence.filter(
        lasting,
        holder_id__in=[row.person_id for row in rows],
        licence_type_id=licence_type,
        status=LicenceStatus.VALID,
    )
    licences = {row.holder_id: row.id for row in await valid.only("id", "holder_id")}
    return {row.subject: row for row in rows if row.person_id in licences}, licences


async def sign_in_verifiers(licence_type: str, *, count: int = 16) -> list[Scanner]:
    """Sessions of those of the city who may check such a licence, several for each."""
    found = await Verifier.all().select_related("organisation").order_by("id")
    able = [
        verifier
        for verifier in found
        if licence_type in verifier.organisation.licence_types
        and not verifier.organisation.name.startswith(ORGANISATION)
    ]
    return [await _begin(able[number % len(able)]) for number in range(count)]


async def engage_verifiers(licence_type: str, *, count: int) -> list[Scanner]:
    """So many verifiers, each somebody else, of several organisations by turns, and signed in."""
    organisations = [await _organisation(n, licence_type) for n in range(ORGANISATIONS)]
    scanners = []
    for number in range(count):
        verifier, _ = await Verifier.get_or_create(
            login_name=f"benchmark-{number:03d}",
            defaults={
                "organisation_id": organisations[number % ORGANISATIONS].id,
                "password_hash": "none: nobody signs in by name",
            },
        )
        scanners.append(await _begin(verifier))
    return scanners


async def _organisation(number: int, licence_type: str) -> VerifierOrganisation:
    found, _ = await VerifierOrganisation.get_or_create(
        name=f"{ORGANISATION}{number + 1}",
        defaults={
            "department": "330199-public-security",
            "division": "330199",
            "licence_types": [licence_type],
            "fields_allowed": ["name", "vehicle_class", "valid_until"],
            "purpose": "租车资格核验",
        },
    )
    return found


async def _begin(verifier: Verifier) -> Scanner:
    session, _ = await start_session(Session(verifier_id=verifier.id), at=now())
    return Scanner(session.id, verifier.token_subject)
