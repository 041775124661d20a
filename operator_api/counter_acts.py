from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.files import FileNotFound
from core.sealing import Vault
from identity import counter_helping
from identity.agents import ActingRelation, GrantNotFound, Side, show_relation
from identity.callers import OperatorCaller
from identity.counter_helping import Agreed
from identity.counters import CounterCaseEnded, CounterCaseNotFound, Present, person_present
from identity.id_numbers import IdNumberInvalid
from identity.invitations import GrownUpRequired, InvitationIncomplete
from identity.kinds import DocumentKind, Right
from identity.providers import PopulationRegister, RegisterFailed
from identity.real_names import RealNameMismatch
from operator_api.counter import EXAMPLE_ID, Name, Number
from proactive import entitlements
from proactive.entitlements import DeadlinePassed, EntitlementNotFound, StepNotAllowed
from proactive.kinds import EntitlementStatus
from proactive.models import Entitlement
from web.pages import Page, whole

SHOWN = 100
_VISIT = (CounterCaseNotFound, CounterCaseEnded)


class HelperRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to help, as their document says it; `evidence_id` is the signed agreement."""

    name: Name
    id_number: Number
    document: DocumentKind
    evidence_id: UUID
    rights: Annotated[list[Right], Meta(min_length=1, max_length=3)]
    until_on: date


class CounterEntitlement(Struct, frozen=True, kw_only=True):
    """A benefit of the person present, of the officer's own department."""

    id: UUID
    title: str
    amount: str | None
    status: EntitlementStatus
    deadline_on: date | None

    @classmethod
    def of(cls, row: Entitlement) -> "CounterEntitlement":
        amount = None
        if row.quantity is not None:
            amount = entitlements.amount_in_words(row.version, row.quantity)
        return cls(
            id=row.id,
            title=row.version.title,
            amount=amount,
            status=row.status,
            deadline_on=row.deadline_on,
        )


class CounterActController(Controller):
    """窗口代办: what an officer does for the person present, in their name and by the officer."""

    path = "/counter-cases/{case_id:uuid}"
    tags = ["窗口办理"]

    @post(
        "/helpers",
        limit="counter",
        summary="登记帮办人",
        description="到场的长辈当面同意某人帮办，双方证件已核对；`evidence_id` 为签字的委托书。"
        "最长一年，双方都会收到消息。",
        example={
            "name": "陈丽",
            "id_number": "330100197609219066",
            "document": "id_card",
            "evidence_id": EXAMPLE_ID,
            "rights": ["view", "pay", "apply"],
            "until_on": "2027-06-30",
        },
        errors=(
            *_VISIT,
            FileNotFound,
            GrownUpRequired,
            IdNumberInvalid,
            InvitationIncomplete,
            RealNameMismatch,
            RegisterFailed,
        ),
    )
    async def let_help(
        self,
        case_id: FromPath[UUID],
        data: JSONBody[HelperRequest],
        operator: NamedDependency[OperatorCaller],
        population_register: NamedDependency[PopulationRegister],
        vault: NamedDependency[Vault],
    ) -> ActingRelation:
        agent = Present(
            name=data.name,
            id_number=data.id_number,
            document=data.document,
            evidence_id=data.evidence_id,
        )
        grant = await counter_helping.let_help(
            case_id,
            Agreed(agent=agent, rights=frozenset(data.rights), until_on=data.until_on),
            operator=operator,
            register=population_register,
            vault=vault,
            at=now(),
        )
        return await show_relation(grant, Side.PARTY, vault=vault)

    @get(
        "/helpers",
        summary="到场人的帮办人",
        description="谁可以替到场的本人办事；姓名脱敏。",
        errors=_VISIT,
    )
    async def helpers(
        self,
        case_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        vault: NamedDependency[Vault],
    ) -> Page[ActingRelation]:
        at = now()
        return whole(
            await counter_helping.list_help(case_id, operator=operator, vault=vault, at=at)
        )

    @delete(
        "/helpers/{grant_id:uuid}",
        summary="取消帮办人",
        description="到场的本人当面取消，五秒内生效，双方都会收到消息；再次取消不变。",
        errors=(*_VISIT, GrantNotFound),
    )
    async def end_help(
        self,
        case_id: FromPath[UUID],
        grant_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
    ) -> None:
        await counter_helping.end_help(case_id, grant_id, operator=operator, at=now())

    @get(
        "/entitlements",
        summary="到场人的待遇",
        description="到场的本人在本部门可享受的待遇。",
        errors=_VISIT,
    )
    async def list_entitlements(
        self, case_id: FromPath[UUID], operator: NamedDependency[OperatorCaller]
    ) -> Page[CounterEntitlement]:
        caller = await person_present(case_id, operator=operator, at=now())
        rows = await entitlements.list_entitlements(caller.required_party(), limit=SHOWN)
        ours = [row for row in rows if row.policy.department == operator.department]
        return whole([CounterEntitlement.of(row) for row in ours])

    @post(
        "/entitlements/{entitlement_id:uuid}/confirmation",
        status_code=200,
        summary="代到场人确认享受",
        description="按到场本人的意思确认；审计记为该工作人员代本人办理，款项仍发给本人。",
        errors=(*_VISIT, EntitlementNotFound, StepNotAllowed, DeadlinePassed),
    )
    async def confirm(
        self,
        case_id: FromPath[UUID],
        entitlement_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
    ) -> CounterEntitlement:
        at = now()
        caller = await person_present(case_id, operator=operator, at=at)
        await _of_department(entitlement_id, caller.required_party(), operator)
        row = await entitlements.confirm_entitlement(entitlement_id, caller=caller, at=at)
        return CounterEntitlement.of(row)

    @post(
        "/entitlements/{entitlement_id:uuid}/refusal",
        status_code=200,
        summary="代到场人放弃享受",
        description="按到场本人的意思放弃；审计记为该工作人员代本人办理。",
        errors=(*_VISIT, EntitlementNotFound, StepNotAllowed),
    )
    async def decline(
        self,
        case_id: FromPath[UUID],
        entitlement_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
    ) -> CounterEntitlement:
        at = now()
        caller = await person_present(case_id, operator=operator, at=at)
        await _of_department(entitlement_id, caller.required_party(), operator)
        row = await entitlements.decline_entitlement(entitlement_id, caller=caller, at=at)
        return CounterEntitlement.of(row)


async def _of_department(entitlement_id: UUID, person_id: UUID, operator: OperatorCaller) -> None:
    """Another department's benefit is not found at this counter."""
    row = await entitlements.get_entitlement(entitlement_id, party_id=person_id)
    if row.policy.department != operator.department:
        raise EntitlementNotFound(entitlement_id=entitlement_id)
