"""At a counter: an officer sees a document, and acts for the person who stands there. 窗口代办

A visit lasts half an hour at most and is one officer's; a second one ends the first. It rests on
evidence: a file with the officer's proof of who was there. The person is told of it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.errors import Conflict, NotFound
from core.files import FileNotFound
from core.masking import mask_id_number
from core.models import StoredFile
from core.sealing import Vault
from identity import persons
from identity.callers import Caller, OperatorCaller
from identity.choices import masked_name
from identity.kinds import DocumentKind, Level
from identity.models import CounterCase
from identity.providers import PopulationRegister
from identity.recognising import Named, recognise

LASTS = timedelta(minutes=30)
EVIDENCE_KEPT = timedelta(days=3 * 366)
"""Three years, in which what was done at a counter may be disputed (民法典 188)."""


class CounterCaseNotFound(NotFound):
    code = "identity.counter_case_not_found"
    message = "没有找到该次窗口办理"


class CounterCaseEnded(Conflict):
    code = "identity.counter_case_ended"
    message = "该次窗口办理已结束，请重新核对身份"


class Present(Named, frozen=True, kw_only=True):
    """Who stands there, and what shows that they did."""

    document: DocumentKind
    evidence_id: UUID


class CounterView(Struct, frozen=True, kw_only=True):
    """A visit, as the officer sees it: masked, for the document lies on the counter."""

    id: UUID
    person_id: UUID
    name: str
    id_number: str
    document: DocumentKind
    opened_at: datetime
    expires_at: datetime
    ended_at: datetime | None


async def open_case(
    operator: OperatorCaller,
    present: Present,
    *,
    register: PopulationRegister,
    vault: Vault,
    at: datetime,
) -> CounterCase:
    """Begin to act for a person present, whom the register knows by name and number. 核对身份"""
    await keep_evidence(present.evidence_id, operator, at=at)
    person = await recognise(present, register=register, vault=vault)
    async with in_transaction():
        await _end_living(CounterCase.filter(operator_id=operator.operator_id), at)
        case = await CounterCase.create(
            operator_id=operator.operator_id,
            person_id=person.id,
            department=operator.department,
            division=operator.division,
            document=present.document,
            evidence_id=present.evidence_id,
            opened_at=at,
            expires_at=at + LASTS,
        )
        await record(operator, case, "counter.open", evidence=str(present.evidence_id))
        await jobs.enqueue("identity.counter_opened", case_id=str(case.id))
    return case


async def get_case(case_id: UUID, *, operator: OperatorCaller) -> CounterCase:
    """A visit at this officer's own counter; another's is not found."""
    case = await CounterCase.get_or_none(id=case_id, operator_id=operator.operator_id)
    if case is None or case.department != operator.department:
        raise CounterCaseNotFound(case_id=case_id)
    return case


async def living_case(case_id: UUID, *, operator: OperatorCaller, at: datetime) -> CounterCase:
    """The visit while it lasts."""
    case = await get_case(case_id, operator=operator)
    if case.ended_at is not None or at >= case.expires_at:
        raise CounterCaseEnded(case_id=case_id)
    return case


async def end_case(case_id: UUID, *, operator: OperatorCaller, at: datetime) -> CounterCase:
    """The person leaves the counter. Twice is once."""
    case = await get_case(case_id, operator=operator)
    async with in_transaction():
        if await _end_living(CounterCase.filter(id=case.id), at):
            await record(operator, case, "counter.end")
    await case.refresh_from_db()
    return case


async def person_present(case_id: UUID, *, operator: OperatorCaller, at: datetime) -> Caller:
    """Who asks, when an officer acts for the person present: the person, by the officer's hand.

    Nobody is signed in by it: it has no token, and its account is the visit.
    """
    case = await living_case(case_id, operator=operator, at=at)
    return Caller(
        account_id=case.id,
        session_id=case.id,
        provider="counter",
        appid="",
        subject="",
        person_id=case.person_id,
        party_id=case.person_id,
        level=Level.REAL_NAME,
        operator_id=operator.operator_id,
    )


async def show_case(case: CounterCase, *, vault: Vault) -> CounterView:
    number = await persons.id_number(case.person_id, vault=vault)
    return CounterView(
        id=case.id,
        person_id=case.person_id,
        name=await masked_name(case.person_id, vault=vault),
        id_number=mask_id_number(number),
        document=case.document,
        opened_at=case.opened_at,
        expires_at=case.expires_at,
        ended_at=case.ended_at,
    )


def evidence_owner(operator: OperatorCaller) -> str:
    """Whose the files are that show who was there."""
    return f"operator:{operator.operator_id}"


def hand_of(operator: OperatorCaller, person_id: UUID) -> str:
    """How audit names what an officer does for a person present."""
    return f"operator:{operator.operator_id} for party:{person_id}"


async def keep_evidence(file_id: UUID, operator: OperatorCaller, *, at: datetime) -> None:
    """The officer's own upload, kept for as long as the visit may be disputed."""
    mine = StoredFile.filter(id=file_id, owner=evidence_owner(operator), expires_at__gt=at)
    if not await mine.update(expires_at=at + EVIDENCE_KEPT):
        raise FileNotFound(file_id=file_id)


async def _end_living(cases: QuerySet[CounterCase], at: datetime) -> int:
    return await cases.filter(ended_at=None).update(ended_at=at)


async def record(operator: OperatorCaller, case: CounterCase, action: str, **more: str) -> None:
    """With the colleague for whom the officer stands in, if for one."""
    if operator.behalf_of is not None:
        more["behalf_of"] = str(operator.behalf_of)
    actor = hand_of(operator, case.person_id)
    await audit.record(actor, action, f"counter_case:{case.id}", **more)
