"""Rows for the tests of licences. Each function makes one valid thing."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from stdnum.cn import ric

from core.files import FileStorage
from core.ids import new_id
from core.sealing import Vault
from core.signing import Signer
from identity.callers import Caller, MachineCaller, VerifierCaller
from identity.kinds import Level, ProviderName, Scope
from identity.models import Account, Person, Session, Verifier, VerifierOrganisation
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


async def driving_type(*, high_stakes: bool = False) -> None:
    await define_licence_type(
        "driving",
        name="机动车驾驶证",
        department="330199-public-security",
        fields=[
            FieldDefinition("name", "姓名"),
            FieldDefinition("number", "证号"),
            FieldDefinition("vehicle_class", "准驾车型", sensitive=False),
        ],
        high_stakes=high_stakes,
    )


async def driving_licence(
    vault: Vault, holder: UUID, *, high_stakes: bool = False, **changes: Any
) -> Licence:
    await driving_type(high_stakes=high_stakes)
    given: dict[str, Any] = {
        "licence_type": "driving",
        "values": {"name": "王桂兰", "vehicle_class": "C1"},
        "department": "330199-public-security",
        "issuer": "临溪市公安局",
    }
    return await record_licence(entry(holder, **given | changes), actor="system:test", vault=vault)


async def portrait(licence: Licence, files: FileStorage, content: bytes = b"\xff\xd8jpeg") -> None:
    """A portrait of the holder on a licence."""

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    file = await files.keep(pieces(), owner=f"licence:{licence.id}", media_type="image/jpeg", at=AT)
    licence.portrait_id = file.id
    await licence.save(update_fields=["portrait_id"])


def police(**changes: Any) -> VerifierCaller:
    """A verifier that may see driving licences and elder cards, and portraits."""
    types, seen = {"driving", "elder-card"}, {"name", "vehicle_class", "benefit_class", "portrait"}
    given: dict[str, Any] = {
        "organisation_name": "临溪市公安局交通警察支队",
        "purpose": "路面执勤核验",
        "licence_types": frozenset(types),
        "fields": frozenset(seen),
    }
    return verifier(**given | changes)


async def registered(caller: VerifierCaller) -> VerifierCaller:
    """The same verifier, with its rows: its organisation may see what it may."""
    organisation = await VerifierOrganisation.create(
        id=caller.organisation_id,
        name=f"{caller.organisation_name}{next(_serial)}",
        department="330199-public-security",
        division="330199",
        licence_types=sorted(caller.licence_types),
        fields_allowed=sorted(caller.fields),
        purpose=caller.purpose,
    )
    await Verifier.create(
        id=caller.verifier_id,
        organisation=organisation,
        login_name=f"verifier-{next(_serial)}",
        password_hash="-",
    )
    return caller


async def machine(*, fields: frozenset[str] = frozenset({"name", "number"})) -> MachineCaller:
    """A program of an organisation that may take elder cards."""
    organisation = await VerifierOrganisation.create(
        name=f"临溪市政务服务中心{next(_serial)}",
        department="330199-data",
        division="330199",
        licence_types=["elder-card"],
        fields_allowed=sorted(fields),
        purpose="窗口办事",
    )
    return MachineCaller(
        client_id=new_id(),
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        department=organisation.department,
        division=organisation.division,
        scopes=frozenset({"licences:take"}),
        licence_types=frozenset({"elder-card"}),
        fields=fields,
        purpose=organisation.purpose,
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
