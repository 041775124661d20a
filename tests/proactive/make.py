"""Rows for the tests of proactive and facts. Each function makes one valid thing."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from stdnum.cn import ric

from core.ids import new_id
from core.sealing import Vault
from facts.catalogue import FactLiteral
from facts.definitions import define_fact, register_source
from facts.values import FactInput, record_facts
from identity.acting import grant_acting
from identity.callers import Caller, OperatorCaller
from identity.entities import register_entity
from identity.kinds import GrantKind, Level, ProviderName, Scope
from identity.models import Account, LegalEntity, Person, Session
from identity.persons import register_person
from proactive.dry_runs import dry_run
from proactive.matching import match_policy
from proactive.models import Entitlement, PolicyVersion
from proactive.policies import PolicyContent, draft_policy
from proactive.publishing import approve_policy, publish_policy
from tests.given import AT
from tests.proactive.documents import catalogue, policy

DIVISION, DEPARTMENT = "330199", "330199-civil-affairs"
TODAY = date(2026, 11, 22)
_serial = count(1)
_USCC = ["91330199MA2LX801XY", "91330199MA2LX8028Y", "91330199MA2LX8036R", "92330199MA2LX8044H"]


async def facts_catalogue() -> None:
    """The city's catalogue, and one source for each department of it."""
    for spec in catalogue().values():
        await define_fact(spec)
        await register_source(spec.department, department=spec.department, name=spec.department)


async def person(vault: Vault, *, birth: date = date(1950, 6, 1), **facts: FactLiteral) -> Person:
    """A resident of the city whose facts are `facts`, with birth, hukou and alive unless given."""
    body = f"330100{birth:%Y%m%d}{next(_serial):03d}"
    number = body + ric.calc_check_digit(body + "0")
    made = await register_person(name="王桂兰", id_number=number, vault=vault, division="330199001")
    known = {"birth": birth, "alive": True, "hukou": "330199001"} | facts
    await tell(vault, made.id, **known)
    return made


async def enterprise(vault: Vault, **facts: FactLiteral) -> LegalEntity:
    made = await register_entity(
        uscc=_USCC[next(_serial) % 4],
        name="临溪精密机械有限公司",
        division="330199001",
        legal_representative_id=None,
        vault=vault,
    )
    await tell(vault, made.id, **{"reg_region": "330199001"} | facts)
    return made


async def tell(
    vault: Vault,
    party_id: UUID,
    *,
    as_of: date = TODAY,
    at: datetime = AT,
    **facts: FactLiteral | None,
) -> int:
    """Record facts in the name of the departments that deliver them; None leaves one out."""
    new = 0
    for key, value in facts.items():
        if value is not None:
            statement = FactInput(party_id, key, value, as_of)
            source = catalogue()[key].department
            new += await record_facts(source, [statement], actor="system:test", vault=vault, at=at)
    return new


async def guardian(vault: Vault, child: Person) -> Person:
    parent = await person(vault, birth=date(1995, 1, 1))
    await grant_acting(
        kind=GrantKind.GUARDIAN,
        agent_id=parent.id,
        party_id=child.id,
        scope=Scope.CONFIRMER,
        from_on=date(2024, 1, 1),
        until_on=None,
        actor="system:test",
    )
    return parent


async def caller(
    someone: Person,
    *,
    party_id: UUID | None = None,
    grant_id: UUID | None = None,
    scope: Scope = Scope.CONFIRMER,
) -> Caller:
    """A resident signed in through WeChat, acting for itself unless told otherwise."""
    account = await Account.create(
        provider=ProviderName.WECHAT,
        appid="wx-1",
        subject=f"openid-p{next(_serial)}",
        person=someone,
        level=Level.REAL_NAME,
    )
    session = await Session.create(
        login_id=new_id(),
        account=account,
        party_id=party_id or someone.id,
        grant_id=grant_id,
        created_at=AT,
        expires_at=AT + timedelta(days=7),
    )
    return Caller(
        account_id=account.id,
        session_id=session.id,
        provider="wechat",
        appid="wx-1",
        subject=account.subject,
        person_id=someone.id,
        party_id=party_id or someone.id,
        level=2,
        scope=scope,
    )


def operator(
    *roles: str,
    person_id: UUID | None = None,
    department: str = DEPARTMENT,
    division: str = DIVISION,
) -> OperatorCaller:
    return OperatorCaller(
        operator_id=new_id(),
        session_id=new_id(),
        person_id=person_id or new_id(),
        roles=frozenset(roles),
        department=department,
        division=division,
    )


def content(code: str = "sh-elder", **fields: Any) -> PolicyContent:
    given = {
        key: value for key, value in policy(code).items() if key in PolicyContent.__struct_fields__
    }
    return msgspec.convert(given | fields, PolicyContent)


async def draft(code: str = "sh-elder", number: int = 1, **fields: Any) -> PolicyVersion:
    """A version drafted by somebody."""
    editor = fields.pop("editor", None) or operator("editor")
    revision = fields.pop("revision", None)
    return await draft_policy(
        code, number, content(code, **fields), operator=editor, revision=revision, at=AT
    )


async def published(
    vault: Vault, code: str = "sh-elder", number: int = 1, *, at: datetime = AT, **fields: Any
) -> PolicyVersion:
    """A version drafted, tried, approved and published by three different people."""
    await draft(code, number, **fields)
    await dry_run(code, number, operator=operator("editor"), vault=vault, at=at)
    await approve_policy(code, number, operator=operator("approver"), at=at)
    return await publish_policy(code, number, operator=operator("publisher"), at=at)


async def matched(
    vault: Vault, code: str = "sh-elder", *, on: date = TODAY, at: datetime = AT, **fields: Any
) -> PolicyVersion:
    """A published version whose people have been matched for the period of a day."""
    version = await published(vault, code, at=at, **fields)
    await match_policy(version.id, on=on, vault=vault, at=at)
    return version


async def entitlement_of(party_id: UUID) -> Entitlement:
    return await Entitlement.get(beneficiary_id=party_id)
