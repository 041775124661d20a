"""Who asks in a run: people spread over the whole population, signed in, and one verifier each.

Sessions are made by the verbs that a login uses, tokens by the issuer; neither goes over the wire.
"""

import asyncio
from uuid import UUID

from msgspec import Struct

from core.clock import now
from identity.models import Account, Session, Verifier
from identity.sessions import start_session
from identity.tokens import Audience, Claims, TokenIssuer
from licences.models import Licence

ASKERS = 1_000


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
    """So many of the population, evenly spread, each in a session of their own."""
    step = max(people // ASKERS, 1)
    subjects = [f"benchmark-{number:010d}" for number in range(0, people, step)][:ASKERS]
    known = Account.filter(provider="wechat", appid=appid, subject__in=subjects)
    accounts = await known.order_by("subject")
    holders = [account.person_id for account in accounts]
    licences = await Licence.filter(holder_id__in=holders, licence_type_id=licence_type)
    by_holder = {licence.holder_id: licence.id for licence in licences}
    limit = asyncio.Semaphore(8)

    async def begin(account: Account) -> Asker:
        assert account.person_id is not None
        async with limit:
            fresh = Session(account_id=account.id, party_id=account.person_id)
            session, _ = await start_session(fresh, at=now())
        licence_id = by_holder[account.person_id]
        subject = account.token_subject
        return Asker(session.id, subject, account.id, account.person_id, licence_id)

    return await asyncio.gather(*(begin(account) for account in accounts))


async def sign_in_verifiers(licence_type: str, *, times: int = 16) -> list[Scanner]:
    """Sessions of those who may check such a licence."""
    verifiers = [
        verifier
        for verifier in await Verifier.all().select_related("organisation")
        if licence_type in verifier.organisation.licence_types
    ]
    scanners = []
    for number in range(times):
        verifier = verifiers[number % len(verifiers)]
        session, _ = await start_session(Session(verifier_id=verifier.id), at=now())
        scanners.append(Scanner(session.id, verifier.token_subject))
    return scanners
