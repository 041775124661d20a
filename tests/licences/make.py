"""Rows for the tests of licences. Each function makes one valid thing."""

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from stdnum.cn import ric

from core.ids import new_id
from core.sealing import Vault
from core.signing import Signer
from identity.callers import Caller, VerifierCaller
from identity.kinds import Level, ProviderName, Scope
from identity.models import Account, Person, Session
from identity.persons import register_person
from licences.licence_fields import FieldDefinition
from licences.licence_types import define_licence_type
from licences.models import Licence
from licences.presentations import PURPOSE
from licences.registry import RegistryEntry, record_licence
from tests.conftest import AT

SIGNER = Signer([b"for tests only"], purpose=PURPOSE)
SENSITIVE_NUMBER = "330199200001019876"

_serial = count(1)


async def person(vault: Vault, name: str = "王桂兰") -> Person:
    body = f"33019919500601{next(_serial):03d}"
    number = body + ric.calc_check_digit(body + "0")
    return await register_person(name=name, id_number=number, vault=vault, division="330199")


async def caller(
    vault: Vault, holder: Person | None = None, *, scope: Scope = Scope.CONFIRMER
) -> Caller:
    """A resident signed in, acting for itself."""
    holder = holder or await person(vault)
    account = await Account.create(
        provider=ProviderName.WECHAT,
        appid="wx-test",
        subject=f"openid-{next(_serial)}",
        person=holder,
        level=Level.REAL_NAME,
    )
    session = await Session.create(
        login_id=new_id(),
        account=account,
        party_id=holder.id,
        created_at=AT,
        expires_at=AT + timedelta(days=7),
    )
    return Caller(
        account_id=account.id,
        session_id=session.id,
        provider="wechat",
        appid="wx-test",
        subject=account.subject,
        person_id=holder.id,
        party_id=holder.id,
        level=2,
        scope=scope,
    )


def verifier(**changes: Any) -> VerifierCaller:
    """A verifier that may see everything of an elder card but the number."""
    defaults: dict[str, Any] = {
        "verifier_id": new_id(),
        "session_id": new_id(),
        "organisation_id": new_id(),
        "organisation_name": "临溪公共交通有限公司",
        "licence_types": frozenset({"elder-card"}),
        "fields": frozenset({"name", "benefit_class"}),
        "purpose": "乘车优待核验",
    }
    return VerifierCaller(**defaults | changes)


async def elder_card_type() -> None:
    await define_licence_type(
        "elder-card",
        name="老年人优待证",
        department="330199-civil-affairs",
        fields=[
            FieldDefinition("name", "姓名"),
            FieldDefinition("number", "证号"),
            FieldDefinition("benefit_class", "优待类别", sensitive=False),
            FieldDefinition("valid_until", "有效期至", sensitive=False),
        ],
    )


def entry(holder: UUID, **changes: Any) -> RegistryEntry:
    defaults: dict[str, Any] = {
        "holder": holder,
        "licence_type": "elder-card",
        "number": f"{SENSITIVE_NUMBER}{next(_serial)}",
        "values": {"name": "王桂兰", "benefit_class": "公交免费"},
        "issuer": "临溪市民政局",
        "department": "330199-civil-affairs",
        "division": "330199",
        "valid_from": date(2016, 3, 8),
        "valid_until": None,
        "registry_date": date(2026, 11, 1),
    }
    return RegistryEntry(**defaults | changes)


async def licence(vault: Vault, holder: UUID, **changes: Any) -> Licence:
    await elder_card_type()
    return await record_licence(entry(holder, **changes), actor="system:test", vault=vault)
